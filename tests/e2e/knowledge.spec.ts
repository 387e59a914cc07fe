/**
 * Knowledge and retrieval in the real window, on a real stack: a knowledge base made and filled, a broken file with its
 * reason, a folder kept up with, a search that shows why, an evaluation with figures, and all of it gone again.
 */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from 'playwright/test';
import { quayside, root } from './cli.ts';
import { launchPanel, type Panel } from './fixture.ts';
import { takeGallery } from './gallery.ts';

const environment = 'test-knowledge';
const port = 7465;
const samples = join(root, 'resources', 'samples');

/** Questions on the samples, as a person would keep them in a file. */
const questions = {
  name: 'Harbour questions',
  description: 'On the samples',
  items: [
    {
      question: 'How many megabytes may a document have?',
      expected: [{ source: 'quayside-handbook.md', heading: 'Limits for documents' }],
      answerable: true,
    },
    {
      question: 'Which port does the backend listen on?',
      expected: [{ source: 'quayside-handbook.md', heading: 'The services of the stack' }],
      answerable: true,
    },
    {
      question: 'What does down --volumes delete?',
      expected: [{ source: 'quayside-handbook.md', heading: 'Starting and stopping' }],
      answerable: true,
    },
    { question: 'Who won the football world cup in 1974?', expected: [], answerable: false },
  ],
};

