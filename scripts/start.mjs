/** `npm start`: sets up what is missing, builds, opens the window; without a display does the same work on the terminal. */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ensureBaseImage } from './setup/base-image.mjs';
import { ensureBuilt } from './setup/build.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { hasDisplay } from './setup/display.mjs';
import { ensureElectron } from './setup/electron.mjs';
import { ensureEngine } from './setup/engine.mjs';
import { logs, root } from './setup/places.mjs';
import { tour } from './setup/tour.mjs';
import { elapsed, printProblem } from './setup/words.mjs';

const help = `npm start: sets up what is missing, builds the panel and opens its window.
Without a display it starts the stack, reads in the sample documents, asks one question and prints the answer.

  npm start -- [options]

  --env NAME      the environment to work on (default: dev)
  --data DIR      where environments are kept (default: your data folder)
  --engine URL    the engine to use, for example unix:///run/user/1000/docker.sock (default: found by itself)
  --no-window     do the work on the terminal even where there is a display
  --setup-only    set up and build, then end
  --question TEXT what to ask on the terminal
  --help          this text

Safe to run again at any time: what is done is not done twice.`;

let options;
try {
  options = parseArgs({
    options: {
      env: { type: 'string', default: 'dev' },
      data: { type: 'string' },
      engine: { type: 'string' },
      'no-window': { type: 'boolean', default: false },
      'setup-only': { type: 'boolean', default: false },
      question: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  }).values;
} catch (error) {
  console.error(`${error.message}\n\n${help}`);
  process.exit(2);
}
if (options.help) {
  console.log(help);
  process.exit(0);
}

const common = ['env', 'data', 'engine'].flatMap((name) =>
  options[name] === undefined ? [] : [`--${name}`, options[name]],
);

/** Opens the window and stays until it is closed. */
function openWindow(electron) {
  // Chromium refuses to run its sandbox as root; each window keeps its own.
  const root0 = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(electron.path, [root, ...root0, ...common], {
    stdio: ['inherit', 'inherit', 'pipe'],
    env: { ...process.env, ...electron.env },
  });
  // Chromium's own reports (no system bus, no graphics card) help nobody at a terminal: they go to a file.
  mkdirSync(logs, { recursive: true });
  const chromium = createWriteStream(join(logs, 'window.log'));
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (/^\[\d+:\d{4}\/\d{6}\.\d+:[A-Z]+:\w+\.cc/.test(line)) chromium.write(`${line}\n`);
    else console.error(line);
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    process.exitCode = code ?? 0;
  });
}

try {
  const startedMs = Date.now();
  console.log('Quayside: setting up what is missing');
  await ensureDependencies(root, 'Installing npm packages');
  const window = !options['no-window'] && hasDisplay();
  const electron = window ? await ensureElectron() : null;
  if (options.engine === undefined) await ensureEngine();
  await ensureBaseImage({ ifNeeded: true });
  await ensureBuilt();
  console.log(`  ready after ${elapsed(startedMs)}`);
  if (!options['setup-only']) {
    if (electron) {
      console.log(
        'Opening the window. Close it, or press Ctrl-C here, to end; the stack goes on running until you stop it.',
      );
      openWindow(electron);
    } else {
      process.exitCode = await tour({ cli: join(root, 'bin', 'quayside'), common, question: options.question });
    }
  }
} catch (error) {
  printProblem(error);
  process.exitCode = 1;
}
