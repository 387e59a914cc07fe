/** `npm test`: sets up what is missing, runs every suite, and ends with one line that counts them all. */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { check } from './check.mjs';
import { ensureBaseImage } from './setup/base-image.mjs';
import { ensureBuilt } from './setup/build.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { hasDisplay, startVirtualDisplay } from './setup/display.mjs';
import { ensureElectron } from './setup/electron.mjs';
import { engineCall, ensureEngine } from './setup/engine.mjs';
import { artifacts, logs, root } from './setup/places.mjs';
import { elapsed, must, printProblem, run, step } from './setup/words.mjs';

const help = `npm test: checks, unit, engine and end-to-end tests. Ends with one line that counts them all.

  npm test -- [options]

  --only a,b      only these suites: check, unit, backend, engine, e2e
  --keep          leave the containers of the tests standing
  --help          this text

Each suite's own output is kept under artifacts/.`;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(help);
  process.exit(0);
}

const backend = join(root, 'compose', 'services', 'backend');
const bin = (folder, name) => join(folder, 'node_modules', '.bin', name);
const wanted = options.only?.split(',').map((name) => name.trim());
const on = (name) => wanted === undefined || wanted.includes(name);
const total = { passed: 0, failed: 0, skipped: 0 };

/** Runs a suite with its output on the terminal and in a file; `count` reads its report. A suite without tests has failed. */
async function suite(name, command, args, { cwd = root, env = {}, count }) {
  if (!on(name)) return;
  console.log(`\n── ${name} ──`);
  const startedMs = Date.now();
  const log = createWriteStream(join(artifacts, `${name}.log`));
  const code = await new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, FORCE_COLOR: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        process.stdout.write(chunk);
        log.write(chunk);
      });
    }
    child.on('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.on('close', (status) => resolve(status ?? 1));
  });
  log.end();
  let counted = { passed: 0, failed: 0, skipped: 0 };
  try {
    counted = count();
  } catch (error) {
    console.error(`The suite left no report: ${error.message}`);
  }
  // A crash outside any test, or nothing run at all, must not look like success.
  if (counted.failed === 0 && (code !== 0 || counted.passed === 0)) counted.failed = 1;
  for (const key of Object.keys(total)) total[key] += counted[key];
  console.log(
    `── ${name}: ${counted.passed} passed, ${counted.failed} failed, ${counted.skipped} skipped in ${elapsed(startedMs)} ──`,
  );
}

const report = (name) => join(artifacts, `${name}.json`);
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

function vitestCount(name) {
  return () => {
    const json = readJson(report(name));
    return {
      passed: json.numPassedTests,
      failed: json.numFailedTests,
      skipped: json.numPendingTests + json.numTodoTests,
    };
  };
}
const vitestArgs = (name, ...more) => [
  'run',
  ...more,
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report(name)}`,
];

function playwrightCount() {
  const { stats } = readJson(report('e2e'));
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected, skipped: stats.skipped };
}

/** Containers, networks and images that a killed test left behind, by project and label. */
async function sweep() {
  const filters = encodeURIComponent(JSON.stringify({ label: ['com.docker.compose.project'] }));
  const mine = (labels) => /^(quayside-?test|qstest-)/.test(labels?.['com.docker.compose.project'] ?? '');
  const { json: containers } = await engineCall('GET', `/containers/json?all=1&filters=${filters}`);
  for (const { Id, Labels } of containers ?? [])
    if (mine(Labels)) await engineCall('DELETE', `/containers/${Id}?force=1&v=1`);
  const { json: networks } = await engineCall('GET', `/networks?filters=${filters}`);
  for (const { Id, Labels } of networks ?? []) if (mine(Labels)) await engineCall('DELETE', `/networks/${Id}`);
}

/** Builds or pulls every image through the product itself, so that no test waits for it. */
async function prewarm() {
  const data = await mkdtemp(join(tmpdir(), 'quayside-test-'));
  const cli = [join(root, 'bin', 'quayside')];
  const common = ['--env', 'test-warm', '--data', data];
  try {
    await step('Getting the images of the stack, and starting it once', (say) =>
      must(
        'The stack does not start',
        [`Look at ${join(logs, 'prewarm.log')}`],
        process.execPath,
        [...cli, 'up', '--port', 'backend=7499', ...common],
        { cwd: root, log: join(logs, 'prewarm.log'), say },
      ),
    );
  } finally {
    await run(process.execPath, [...cli, 'down', '--volumes', ...common], {
      cwd: root,
      log: join(logs, 'prewarm.log'),
    });
    await rm(data, { recursive: true, force: true });
  }
}

async function main() {
  const startedMs = Date.now();
  rmSync(artifacts, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
  console.log('Quayside tests: setting up what is missing');
  await ensureDependencies(root, 'Installing npm packages');
  if (on('backend') || on('check')) await ensureDependencies(backend, "Installing the backend's npm packages");
  if (on('backend')) {
    // Some of its tests run the compiled files in a process of their own.
    await step('Building the backend', (say) =>
      must('The backend could not be built', [], bin(backend, 'tsc'), ['-p', 'tsconfig.build.json'], {
        cwd: backend,
        log: join(logs, 'backend-build.log'),
        say,
      }),
    );
  }
  const needsEngine = on('engine') || on('e2e');
  const electron = on('e2e') ? await ensureElectron() : null;
  if (needsEngine) {
    await ensureEngine();
    await sweep();
    await ensureBaseImage({ ifNeeded: true });
  }
  await ensureBuilt();
  if (needsEngine) await prewarm();
  console.log(`  ready after ${elapsed(startedMs)}`);

  if (on('check')) {
    console.log('\n── check ──');
    const { passed, failed } = check();
    total.passed += passed;
    total.failed += failed;
  }
  await suite('unit', bin(root, 'vitest'), vitestArgs('unit', '--project', 'node', '--project', 'web'), {
    count: vitestCount('unit'),
  });
  await suite('backend', bin(backend, 'vitest'), vitestArgs('backend'), {
    cwd: backend,
    count: vitestCount('backend'),
  });
  await suite('engine', bin(root, 'vitest'), vitestArgs('engine', '--project', 'engine'), {
    count: vitestCount('engine'),
  });
  if (electron) {
    const display = hasDisplay() ? null : await startVirtualDisplay();
    const env = {
      ...electron.env,
      ELECTRON_PATH: electron.path,
      PLAYWRIGHT_JSON_OUTPUT_NAME: report('e2e'),
      ...(display ? { DISPLAY: display.display } : {}),
    };
    await suite('e2e', bin(root, 'playwright'), ['test', '--reporter=list,json'], { env, count: playwrightCount });
    display?.stop();
  }
  if (needsEngine && !options.keep) await sweep();
  console.log(`\nThe whole took ${elapsed(startedMs)}.`);
}

try {
  await main();
} catch (error) {
  printProblem(error);
  total.failed += 1;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