test.describe
  .serial('knowledge and retrieval', () => {
    let panel: Panel;
    let page: Page;
    let folder: string;
    let common: string[];

    test.beforeAll(async () => {
      test.setTimeout(240_000);
      folder = await mkdtemp(join(tmpdir(), 'quayside-test-knowledge-'));
      common = ['--data', join(folder, 'data'), '--env', environment];
      await mkdir(join(folder, 'manuals'));
      await Promise.all([
        writeFile(join(folder, 'broken.pdf'), '%PDF-1.7\nthis is where a page should be\n'),
        writeFile(join(folder, 'pilots.md'), '# Pilots\n\nA pilot is called by radio on channel 12 at dusk.\n'),
        writeFile(join(folder, 'questions.json'), JSON.stringify(questions)),
        writeFile(join(folder, 'manuals', 'cranes.md'), '# Cranes\n\nThe blue crane lifts forty tonnes.\n'),
      ]);
      panel = await launchPanel({ dataDir: join(folder, 'data'), userDataDir: join(folder, 'user'), environment });
      page = panel.page;
      const started = await page.evaluate(
        (to) => window.quayside.call('stack.start', { ports: { backend: to } }),
        port,
      );
      expect(started).toMatchObject({ ok: true });
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Knowledge' }).click();
      await expect(page.getByRole('navigation', { name: 'Knowledge bases' })).toBeVisible({ timeout: 200_000 });
    });
    test.afterAll(async () => {
      await panel?.close();
      await quayside('down', '--volumes', ...common);
      await rm(folder, { recursive: true, force: true });
    });

    const main = () => page.getByRole('main');
    const nav = (name: string) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name });
    const tab = (name: string | RegExp) => main().getByRole('tab', { name });
    const dialog = () => page.getByRole('dialog').or(page.getByRole('alertdialog'));
    const row = (text: string) =>
      main().getByRole('table', { name: 'Documents' }).getByRole('row').filter({ hasText: text });
    const answerDialog = (paths: readonly string[]) =>
      panel.app.evaluate(({ dialog: system }, filePaths) => {
        system.showOpenDialog = async () => ({ canceled: false, filePaths: [...filePaths] });
      }, paths);
    const pictures = (name: string, label: string) => takeGallery(panel, [name], label, { stay: true });

    test('makes a knowledge base and leads on while it is empty', async () => {
      await main().getByRole('button', { name: 'New knowledge base' }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill('Harbour');
      await page.getByRole('textbox', { name: 'Description' }).fill('How the harbour works, by day and by night.');
      await page.keyboard.press('Tab');
      await dialog().getByRole('button', { name: 'Create' }).click();
      await expect(main().getByRole('heading', { name: 'Harbour' })).toBeVisible();
      await expect(main()).toContainText('No documents yet');
      await pictures('knowledge', 'empty');
    });

    test('reads files in, and says in plain words why one could not be added', async () => {
      const names = (await readdir(samples)).filter((name) => /\.(md|txt|html|pdf)$/.test(name));
      await answerDialog([
        ...names.map((name) => join(samples, name)),
        join(folder, 'pilots.md'),
        join(folder, 'broken.pdf'),
      ]);
      await main().getByRole('button', { name: 'Add files' }).click();
      await expect(row('broken.pdf')).toContainText('Could not be added', { timeout: 30_000 });
      await expect(row('broken.pdf')).toContainText(/damaged|no longer|cannot be read/i);
      for (const name of names) await expect(row(name)).toContainText('Ready', { timeout: 60_000 });
      await expect(row('pilots.md')).toContainText('Ready');
      await expect(main().getByRole('navigation', { name: 'Knowledge bases' })).toContainText('1 could not be added');
      await pictures('knowledge', 'documents');
    });

    test('tries again what failed', async () => {
      /** When the backend last did something about the broken file. */
      const touched = () =>
        page.evaluate(
          () =>
            new Promise<number>((resolve) => {
              const close = window.quayside.open(
                'documents.watch',
                { kb: 'Harbour' },
                ({ documents }) => {
                  resolve(documents.find(({ sourceName }) => sourceName === 'broken.pdf')?.updatedAtMs ?? 0);
                  close();
                },
                () => resolve(-1),
              );
            }),
        );
      const before = await touched();
      await main()
        .getByRole('button', { name: /^Retry .*broken/i })
        .click();
      await expect.poll(touched, { timeout: 20_000 }).toBeGreaterThan(before);
      await expect(row('broken.pdf')).toContainText('Could not be added', { timeout: 30_000 });
    });

    test('shows a document with its facts and passages, by keyboard', async () => {
      await row('quayside-handbook.md').focus();
      await page.keyboard.press('Enter');
      const drawer = page.getByRole('dialog', { name: /handbook/i });
      await expect(drawer.getByRole('region', { name: 'Passages' }).getByRole('listitem').first()).toBeVisible();
      await expect(drawer).toContainText('Limits for documents');
      await drawer.getByRole('textbox', { name: 'New tag' }).fill('manual');
      await page.keyboard.press('Enter');
      await expect(drawer.getByRole('button', { name: 'Take off the tag manual' })).toBeVisible();
      await pictures('knowledge', 'document');
      await page.keyboard.press('Escape');
      await expect(row('quayside-handbook.md')).toContainText('manual');
    });

    test('deletes two at once, counting what goes, and they are found no more', async () => {
      await main()
        .getByRole('checkbox', { name: /^Choose broken/i })
        .check();
      await main().getByRole('checkbox', { name: 'Choose Pilots' }).check();
      await main().getByRole('region', { name: 'Chosen documents' }).getByRole('button', { name: 'Delete' }).click();
      await expect(dialog()).toContainText('Delete 2 documents?');
      await expect(dialog()).toContainText('1 passage');
      await dialog().getByRole('button', { name: 'Delete' }).click();
      await expect(row('broken.pdf')).toBeHidden({ timeout: 20_000 });
      await expect(row('pilots.md')).toBeHidden({ timeout: 20_000 });
      const found = await page.evaluate(() =>
        window.quayside.call('search.run', { query: 'pilot called by radio on channel 12', kbs: ['Harbour'] }),
      );
      if (!found.ok) throw new Error(found.problem.title);
      expect(found.value.hits.filter(({ sourceName }) => sourceName === 'pilots.md')).toEqual([]);
    });

    test('keeps up with a folder, through a restart of the backend', async () => {
      test.setTimeout(90_000);
      await tab(/^Sources/).click();
      await answerDialog([join(folder, 'manuals')]);
      await main().getByRole('button', { name: 'Add folder' }).click();
      await dialog().getByRole('button', { name: 'Choose a folder' }).click();
      await expect(dialog()).toContainText('manuals');
      await pictures('knowledge', 'add-folder');
      await dialog().getByRole('button', { name: 'Add folder' }).click();
      const card = main().getByRole('listitem', { name: 'manuals' });
      await expect(card).toContainText('Up to date', { timeout: 60_000 });
      await expect(card).toContainText('1 file');
      await pictures('knowledge', 'sources');
      await tab(/^Documents/).click();
      await expect(row('cranes.md')).toContainText('Ready', { timeout: 20_000 });
    });

    test('shows what a search finds, in which order, why, and how long it took', async () => {
      await nav('Retrieval').click();
      await main()
        .getByRole('button', { name: /^Knowledge bases:/ })
        .click();
      await page.getByRole('menuitemcheckbox', { name: /Harbour/ }).click();
      await page.getByRole('menuitemcheckbox', { name: /^default/i }).click();
      await page.keyboard.press('Escape');
      const field = main().getByRole('textbox', { name: 'What to search for' });
      await field.fill('How many tonnes does the blue crane lift?');
      await field.press('Enter');
      const hits = main().getByRole('list', { name: 'Passages found' }).getByRole('listitem');
      await expect(hits.first()).toContainText('Cranes', { timeout: 15_000 });
      await expect(hits.first().locator('mark').first()).toBeVisible();
      await expect(hits.first()).toContainText(/cosine\s*0\.\d{3}/);
      await expect(main().getByRole('region', { name: 'Results' })).toContainText(/passages? in [\d.]+ m?s/);
      await field.fill('How large may a document be?');
      await field.press('Enter');
      await expect(hits.first()).not.toContainText('Cranes');
      await pictures('retrieval', 'bench');
      await main().getByRole('radio', { name: 'Side by side' }).check({ force: true });
      await expect(main().getByRole('region', { name: 'By words' }).getByRole('listitem').first()).toBeVisible();
      await pictures('retrieval', 'compare');
      await main().getByRole('button', { name: 'Open passage 1' }).first().click();
      await expect(page.getByRole('dialog')).toBeVisible();
      await page.keyboard.press('Escape');
    });

    test('keeps a search as a question', async () => {
      await main().getByRole('button', { name: 'Keep as question with passage 1' }).first().click();
      await dialog().getByRole('textbox', { name: 'Name of the new set' }).fill('From the bench');
      await pictures('retrieval', 'keep');
      await dialog().getByRole('button', { name: 'Keep', exact: true }).click();
      await expect(dialog()).toBeHidden();
      await tab('Evaluation').click();
      await expect(main().getByRole('heading', { name: 'From the bench' })).toBeVisible();
      await expect(main()).toContainText('1 question');
    });

    test('measures a set of questions and shows figures with their intervals', async () => {
      test.setTimeout(90_000);
      await answerDialog([join(folder, 'questions.json')]);
      await main().getByRole('button', { name: 'Import' }).click();
      await expect(main().getByRole('heading', { name: 'Harbour questions' })).toBeVisible();
      await main().getByRole('button', { name: 'Add the samples’ set' }).click();
      await expect(main().getByRole('heading', { name: 'Samples' })).toBeVisible();
      await main()
        .getByRole('button', { name: /^Knowledge bases:/ })
        .click();
      await page.getByRole('menuitemcheckbox', { name: /Harbour/ }).click();
      await page.getByRole('menuitemcheckbox', { name: /^default/i }).click();
      await page.keyboard.press('Escape');
      await main().getByRole('button', { name: 'Run', exact: true }).click();
      const figures = main().getByRole('table', { name: /Figures of each way/ });
      await expect(figures).toBeVisible({ timeout: 60_000 });
      await expect(figures.getByRole('row', { name: /nDCG@10/ })).toContainText(/[01]\.\d{3}/);
      await expect(main()).toContainText('Rightly not answered');
      await expect(main().getByRole('table', { name: 'Questions' })).toContainText(
        'Which port does the backend listen on?',
      );
      await pictures('retrieval', 'evaluation');
      await main().getByRole('button', { name: 'Which port does the backend listen on?', exact: true }).click();
      await expect(page.getByRole('dialog')).toContainText('What counts as right');
      await pictures('retrieval', 'question');
      await page.keyboard.press('Escape');
    });

    test('edits the questions of a set', async () => {
      await main().getByRole('button', { name: 'More about Samples' }).click();
      await page.getByRole('menuitem', { name: 'Edit the questions' }).click();
      await expect(main()).toContainText('Which port does the backend listen on?');
      await main().getByRole('button', { name: 'Add question' }).click();
      await expect(main()).toContainText('1 question not complete yet');
      await pictures('retrieval', 'editor');
      await main().getByRole('button', { name: 'Cancel' }).click();
      await expect(main().getByRole('heading', { name: 'Samples' })).toBeVisible();
    });

    test('names the embedding model in use', async () => {
      await tab('Embedding model').click();
      await expect(main().getByRole('region', { name: 'Model in use' })).toContainText('MiniLM', { timeout: 15_000 });
      await pictures('retrieval', 'embedding');
    });

    test('deletes the knowledge base only after its name was typed', async () => {
      await nav('Knowledge').click();
      await main()
        .getByRole('button', { name: /^Harbour/ })
        .click();
      await main().getByRole('button', { name: 'More about Harbour' }).click();
      await page.getByRole('menuitem', { name: 'Delete it' }).click();
      await expect(dialog()).toContainText(/6 documents with \d+ passages/);
      const button = dialog().getByRole('button', { name: 'Delete' });
      await expect(button).toBeDisabled();
      await dialog().getByRole('textbox').fill('Harbour');
      await button.click();
      await expect(main().getByRole('navigation', { name: 'Knowledge bases' })).not.toContainText('Harbour', {
        timeout: 15_000,
      });
    });
  });
