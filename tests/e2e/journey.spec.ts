/**
 * The whole journey in the real window, on a real engine and a real stack: start, add documents, ask, see citations,
 * charts, logs and health, lose a container, back up, verify, stop. Each step builds on the one before.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from 'playwright/test';
import { quayside, root } from './cli.ts';
import { containerOf, engineCall } from './engine-door.ts';
import { launchPanel, type Panel } from './fixture.ts';
import { takeGallery } from './gallery.ts';

const environment = 'test-e2e';
const services = ['postgres', 'redis', 'qdrant', 'nlp', 'backend'];
const port = 7461;

test.describe
  .serial('first light', () => {
    let panel: Panel;
    let page: Page;
    let folder: string;
    let common: string[];

    test.beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'quayside-test-e2e-'));
      common = ['--data', join(folder, 'data'), '--env', environment];
      panel = await launchPanel({ dataDir: join(folder, 'data'), userDataDir: join(folder, 'user'), environment });
      page = panel.page;
    });
    test.afterAll(async () => {
      await panel?.close();
      await quayside('down', '--volumes', ...common);
      await rm(folder, { recursive: true, force: true });
    });

    const nav = (name: string) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name });
    const card = (service: string) => page.getByRole('article', { name: service, exact: true });
    const main = () => page.getByRole('main');
    /** Waits for every service; a Problem on the page ends the wait with its words. */
    const allHealthy = async (timeout: number) => {
      const alert = main().getByRole('alert');
      for (const service of services) {
        const healthy = card(service).filter({ hasText: 'Healthy' });
        await expect(healthy.or(alert).first()).toBeVisible({ timeout });
        if (await alert.isVisible()) throw new Error(`The stack did not start: ${await alert.textContent()}`);
      }
    };

    test('opens on a stack that is not there yet', async () => {
      await expect(main().getByRole('button', { name: 'Start', exact: true })).toBeEnabled({ timeout: 15_000 });
      for (const service of services) await expect(card(service)).toBeVisible();
      await takeGallery(panel, ['stack'], 'before');
    });

    test('starts with one click and shows each service on its way', async () => {
      test.setTimeout(240_000);
      // The port is moved first, so that a stack of the person running the tests is left alone.
      const moved = await page.evaluate((to) => window.quayside.call('stack.start', { ports: { backend: to } }), port);
      expect(moved).toMatchObject({ ok: true });
      await expect(page.getByRole('list', { name: 'Progress of postgres' })).toBeVisible();
      await allHealthy(180_000);
      await expect(card('backend')).toContainText(`127.0.0.1:${port}`);
    });

    test('reads in three documents of three formats', async () => {
      await nav('Chat').click();
      const samples = join(root, 'resources', 'samples');
      const files = ['quayside-handbook.md', 'backup-guide.html', 'operations-runbook.pdf'].map((name) =>
        join(samples, name),
      );
      await panel.app.evaluate(({ dialog }, filePaths) => {
        dialog.showOpenDialog = async () => ({ canceled: false, filePaths });
      }, files);
      await main().getByRole('button', { name: 'Add documents' }).first().click();
      const documents = page.getByRole('complementary', { name: 'Documents' });
      for (const title of ['Quayside handbook', 'Backup guide', 'Operations runbook']) {
        await expect(documents.getByRole('listitem').filter({ hasText: title })).toContainText(/\d+ passages/, {
          timeout: 60_000,
        });
      }
    });

    test('answers with citations that open the passage', async () => {
      const question = page.getByRole('textbox', { name: 'Ask your documents' });
      await question.fill('How often should I verify a backup?');
      await question.press('Enter');
      const answer = page.getByRole('article', { name: 'Answer' }).last();
      await expect(answer).toHaveAttribute('aria-busy', 'false', { timeout: 20_000 });
      const citation = answer.getByRole('button', { name: /^Source 1:/ }).first();
      await expect(citation).toBeVisible();
      await citation.click();
      const passage = page.getByRole('dialog');
      await expect(passage).toContainText(/backup/i);
      await takeGallery(panel, ['chat'], 'passage');
      await page.keyboard.press('Escape');
      await expect(passage).toBeHidden();
    });

    test('says so when the documents do not answer', async () => {
      const question = page.getByRole('textbox', { name: 'Ask your documents' });
      await question.fill('Who won the football world cup in 1974?');
      await question.press('Enter');
      await expect(page.getByRole('article', { name: 'Answer' }).last()).toContainText(/do not answer/i, {
        timeout: 20_000,
      });
    });

    test('draws charts that move', async () => {
      await nav('Metrics').click();
      const line = main().locator('.recharts-line-curve').first();
      await expect(line).toBeVisible({ timeout: 15_000 });
      const before = await line.getAttribute('d');
      await expect(line).not.toHaveAttribute('d', before ?? '', { timeout: 10_000 });
    });

    test('shows a log line that this test caused', async () => {
      await nav('Logs').click();
      const requestId = `e2e-${Date.now()}-marker`;
      await expect(page.getByRole('log', { name: 'Log lines' }).or(page.getByLabel('Log lines'))).toBeVisible();
      await fetch(`http://127.0.0.1:${port}/v1/documents`, { headers: { 'x-request-id': requestId } });
      await expect(page.getByLabel('Log lines')).toContainText(requestId, { timeout: 5000 });
    });

    test('tells the three layers of health', async () => {
      await nav('Health').click();
      for (const service of services) await expect(main()).toContainText(service);
      await expect(main()).toContainText('accepting connections');
      await expect(main()).toContainText(/the backend reached it in/);
    });

    test('sees a container stopped from outside within a second, and starts it again', async () => {
      test.setTimeout(90_000);
      await nav('Stack').click();
      await expect(card('redis')).toContainText('Healthy');
      const info = await page.evaluate(() => window.quayside.call('app.info', {}));
      if (!info.ok) throw new Error(info.problem.title);
      const id = await containerOf(info.value.project, 'redis');
      await engineCall('POST', `/containers/${id}/stop?t=5`);
      await expect(card('redis')).not.toContainText('Healthy', { timeout: 1000 });
      await main().getByRole('button', { name: 'Start', exact: true }).click();
      await allHealthy(60_000);
    });

    test('backs up, lists and verifies', async () => {
      await nav('Backups').click();
      await main().getByRole('button', { name: 'Back up now' }).click();
      const verify = main()
        .getByRole('button', { name: /^Verify/ })
        .first();
      await expect(verify).toBeEnabled({ timeout: 60_000 });
      await verify.click();
      await expect(main()).toContainText(/Verified|Checked/, { timeout: 30_000 });
    });

    test('keeps a picture of every page, dark and light, in two sizes', async () => {
      test.setTimeout(120_000);
      await takeGallery(
        panel,
        ['stack', 'projects', 'chat', 'health', 'metrics', 'logs', 'backups', 'settings'],
        'running',
      );
    });

    test('stops', async () => {
      test.setTimeout(90_000);
      await nav('Stack').click();
      await main().getByRole('button', { name: 'Stop', exact: true }).click();
      const confirm = page.getByRole('alertdialog').getByRole('button', { name: /^Stop/ });
      await confirm.click({ timeout: 1500 }).catch(() => undefined);
      for (const service of services) await expect(card(service)).not.toContainText('Healthy', { timeout: 60_000 });
      await expect(main().getByRole('button', { name: 'Start', exact: true })).toBeEnabled({ timeout: 30_000 });
      const status = await quayside('status', '--json', ...common);
      expect(JSON.parse(status.stdout)).toMatchObject({ status: 'stopped' });
    });
  });
