/** A container engine that answers: found, or on Debian as root installed and started. One we did not start is never stopped. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { get, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { asRoot, ensurePackages, isDebian } from './debian.mjs';
import { logs } from './places.mjs';
import { run, SetupProblem, step } from './words.mjs';

const usualSocket = '/var/run/docker.sock';

/** 'ready', or the error code of the connection: ENOENT, ECONNREFUSED, EACCES, … */
function ping(socketPath) {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: '/_ping', timeout: 5000 }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode === 200 ? 'ready' : `HTTP ${answer.statusCode}`));
    });
    request.on('timeout', () => request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    request.on('error', (error) => resolve(error.code ?? error.message));
  });
}

/**
 * A killed engine leaves its number behind; where another process has that number by now, a new engine refuses to
 * start. The file of a running engine is left alone.
 */
async function removeStalePid(prefix) {
  const file = '/var/run/docker.pid';
  const pid = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (pid === '') return;
  const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
  if (name === 'dockerd') return;
  const [program, ...rest] = [...prefix, 'rm', '-f', file];
  await run(program, rest);
}

/** Makes sure that an engine answers. Anything but the usual local socket is left to the product, which looks further. */
export async function ensureEngine() {
  if (process.platform !== 'linux' || process.env.DOCKER_HOST) return;
  const state = await ping(usualSocket);
  if (state === 'ready') return;
  if (state === 'EACCES') {
    throw new SetupProblem(
      'You may not use Docker',
      `${usualSocket} belongs to other users. Members of the group "docker" may use it.`,
      ['sudo usermod -aG docker "$USER", then sign in again'],
    );
  }
  // Other engines of this person (rootless Docker, Podman, Colima) are found by the product itself.
  const own = process.env.XDG_RUNTIME_DIR ? join(process.env.XDG_RUNTIME_DIR, 'docker.sock') : '';
  if (own && existsSync(own) && (await ping(own)) === 'ready') return;
  const prefix = await asRoot();
  if (!isDebian() || prefix === null) {
    throw new SetupProblem('No Docker engine answers', `Nothing answers on ${usualSocket} (${state}).`, [
      'Install Docker and start it (on Debian and Ubuntu: sudo apt-get install docker.io), then run the same command again',
    ]);
  }
  await ensurePackages(['docker.io', 'iptables'], 'Installing Docker');
  await step('Starting Docker', async (say) => {
    const log = join(logs, 'dockerd.log');
    mkdirSync(logs, { recursive: true });
    if (existsSync('/run/systemd/system')) {
      const [program, ...rest] = [...prefix, 'systemctl', 'start', 'docker'];
      await run(program, rest, { log });
    } else if ((await ping(usualSocket)) !== 'ready') {
      await removeStalePid(prefix);
      const out = openSync(log, 'a');
      const [program, ...rest] = [...prefix, 'dockerd'];
      spawn(program, rest, { detached: true, stdio: ['ignore', out, out] }).unref();
    }
    const startedMs = Date.now();
    for (;;) {
      const now = await ping(usualSocket);
      if (now === 'ready') return;
      if (Date.now() - startedMs > 90_000) {
        throw new SetupProblem('Docker does not come up', `After 90 s nothing answers on ${usualSocket} (${now}).`, [
          `Look at ${log}, then run the same command again`,
        ]);
      }
      say('waiting for its socket');
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  });
}

/** One call to the usual local engine, for set-up and clean-up. @returns {Promise<{status: number, json: unknown}>} */
export function engineCall(method, path, { timeoutMs = 30_000 } = {}) {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath: usualSocket, method, path, timeout: timeoutMs }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        let json = null;
        try {
          json = JSON.parse(text);
        } catch {
          // Many answers have no body.
        }
        resolve({ status: answer.statusCode ?? 0, json });
      });
    });
    request.on('timeout', () => request.destroy(new Error('The engine does not answer')));
    request.on('error', reject);
    request.end();
  });
}
