/**
 * Any Compose project in the real window, on the real engine: opened from disk, previewed, started, read, changed,
 * previewed again, stopped and removed; and one that the real Docker Compose started, looked at, adopted and stopped.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, type Page, test } from 'playwright/test';
import { ensureComposePeer } from '../../scripts/setup/compose-peer.mjs';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import { ensureTinyImage } from '../engine/tiny-image.ts';
import { freePort } from '../free-port.ts';
import { engineCall } from './engine-door.ts';
import { launchPanel, type Panel } from './fixture.ts';
import { takeGallery } from './gallery.ts';

const run = promisify(execFile);
const mine = 'quayside-test-window';
const theirs = 'quayside-test-theirs';
const troubled = 'quayside-test-troubled';

/** Two small services: one counts aloud and keeps a core a little busy, the other is there for it. */
function composeFile(image: string, greeting: string): string {
  return `name: ${mine}
services:
  store:
    image: ${image}
    init: true
    command: ["sh", "-c", "sleep 1000"]
    healthcheck: { test: ["CMD", "true"], interval: 1s }
    volumes: [kept:/kept]
  talker:
    image: ${image}
    init: true
    environment: { GREETING: ${greeting} }
    command: ["sh", "-c", "n=0; while true; do n=$$((n+1)); echo \\"$$GREETING number $$n\\"; seq 1 20000 > /dev/null; sleep 0.5; done"]
    healthcheck: { test: ["CMD", "true"], interval: 1s }
    depends_on: { store: { condition: service_healthy } }
volumes: { kept: {} }
`;
}

async function idsOf(project: string): Promise<Record<string, string>> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.compose.project=${project}`] }));
  const found = (await engineCall('GET', `/containers/json?all=1&filters=${filters}`)) as {
    Id: string;
    Labels: Record<string, string>;
  }[];
  return Object.fromEntries(found.map(({ Id, Labels }) => [Labels['com.docker.compose.service'] ?? '', Id]));
}

/** Whatever a failed step left of a project. */
async function sweep(project: string): Promise<void> {
  for (const id of Object.values(await idsOf(project))) await engineCall('DELETE', `/containers/${id}?force=1&v=1`);
  const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.compose.project=${project}`] }));
  const networks = (await engineCall('GET', `/networks?filters=${filters}`)) as { Id: string }[];
  for (const { Id } of networks) await engineCall('DELETE', `/networks/${Id}`);
  const volumes = (await engineCall('GET', `/volumes?filters=${filters}`)) as { Volumes: { Name: string }[] | null };
  for (const { Name } of volumes.Volumes ?? []) await engineCall('DELETE', `/volumes/${Name}`);
}

