/** A display to open windows on: the person's own, or for tests a virtual one. */
import { spawn } from 'node:child_process';
import { ensurePackages, isDebian } from './debian.mjs';
import { SetupProblem } from './words.mjs';

export function hasDisplay() {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/** Starts Xvfb on a free display. @returns {Promise<{display: string, stop: () => void}>} */
export async function startVirtualDisplay() {
  if (isDebian()) await ensurePackages(['xvfb'], 'Installing a virtual display for the window tests');
  return new Promise((resolve, reject) => {
    // Xvfb picks a free display itself and writes its number to descriptor 3.
    const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const problem = (cause) =>
      reject(
        new SetupProblem('No virtual display for the window tests', cause, [
          'Install Xvfb, or run the tests where there is a display',
        ]),
      );
    child.on('error', (error) => problem(error.message));
    child.on('exit', (code) => problem(`Xvfb ended with code ${code}`));
    child.stdio[3].once('data', (data) => {
      child.removeAllListeners('exit');
      resolve({ display: `:${data.toString().trim()}`, stop: () => child.kill() });
    });
  });
}
