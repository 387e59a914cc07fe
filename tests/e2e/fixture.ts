/**
 * Launches the built panel in a real Electron, with folders of its own. Every test file gets one window for all its
 * tests: a launch costs most of a second.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, test as base, type ElectronApplication, type Page } from 'playwright/test';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export interface Panel {
  readonly app: ElectronApplication;
  readonly page: Page;
  /** Where the environments of this run lie. */
  readonly dataDir: string;
  /** All that main wrote to standard output and error so far. */
  readonly output: () => string;
  /** Quits as a person does, and resolves when the process is gone. */
  readonly close: () => Promise<void>;
}

/** The panel gives what is under way 15 s before it quits all the same. */
const quitWithinMs = 30_000;

export interface LaunchOptions {
  readonly dataDir: string;
  readonly userDataDir: string;
  readonly environment?: string;
  readonly engine?: string;
  readonly args?: readonly string[];
}

/** Fails with words where there is no Electron; Playwright itself finds it the way the electron package does. */
async function requireElectron(): Promise<void> {
  const name = process.platform === 'win32' ? 'electron.exe' : 'electron';
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override !== undefined && existsSync(join(override, name))) return;
  const folder = join(root, 'node_modules', 'electron');
  const path = await readFile(join(folder, 'path.txt'), 'utf8').catch(() => '');
  if (path !== '' && existsSync(join(folder, 'dist', path))) return;
  throw new Error('No Electron runtime: run `npm test`, which sets one up, or set ELECTRON_OVERRIDE_DIST_PATH');
}

export async function launchPanel(options: LaunchOptions): Promise<Panel> {
  const appDir = process.env.QUAYSIDE_APP_DIR ?? root;
  if (!existsSync(join(appDir, 'out', 'main', 'index.cjs'))) throw new Error('Not built: run `npm run build` first');
  const rootUser = process.platform === 'linux' && process.getuid?.() === 0;
  await requireElectron();
  // Without executablePath Playwright holds the app back until it has attached: with it, a page that is just being
  // opened can make the launch hang on a busy machine.
  const app = await _electron.launch({
    args: [
      ...(rootUser ? ['--no-sandbox'] : []),
      '--disable-gpu',
      appDir,
      '--data',
      options.dataDir,
      '--user-data',
      options.userDataDir,
      '--env',
      options.environment ?? 'dev',
      ...(options.engine === undefined ? [] : ['--engine', options.engine]),
      ...(options.args ?? []),
    ],
    chromiumSandbox: !rootUser,
    timeout: 30_000,
  });
  let output = '';
  const child = app.process();
  child.stdout?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-200_000);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-200_000);
  });
  const page = await app.firstWindow();
  await page.waitForLoadState('domcontentloaded');
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  return {
    app,
    page,
    dataDir: options.dataDir,
    output: () => output,
    async close() {
      // Once in several hundred times the end of the process was waited for in vain: then cleaning up goes on, and the
      // log tells of it.
      const late = setTimeout(() => {
        process.stderr.write(
          `The panel did not end ${quitWithinMs / 1000} s after it was told to quit:\n${output.slice(-4000)}\n`,
        );
        child.kill('SIGKILL');
      }, quitWithinMs);
      app.close().catch(() => undefined);
      await gone;
      clearTimeout(late);
    },
  };
}

/** `panel`: one window for the file, with a data folder that is removed afterwards. */
export const test = base.extend<object, { panel: Panel }>({
  panel: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures a function wants from this pattern
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'quayside-e2e-'));
      const panel = await launchPanel({ dataDir: join(folder, 'data'), userDataDir: join(folder, 'user') });
      try {
        await use(panel);
      } finally {
        await panel.close();
        await rm(folder, { recursive: true, force: true });
      }
    },
    { scope: 'worker', timeout: 60_000 },
  ],
});
export { expect } from 'playwright/test';