test.describe
  .serial('any Compose project', () => {
    let panel: Panel;
    let page: Page;
    let folder: string;
    let file: string;
    let image: string;
    let peer: string;

    test.beforeAll(async () => {
      test.setTimeout(180_000);
      folder = await mkdtemp(join(tmpdir(), 'quayside-test-projects-'));
      const engine = createDockerEngine({ url: 'unix:///var/run/docker.sock', foundBy: 'test' });
      image = await ensureTinyImage(engine);
      peer = await ensureComposePeer();
      await Promise.all([mine, theirs, troubled].map(sweep));
      await mkdir(join(folder, 'window'));
      file = join(folder, 'window', 'compose.yaml');
      await writeFile(file, composeFile(image, 'ahoy'));
      panel = await launchPanel({
        dataDir: join(folder, 'data'),
        userDataDir: join(folder, 'user'),
        environment: 'test-projects',
      });
      page = panel.page;
    });
    test.afterAll(async () => {
      await panel?.close();
      await Promise.all([mine, theirs, troubled].map(sweep));
      await rm(folder, { recursive: true, force: true });
    });

    const nav = (name: string) =>
      page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: false });
    const main = () => page.getByRole('main');
    const card = (service: string) => page.getByRole('article', { name: service, exact: true });
    const tab = (name: string) => main().getByRole('tab', { name, exact: true });
    const plan = () => main().getByRole('region', { name: 'Services', exact: true });
    const answerDialog = (paths: readonly string[]) =>
      panel.app.evaluate(({ dialog }, filePaths) => {
        dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [...filePaths] });
      }, paths);
    /** Waits for a word on a card; a Problem on the page ends the wait with its words. */
    const says = async (service: string, word: string, timeout = 60_000) => {
      const alert = main().getByRole('alert').first();
      await expect(card(service).filter({ hasText: word }).or(alert).first()).toBeVisible({ timeout });
      if (await alert.isVisible()) throw new Error(`${service} is not "${word}": ${await alert.textContent()}`);
    };
    const pictures = (label: string) => takeGallery(panel, ['projects'], label, { stay: true });

    test('previews the bundled stack from its own page', async () => {
      await main().getByRole('button', { name: 'Preview what Start would do' }).click({ timeout: 15_000 });
      const drawer = page.getByRole('dialog', { name: 'What Start would do' });
      await expect(drawer.getByRole('listitem', { name: 'postgres' })).toContainText('Create', { timeout: 15_000 });
      await expect(drawer.getByRole('button', { name: 'Start now' })).toBeEnabled();
      await takeGallery(panel, ['stack'], 'preview', { stay: true });
      await page.keyboard.press('Escape');
      await expect(drawer).toBeHidden();
    });

    test('says how to open a project while there is none', async () => {
      await nav('Projects').click();
      await expect(main()).toContainText('No other project is open yet', { timeout: 15_000 });
      await expect(
        main()
          .getByRole('listitem', { name: /^quayside-/ })
          .first(),
      ).toContainText('Bundled with Quayside');
      await pictures('empty');
    });

    test('names file, line and key of a file that is wrong', async () => {
      const wrong = join(folder, 'wrong.yaml');
      await writeFile(wrong, `name: ${mine}\nservices:\n  web:\n    image: ${image}\n    ports: 80\n`);
      await answerDialog([wrong]);
      await main().getByRole('button', { name: 'Open a project' }).click();
      const alert = main().getByRole('alert').first();
      await expect(alert).toContainText('wrong.yaml');
      await expect(alert).toContainText(/line 5|:5/);
      await expect(alert).toContainText('ports');
      await pictures('wrong-file');
    });

    test('opens a project from disk and shows what a start would do', async () => {
      await answerDialog([file]);
      await main().getByRole('button', { name: 'Open a project' }).click();
      await expect(main().getByRole('heading', { name: mine })).toBeVisible();
      await expect(card('store')).toContainText('Not created');
      await tab('Plan').click();
      await expect(plan().getByRole('listitem', { name: 'talker' })).toContainText('Create');
      await expect(main()).toContainText('2 to create');
      await expect(main().getByRole('region', { name: 'Volumes' })).toContainText(`${mine}_kept`);
      expect(await idsOf(mine)).toEqual({});
      await pictures('plan-first');
    });

    test('starts exactly that', async () => {
      test.setTimeout(90_000);
      await main().getByRole('button', { name: 'Start now' }).click();
      for (const service of ['store', 'talker']) await says(service, 'Healthy');
      expect(Object.keys(await idsOf(mine)).sort()).toEqual(['store', 'talker']);
      // An operation of another project is none of the bundled stack's page.
      await nav('Stack').click();
      await expect(main().getByRole('button', { name: 'Start', exact: true })).toBeEnabled();
      await nav('Projects').click();
      await main().getByRole('link', { name: mine }).click();
      await expect(main().getByRole('heading', { name: mine })).toBeVisible();
    });

    test('shows its lines and its figures', async () => {
      await expect(card('talker')).toContainText(/[\d.]+ %/, { timeout: 15_000 });
      await pictures('services');
      await tab('Logs').click();
      await expect(page.getByLabel('Log lines')).toContainText('ahoy number', { timeout: 10_000 });
      await pictures('logs');
      await tab('Stats').click();
      const row = main().getByRole('row', { name: /talker/ });
      await expect(row).toContainText(/[\d.]+ %/, { timeout: 15_000 });
      await expect(main().locator('.recharts-line-curve').first()).toBeVisible({ timeout: 15_000 });
      await pictures('stats');
    });

    test('stays on the project over a reload', async () => {
      await page.reload();
      await expect(main().getByRole('heading', { name: mine })).toBeVisible({ timeout: 15_000 });
      await expect(tab('Stats')).toHaveAttribute('aria-selected', 'true');
    });

    test('shows a changed value as that one replacement, and does no more than it', async () => {
      test.setTimeout(90_000);
      const before = await idsOf(mine);
      await tab('Plan').click();
      await expect(main()).toContainText('Nothing to do');
      await pictures('plan-nothing');
      await writeFile(file, composeFile(image, 'farewell'));
      await main().getByRole('button', { name: 'Look again' }).click();
      const talker = plan().getByRole('listitem', { name: 'talker' });
      await expect(talker).toContainText('Replace');
      await expect(talker).toContainText('environment.GREETING');
      await expect(talker.getByRole('deletion')).toContainText('ahoy');
      await expect(talker.getByRole('insertion')).toContainText('farewell');
      await expect(plan().getByRole('listitem', { name: 'store' })).toHaveCount(0);
      await pictures('plan-replace');
      await main().getByRole('button', { name: 'Start now' }).click();
      await expect.poll(async () => (await idsOf(mine)).talker, { timeout: 60_000 }).not.toBe(before.talker);
      await says('talker', 'Healthy');
      expect((await idsOf(mine)).store).toBe(before.store);
    });

    test('scales a service', async () => {
      test.setTimeout(90_000);
      await card('talker').getByRole('button', { name: 'More containers of talker' }).click();
      await card('talker').getByRole('button', { name: 'Scale to 2' }).click();
      await expect(card('talker')).toContainText('2 containers', { timeout: 60_000 });
      await expect(main()).toContainText('3 containers running');
    });

    test('stops, and removes only after the name was typed', async () => {
      test.setTimeout(120_000);
      await main().getByRole('button', { name: 'Stop', exact: true }).click();
      for (const service of ['store', 'talker']) await says(service, 'Stopped');
      await main()
        .getByRole('button', { name: `More about ${mine}` })
        .click();
      await page.getByRole('menuitem', { name: 'Remove its containers' }).click();
      const question = page.getByRole('alertdialog');
      await question.getByRole('checkbox').check();
      const remove = question.getByRole('button', { name: 'Remove with all data' });
      await expect(remove).toBeDisabled();
      await question.getByRole('textbox').fill(mine);
      await takeGallery(panel, ['projects'], 'remove', { stay: true });
      await remove.click();
      await expect(main()).toContainText('No containers yet', { timeout: 60_000 });
      expect(await idsOf(mine)).toEqual({});
      const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.compose.project=${mine}`] }));
      const volumes = async () => {
        const { Volumes } = (await engineCall('GET', `/volumes?filters=${filters}`)) as { Volumes: unknown[] | null };
        return Volumes ?? [];
      };
      await expect.poll(volumes, { timeout: 30_000 }).toEqual([]);
      await page.getByRole('button', { name: `More about ${mine}` }).click();
      await page.getByRole('menuitem', { name: 'Take off the list' }).click();
      await expect(main()).toContainText('No other project is open yet');
    });

    test('names who holds a port and moves it in one click, then retries the one service that failed', async () => {
      test.setTimeout(120_000);
      const taken = createServer();
      // With the one behind it, which is what is offered.
      const port = await freePort(2);
      await new Promise<void>((resolve) => void taken.listen(port, '127.0.0.1', resolve));
      const path = join(folder, 'troubled.yaml');
      const write = (exit: number) =>
        writeFile(
          path,
          `name: ${troubled}
services:
  web:
    image: ${image}
    init: true
    command: ["sh", "-c", "sleep 1000"]
    ports: ["127.0.0.1:${port}:80"]
  worker:
    image: ${image}
    init: true
    command: ["sh", "-c", "echo the harbour is closed; [ ${exit} = 0 ] && sleep 1000; exit ${exit}"]
`,
        );
      try {
        await write(3);
        await answerDialog([path]);
        await main().getByRole('button', { name: 'Open a project' }).click();
        await main().getByRole('button', { name: 'Start', exact: true }).click();
        const alert = main().getByRole('alert').first();
        await expect(alert).toContainText(`Port ${port} is taken`, { timeout: 15_000 });
        await expect(alert).toContainText(String(process.pid));
        await pictures('port-taken');
        await alert.getByRole('button', { name: /^Use port \d+/ }).click();
        await expect(card('web')).toContainText('Running', { timeout: 30_000 });
        await expect(
          card('web').getByRole('button', { name: /^Copy the address 127\.0\.0\.1:\d+$/ }),
        ).not.toContainText(String(port));
        await expect(alert).toContainText('worker', { timeout: 30_000 });
        await pictures('service-failed');
        const web = (await idsOf(troubled)).web;
        await write(0);
        await alert.getByRole('button', { name: 'Start worker again' }).click();
        await expect(card('worker')).toContainText('Running', { timeout: 30_000 });
        await expect(main().getByRole('alert')).toHaveCount(0);
        expect((await idsOf(troubled)).web).toBe(web);
        await main().getByRole('link', { name: 'All projects' }).click();
        await pictures('list');
        await sweep(troubled);
      } finally {
        taken.close();
      }
    });

    test('sees a project of Docker Compose, changes nothing of it unasked, adopts and stops it', async () => {
      test.setTimeout(120_000);
      const other = join(folder, 'theirs.yaml');
      await writeFile(
        other,
        `services:\n  web:\n    image: ${image}\n    init: true\n    command: ["sh", "-c", "echo hello from theirs; sleep 1000"]\n`,
      );
      await run(peer, ['-p', theirs, '-f', other, 'up', '-d']);
      const also = main().getByRole('region', { name: 'Also on this engine' });
      const row = also.getByRole('listitem', { name: theirs });
      await expect(row).toContainText('1 container running', { timeout: 10_000 });
      await pictures('also-here');
      await row.getByRole('link', { name: theirs }).click();
      await expect(card('web')).toContainText('Running');
      await expect(main().getByRole('button', { name: 'Stop', exact: true })).toHaveCount(0);
      await expect(card('web').getByRole('button', { name: 'Stop web' })).toHaveCount(0);
      await pictures('seen');
      await tab('Logs').click();
      await expect(page.getByLabel('Log lines')).toContainText('hello from theirs', { timeout: 10_000 });
      const before = await idsOf(theirs);
      await main().getByRole('button', { name: 'Manage with Quayside' }).click();
      await expect(main().getByRole('button', { name: 'Stop', exact: true })).toBeEnabled();
      await tab('Plan').click();
      await expect(main()).toContainText('Nothing to do');
      expect(await idsOf(theirs)).toEqual(before);
      await tab('Services').click();
      await main().getByRole('button', { name: 'Stop', exact: true }).click();
      await expect(card('web')).toContainText(/Stopped|Failed/, { timeout: 60_000 });
      expect(await idsOf(theirs)).toEqual(before);
    });
  });
