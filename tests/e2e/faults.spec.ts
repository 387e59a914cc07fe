/** What a person meets when things are not as they should be: in the window, on the real engine where there is one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'playwright/test';
import { freePort } from '../free-port.ts';
import { quayside } from './cli.ts';
import { launchPanel, type Panel } from './fixture.ts';
import { takeGallery } from './gallery.ts';

let folder: string;
let panel: Panel | undefined;

test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-test-faults-'));
});
test.afterEach(async () => {
  await panel?.close();
  panel = undefined;
  await rm(folder, { recursive: true, force: true });
});

test('without an engine every page says so and what to do', async () => {
  test.setTimeout(90_000);
  const engine = `unix://${join(folder, 'nothing.sock')}`;
  panel = await launchPanel({
    dataDir: join(folder, 'data'),
    userDataDir: join(folder, 'user'),
    environment: 'test-none',
    engine,
  });
  const { page } = panel;
  const main = page.getByRole('main');
  await expect(main).toContainText(/engine is not running|No container engine was found/, { timeout: 15_000 });
  await expect(main).toContainText('nothing.sock');
  await expect(main.getByRole('button', { name: /start the engine|look again|try again|copy/i }).first()).toBeEnabled();
  await takeGallery(
    panel,
    ['stack', 'projects', 'chat', 'health', 'metrics', 'logs', 'backups', 'settings'],
    'no-engine',
  );
});

test('a taken port is named with its holder, and another is one click away', async () => {
  test.setTimeout(180_000);
  // With the one behind it, which is what is offered.
  const port = await freePort(2);
  const taken = await listen(port);
  const common = ['--data', join(folder, 'data'), '--env', 'test-port'];
  try {
    panel = await launchPanel({
      dataDir: join(folder, 'data'),
      userDataDir: join(folder, 'user'),
      environment: 'test-port',
    });
    const { page } = panel;
    const main = page.getByRole('main');
    await expect(main.getByRole('button', { name: 'Start', exact: true })).toBeEnabled({ timeout: 15_000 });
    await page.evaluate((to) => window.quayside.call('stack.start', { ports: { backend: to } }), port);
    await expect(main).toContainText(`Port ${port} is taken`, { timeout: 30_000 });
    // The holder is this very test's process.
    await expect(main).toContainText(String(process.pid));
    await takeGallery(panel, ['stack'], 'port-taken');
    await main.getByRole('button', { name: /^Use port \d+/ }).click();
    await expect(page.getByRole('article', { name: 'backend', exact: true })).toContainText('Healthy', {
      timeout: 120_000,
    });
    const status = JSON.parse((await quayside('status', '--json', ...common)).stdout) as { backendUrl: string };
    expect(status.backendUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(status.backendUrl).not.toContain(`:${port}`);
  } finally {
    await panel?.close();
    panel = undefined;
    await quayside('down', '--volumes', ...common);
    taken.close();
  }
});

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
