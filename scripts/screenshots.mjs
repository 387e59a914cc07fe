/**
 * `npm run screenshots`: makes the README's pictures in docs/screenshots/ from the real window on a real stack, in a
 * throw-away data folder.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBaseImage } from './setup/base-image.mjs';
import { ensureBuilt } from './setup/build.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { hasDisplay, startVirtualDisplay } from './setup/display.mjs';
import { ensureElectron } from './setup/electron.mjs';
import { ensureEngine } from './setup/engine.mjs';
import { root } from './setup/places.mjs';
import { printProblem, SetupProblem, step } from './setup/words.mjs';

const pictures = join(root, 'docs', 'screenshots');
const size = { width: 1280, height: 800 };
/** What stands in README.md, and its theme. */
const wanted = [
  { page: 'Stack', theme: 'dark' },
  { page: 'Projects', theme: 'dark' },
  { page: 'Projects', theme: 'light', name: 'plan', open: 'harbour-shop', tab: 'Plan' },
  { page: 'Chat', theme: 'light' },
  { page: 'Metrics', theme: 'dark' },
  { page: 'Logs', theme: 'dark' },
  { page: 'Health', theme: 'light' },
  { page: 'Backups', theme: 'light' },
];
/** A second project, of an image that is here anyway. Its file is changed after its start, so that a plan has something to say. */
const project = 'harbour-shop';
const projectFile = (image, memory) => `name: ${project}
services:
  sessions:
    image: ${image}
    command: ["redis-server", "--maxmemory", "${memory}"]
    environment: { MAX_MEMORY: ${memory} }
  queue:
    image: ${image}
    command: ["redis-server", "--appendonly", "yes"]
    volumes: [orders:/data]
volumes: { orders: {} }
`;
const questions = ['How often should I verify a backup?'];

function cli(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bin', 'quayside'), ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) {
    throw new SetupProblem(`bin/quayside ${args[0]} failed`, `${stdout}\n${stderr}`.trim().slice(-2000));
  }
  return stdout;
}

async function take(electron, data, say) {
  // Playwright finds the runtime as the electron package does, and then holds the app back until it has attached.
  Object.assign(process.env, electron.env);
  const { _electron } = await import('playwright');
  const noSandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const app = await _electron.launch({
    args: [root, ...noSandbox, '--disable-gpu', '--data', data, '--env', 'dev', '--user-data', join(data, 'panel')],
  });
  try {
    const page = await app.firstWindow();
    await page.waitForSelector('main article');
    const go = (name) =>
      page
        .getByRole('navigation', { name: 'Pages' })
        .getByRole('link', { name: new RegExp(`^${name}`, 'i') })
        .click();
    await app.evaluate(
      ({ BrowserWindow }, { width, height }) => BrowserWindow.getAllWindows()[0]?.setContentSize(width, height),
      size,
    );
    await go('Chat');
    for (const question of questions) {
      const box = page.getByRole('textbox', { name: 'Ask your documents' });
      await box.fill(question);
      await box.press('Enter');
      await page.locator('article[aria-busy="false"]').last().waitFor();
    }
    // Charts need a while to show a line.
    await go('Metrics');
    say('letting the charts run for 30 s');
    await page.waitForTimeout(30_000);
    for (const { page: name, theme, name: file = name.toLowerCase(), open, tab } of wanted) {
      say(`${file}, ${theme}`);
      await page.evaluate((chosen) => window.quayside.call('settings.set', { theme: chosen }), theme);
      await page.emulateMedia({ colorScheme: theme });
      await go(name);
      if (open !== undefined) await page.getByRole('main').getByRole('link', { name: open }).click();
      if (tab !== undefined) await page.getByRole('tab', { name: tab }).click();
      await page.waitForTimeout(1500);
      await page.screenshot({ path: join(pictures, `${file}-${theme}.png`), animations: 'disabled' });
    }
  } finally {
    await app.close();
  }
}

try {
  await ensureDependencies(root, 'Installing npm packages');
  const electron = await ensureElectron();
  await ensureEngine();
  await ensureBaseImage({ ifNeeded: true });
  await ensureBuilt();
  await mkdir(pictures, { recursive: true });
  const display = hasDisplay() ? null : await startVirtualDisplay();
  if (display) process.env.DISPLAY = display.display;
  const data = await mkdtemp(join(tmpdir(), 'quayside-test-shots-'));
  const common = ['--data', data, '--env', 'dev'];
  const second = join(data, project, 'compose.yaml');
  try {
    await step('Starting a stack for the pictures', async (say) => {
      cli('up', '--port', 'backend=7471', ...common);
      say('reading in the sample documents');
      cli('ingest', join(root, 'resources', 'samples'), ...common);
      say('making a backup');
      cli('backup', 'create', ...common);
      say('starting a second project');
      const { services } = JSON.parse(cli('status', '--json', ...common));
      const { image } = services.find(({ name }) => name === 'redis');
      await mkdir(join(data, project));
      await writeFile(second, projectFile(image, '32mb'));
      cli('up', '--file', second, ...common);
      await writeFile(second, projectFile(image, '64mb'));
    });
    await step('Taking the pictures', (say) => take(electron, data, say));
    console.log(`They are in ${pictures}`);
  } finally {
    if (existsSync(second)) cli('down', '--volumes', '--file', second, ...common);
    cli('down', '--volumes', ...common);
    display?.stop();
    await rm(data, { recursive: true, force: true });
  }
} catch (error) {
  printProblem(error);
  process.exitCode = 1;
}
