/**
 * Conversations, who writes answers and how they are found, in the real window on a real stack: search, rename, edit,
 * answer again, export, knowledge bases, a model service that this test runs, its hostile answers, settings that hold from
 * the next question on, keys and people. Each step builds on the one before.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from 'playwright/test';
import { quayside } from './cli.ts';
import { launchPanel, type Panel } from './fixture.ts';
import { takeGallery } from './gallery.ts';
import { type MockModel, startMockModel } from './mock-model.ts';

const environment = 'test-answers';
const port = 7467;
const key = 'sk-e2e-0123456789-abcd';

test.describe
  .serial('answers', () => {
    let panel: Panel;
    let page: Page;
    let folder: string;
    let common: string[];
    let model: MockModel;

    test.beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'quayside-test-answers-'));
      common = ['--data', join(folder, 'data'), '--env', environment];
      panel = await launchPanel({ dataDir: join(folder, 'data'), userDataDir: join(folder, 'user'), environment });
      page = panel.page;
    });
    test.afterAll(async () => {
      await model?.close();
      await panel?.close();
      await quayside('down', '--volumes', ...common);
      await rm(folder, { recursive: true, force: true });
    });

    const main = () => page.getByRole('main');
    const nav = (name: string) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name });
    const tab = (name: string) => main().getByRole('tab', { name });
    const side = () => page.getByRole('navigation', { name: 'Conversations' });
    const answer = () => page.getByRole('article', { name: 'Answer' }).last();
    const answered = () => expect(answer()).toHaveAttribute('aria-busy', 'false', { timeout: 20_000 });
    const done = async () => {
      await expect(page.getByRole('button', { name: 'Stop answering' })).toBeHidden({ timeout: 20_000 });
      await answered();
    };
    const ask = async (question: string) => {
      const field = page.getByRole('textbox', { name: 'Ask your documents' });
      await field.fill(question);
      await field.press('Enter');
      await done();
    };

    test('a stack with the sample documents', async () => {
      test.setTimeout(240_000);
      await expect(main().getByRole('button', { name: 'Start', exact: true })).toBeEnabled({ timeout: 15_000 });
      const started = await page.evaluate(
        (to) => window.quayside.call('stack.start', { ports: { backend: to } }),
        port,
      );
      expect(started).toMatchObject({ ok: true });
      await expect(page.getByRole('article', { name: 'backend', exact: true })).toContainText('Healthy', {
        timeout: 180_000,
      });
      model = await startMockModel(key);
      await nav('Chat').click();
      const documents = page.getByRole('complementary', { name: 'Documents' });
      await documents.getByRole('button', { name: 'Add samples' }).click();
      await expect(documents.getByRole('listitem').filter({ hasText: 'Backup guide' })).toContainText(/\d+ passages/, {
        timeout: 60_000,
      });
      await expect(documents.getByRole('progressbar')).toHaveCount(0, { timeout: 60_000 });
    });

    test('a quoting answer says how well each passage bears it out', async () => {
      await ask('How often should I verify a backup?');
      await expect(answer()).toContainText('Quoted by the embedded answerer');
      await expect(
        answer()
          .getByRole('button', { name: /^Source \d+: .*supported/ })
          .first(),
      ).toBeVisible();
      const took = /found in .+, first word after .+, done in .+/;
      await expect(answer()).toContainText(took);
      await page.reload();
      await expect(answer()).toContainText(took);
    });

    test('a question is put in other words, and its answer is made again', async () => {
      const question = page.getByText('How often should I verify a backup?', { exact: true }).last();
      await question.hover();
      await page.getByRole('button', { name: 'Change this question' }).click();
      await page.getByRole('textbox', { name: 'The question in other words' }).fill('When is a backup verified?');
      await page.getByRole('button', { name: 'Ask this instead' }).click();
      await done();
      await expect(main().getByText('When is a backup verified?', { exact: true })).toHaveCount(1);
      await expect(page.getByRole('article', { name: 'Answer' })).toHaveCount(1);
      await page.getByRole('button', { name: 'Answer again' }).click();
      await done();
      await expect(page.getByRole('article', { name: 'Answer' })).toHaveCount(1);
    });

    test('a conversation is renamed, found by its words, and saved to a file', async () => {
      await side()
        .getByRole('button', { name: /^More for/ })
        .click();
      await page.getByRole('menuitem', { name: 'Rename' }).click();
      const name = side().getByRole('textbox', { name: 'Name of the conversation' });
      await name.fill('Night watch');
      await name.press('Enter');
      await expect(side().getByText('Night watch')).toBeVisible();
      await side().getByRole('textbox', { name: 'Search conversations' }).fill('verified');
      const found = side().getByRole('list', { name: 'Found conversations' });
      await expect(found.getByRole('listitem')).toHaveCount(1);
      await expect(found.locator('mark').first()).toHaveText(/verified/i);
      await side().getByRole('textbox', { name: 'Search conversations' }).fill('zebra crossing');
      await expect(side()).toContainText('No conversation holds');
      await side().getByRole('textbox', { name: 'Search conversations' }).fill('');
      const file = join(folder, 'night.md');
      await panel.app.evaluate(({ dialog }, filePath) => {
        dialog.showSaveDialog = async () => ({ canceled: false, filePath });
      }, file);
      await side().getByRole('button', { name: 'More for Night watch' }).click();
      await page.getByRole('menuitem', { name: 'Save as Markdown' }).click();
      await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toContain('When is a backup verified?');
      expect(await readFile(file, 'utf8')).toContain('# Night watch');
    });

    test('a conversation asks the knowledge bases that were chosen', async () => {
      const made = await page.evaluate(() => window.quayside.call('kb.create', { name: 'Empty shelf' }));
      expect(made).toMatchObject({ ok: true });
      await side().getByRole('button', { name: 'New conversation' }).click();
      await page.getByRole('button', { name: 'Choose knowledge bases' }).click();
      await page.getByRole('menuitemcheckbox', { name: /Empty shelf/ }).click();
      await page.getByRole('menuitemcheckbox', { name: /Empty shelf/, checked: true }).waitFor();
      await page.getByRole('menuitemcheckbox').filter({ hasNotText: 'Empty shelf' }).click();
      await page.keyboard.press('Escape');
      await ask('How often should I verify a backup?');
      await expect(answer()).toContainText('Your documents do not answer this');
      await takeGallery(panel, ['chat'], 'abstained', { stay: true });
    });

    test('a model service is tried out, step by step, and then writes the answers', async () => {
      await nav('Settings').click();
      await tab('Who writes answers').click();
      const card = main().getByRole('region', { name: 'OpenAI-compatible service', exact: true });
      await card.getByRole('button', { name: 'Set it up' }).click();
      await card.getByLabel('Address').fill(model.baseUrl);
      await card.getByLabel('Model', { exact: true }).fill('mock-small');
      await card.getByLabel('Key').fill('sk-wrong');
      await card.getByRole('button', { name: 'Test' }).click();
      await expect(card.getByRole('region', { name: 'The test failed' })).toContainText('The key was not taken', {
        timeout: 20_000,
      });
      await card.getByLabel('Key').fill(key);
      await card.getByRole('button', { name: 'Test' }).click();
      await expect(card.getByRole('region', { name: 'The test went well' })).toContainText('Got a first word', {
        timeout: 20_000,
      });
      await card.getByRole('button', { name: 'Save' }).click();
      await expect(card).toContainText('A key is stored, ends in …abcd');
      await card.getByRole('button', { name: 'See its models' }).click();
      await card.getByRole('button', { name: 'mock-large' }).click();
      await card.getByRole('button', { name: 'Use OpenAI-compatible service' }).click();
      await expect(card).toContainText('In use', { timeout: 20_000 });
      expect(await page.content()).not.toContain(key);
      await takeGallery(panel, ['settings'], 'writers', { stay: true });
    });

    test('its answer stays harmless, whatever it holds', async () => {
      const host = new URL(model.baseUrl).host;
      model.say(
        [
          '## Verify each backup',
          'A backup is **verified** after it was made [1].',
          '',
          `![chart](http://${host}/chart.png?secret=1)`,
          '',
          `<img src="http://${host}/html.png" onerror="document.title='broken'"><script>document.title='broken'</script>`,
          '',
          `[read on](http://${host}/page) or [this](javascript:document.title='broken')`,
          '',
          '```sh\nquayside backup verify list[1]\n```',
        ].join('\n'),
      );
      await nav('Chat').click();
      await side()
        .getByRole('button', { name: /^Night watch/ })
        .click();
      await ask('Which command verifies a backup?');
      await expect(answer().getByRole('heading', { name: 'Verify each backup' })).toBeVisible();
      await expect(answer()).toContainText('Written by mock-large (an OpenAI-compatible service)');
      await expect(
        answer()
          .getByRole('button', { name: /^Source 1: / })
          .first(),
      ).toBeVisible();
      await expect(answer().locator('pre')).toHaveText('quayside backup verify list[1]');
      await expect(answer()).toContainText(`Image not loaded: chart (${host})`);
      await expect(answer().locator('img, a, script, iframe')).toHaveCount(0);
      await answer()
        .getByRole('button', { name: /read on/ })
        .click();
      const question = page.getByRole('alertdialog');
      await expect(question).toContainText(`http://${host}/page`);
      await takeGallery(panel, ['chat'], 'link', { stay: true });
      await question.getByRole('button', { name: 'Not now' }).click();
      await expect(question).toBeHidden();
      await takeGallery(panel, ['chat'], 'markdown', { stay: true });
      expect(await page.title()).toBe('Quayside');
      expect(model.strays).toEqual([]);
    });

    test('a setting holds from the next question on, and its history leads back', async () => {
      await nav('Settings').click();
      await tab('Answering and retrieval').click();
      const field = main().getByRole('textbox', { name: 'Temperature' });
      await expect(field).toHaveValue('0.1');
      await field.fill('0.7');
      await field.press('Enter');
      const reset = main().getByRole('button', { name: 'Put Temperature back to 0.1' });
      await expect(reset).toBeVisible();
      await takeGallery(panel, ['settings'], 'retrieval', { stay: true });
      const before = model.asked.length;
      await nav('Chat').click();
      await page.getByRole('button', { name: 'Answer again' }).last().click();
      await expect.poll(() => model.asked.length).toBe(before + 1);
      expect(model.asked.at(-1)).toMatchObject({ model: 'mock-large', temperature: 0.7 });
      await done();
      await nav('Settings').click();
      await tab('Answering and retrieval').click();
      await main().getByRole('button', { name: 'Show', exact: true }).click();
      await expect(main().getByRole('list', { name: 'Changes' })).toContainText(
        'Temperature: the default → 0.7 by Owner',
      );
      await main().getByRole('list', { name: 'Changes' }).scrollIntoViewIfNeeded();
      await takeGallery(panel, ['settings'], 'history', { stay: true });
      await main().getByRole('button', { name: 'Put Temperature back to the default' }).click();
      await expect(field).toHaveValue('0.1');
    });

    test('a key made in the window lets a program ask until it is revoked', async () => {
      await tab('Users and keys').click();
      const keys = main().getByRole('region', { name: 'Keys for programs' });
      await expect(keys).toContainText('No keys yet');
      await takeGallery(panel, ['settings'], 'access-empty', { stay: true });
      await keys.getByRole('button', { name: 'New key' }).click();
      const form = page.getByRole('dialog', { name: 'New key' });
      await form.getByRole('textbox', { name: 'Name' }).fill('Editor plug-in');
      await takeGallery(panel, ['settings'], 'access-new-key', { stay: true });
      await form.getByRole('button', { name: 'Make the key' }).click();
      const told = page.getByRole('alertdialog', { name: 'The key “Editor plug-in”' });
      const secret = (await told.locator('pre').textContent()) ?? '';
      expect(secret).toMatch(/^rk_/);
      await told.getByRole('button', { name: 'Copy the key' }).click();
      await expect.poll(() => panel.app.evaluate(({ clipboard }) => clipboard.readText())).toBe(secret);
      await told.getByRole('button', { name: 'Done' }).click();
      await expect(told).toBeHidden();
      await expect(keys.getByRole('button', { name: 'New key' })).toBeFocused();
      expect(await page.content()).not.toContain(secret);
      const asks = () =>
        fetch(`http://127.0.0.1:${port}/openai/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
          body: JSON.stringify({
            model: 'quayside',
            messages: [{ role: 'user', content: 'How often should I verify a backup?' }],
          }),
        });
      const answered = await asks();
      expect(answered.status).toBe(200);
      expect(await answered.json()).toMatchObject({
        choices: [{ message: { role: 'assistant', content: expect.stringContaining('verified') } }],
      });
      const key = keys.getByRole('listitem', { name: 'Editor plug-in' });
      await expect(key).toContainText('Last used just now', { timeout: 30_000 });
      await takeGallery(panel, ['settings'], 'access', { stay: true });
      await key.getByRole('button', { name: 'Revoke Editor plug-in' }).click();
      await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
      await expect(keys).toContainText('No keys yet');
      expect((await asks()).status).toBe(401);
    });

    test('somebody is added in the window, kept from signing in, and removed', async () => {
      const people = main().getByRole('region', { name: 'People' });
      const password = 'a good long one';
      const signsIn = async () =>
        (
          await fetch(`http://127.0.0.1:${port}/v1/auth/login`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ email: 'ada@example.org', password }),
          })
        ).status;
      await people.getByRole('button', { name: 'Add somebody' }).click();
      const form = page.getByRole('dialog', { name: 'Add somebody' });
      await form.getByRole('textbox', { name: 'E-mail address' }).fill('ada@example.org');
      await form.getByRole('textbox', { name: 'Name' }).fill('Ada');
      await form.getByLabel('Password').fill(password);
      await takeGallery(panel, ['settings'], 'access-add', { stay: true });
      await form.getByRole('button', { name: 'Add', exact: true }).click();
      const ada = people.getByRole('listitem', { name: 'Ada' });
      await expect(ada).toContainText('May sign in');
      expect(await signsIn()).toBe(200);
      const choose = async (item: string) => {
        await ada.getByRole('button', { name: 'Change Ada' }).click();
        await page.getByRole('menuitem', { name: item }).click();
      };
      await choose('Stop from signing in');
      await expect(ada).toContainText('May not sign in');
      expect(await signsIn()).toBe(401);
      await people.scrollIntoViewIfNeeded();
      await takeGallery(panel, ['settings'], 'access-people', { stay: true });
      await choose('Remove');
      const question = page.getByRole('alertdialog', { name: 'Remove Ada?' });
      await expect(question.getByRole('button', { name: 'Remove' })).toBeDisabled();
      await question.getByRole('textbox').fill('ada@example.org');
      await takeGallery(panel, ['settings'], 'access-remove', { stay: true });
      await question.getByRole('button', { name: 'Remove' }).click();
      await expect(people.getByRole('listitem')).toHaveCount(1);
    });

    test('optional parts and workflows say what they are for', async () => {
      await tab('Optional parts').click();
      await expect(main().getByRole('listitem', { name: 'Workflows (n8n)' })).toContainText('1 GB of memory');
      await takeGallery(panel, ['settings'], 'parts', { stay: true });
      await nav('Workflows').click();
      await expect(main()).toContainText('Workflows are off');
      await takeGallery(panel, ['workflows'], 'off', { stay: true });
    });
  });
