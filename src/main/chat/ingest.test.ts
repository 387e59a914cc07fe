/** Files on their way to the backend: which are sent, what becomes of each, what is taken back. */
import { createHash } from 'node:crypto';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { document, type FakeBackend, job, openBackend, send } from '../../../tests/unit/fake-backend.ts';
import { filesToSend } from './document-files.ts';

let backend: FakeBackend;
beforeEach(async () => {
  backend = await openBackend();
});
afterEach(() => backend.end());

/** Nothing is known by its hash. */
const unknown = (request: IncomingMessage, response: ServerResponse): boolean => {
  if (request.url?.endsWith('/documents/known') !== true) return false;
  send(response, 200, { items: [] });
  return true;
};

describe('ingest', () => {
  it('sends each file whole and follows its job; a refused one leaves the others alone', async () => {
    await writeFile(join(backend.folder, 'good.md'), 'Some words.');
    await writeFile(join(backend.folder, 'bad.pdf'), '%PDF-1.7');
    await writeFile(join(backend.folder, 'empty.txt'), '');
    const bodies: string[] = [];
    let polls = 0;
    backend.handle = (request, response, body) => {
      if (unknown(request, response)) return;
      if (request.method === 'POST') {
        bodies.push(body.toString());
        if (body.includes('bad.pdf')) send(response, 422, { code: 'pdf-corrupt', detail: 'Damaged.', status: 422 });
        else send(response, 202, { document: document(), job: job('queued'), deduplicated: false });
        return;
      }
      polls += 1;
      if (polls === 1)
        send(response, 200, { job: job('running'), document: document({ state: 'embedding', progress: 0.5 }) });
      else send(response, 200, { job: job('done'), document: document({ state: 'ready', progress: 1, chunks: 2 }) });
    };
    const files = ['good.md', 'bad.pdf', 'empty.txt', 'gone.md'].map((name) => ({
      path: join(backend.folder, name),
      name,
    }));
    const operation = await backend.runner.wait(await backend.chat.ingest(files));
    expect(operation.steps.map((step) => [step.label, step.state, step.problem?.code ?? step.detail])).toEqual([
      ['good.md', 'done', '2 passages'],
      ['bad.pdf', 'failed', 'document-corrupt'],
      ['empty.txt', 'failed', 'document-empty'],
      ['gone.md', 'failed', 'document-missing'],
    ]);
    expect(operation).toMatchObject({ state: 'failed', problem: { code: 'documents-refused' } });
    expect(bodies.find((body) => body.includes('good.md'))).toMatch(
      /name="sourceUri"\r\n\r\ngood\.md\r\n[\s\S]*filename="good\.md"[\s\S]*\r\n\r\nSome words\.\r\n--/,
    );
    expect(bodies.some((body) => body.includes('empty.txt'))).toBe(false);
  });

  it('says when the very same document is there already', async () => {
    await writeFile(join(backend.folder, 'again.md'), 'Some words.');
    // A backend that knows no hashes is sent the bytes.
    backend.handle = (request, response) => {
      if (request.url?.endsWith('/documents/known') === true)
        send(response, 404, { code: 'not-found', detail: 'Nothing answers at this address.', status: 404 });
      else send(response, 200, { document: document({ state: 'ready', chunks: 1 }), job: null, deduplicated: true });
    };
    const operation = await backend.runner.wait(
      await backend.chat.ingest([{ path: join(backend.folder, 'again.md'), name: 'again.md' }]),
    );
    expect(operation).toMatchObject({ state: 'done', outcome: 'The document is ready' });
    expect(operation.steps[0]?.detail).toBe('Already there: 1 passage');
  });

  it('sends no byte of what is in already, as its hash tells, but each of two files that share a name', async () => {
    await mkdir(join(backend.folder, 'other'));
    for (const path of ['same.md', 'new.md', 'twice.md', 'other/twice.md'])
      await writeFile(join(backend.folder, path), path);
    const asked: unknown[] = [];
    const sent: string[] = [];
    backend.handle = (request, response, body) => {
      if (request.url === '/v1/knowledge-bases/Papers/documents/known') {
        asked.push(JSON.parse(body.toString()));
        send(response, 200, { items: [{ sourceUri: 'same.md', documentId: 'd1', chunks: 3 }] });
        return;
      }
      sent.push(/filename="([^"]+)"/.exec(body.toString())?.[1] ?? '');
      send(response, 200, { document: document({ state: 'ready', chunks: 1 }), job: null, deduplicated: true });
    };
    const files = ['same.md', 'new.md', 'twice.md', 'other/twice.md'].map((path) => ({
      path: join(backend.folder, path),
      name: path.replace('other/', ''),
    }));
    const operation = await backend.runner.wait(await backend.chat.ingest(files, 'Papers'));
    expect(operation.steps.map(({ detail }) => detail)).toEqual([
      'Already there: 3 passages',
      'Already there: 1 passage',
      'Already there: 1 passage',
      'Already there: 1 passage',
    ]);
    expect(sent.sort()).toEqual(['new.md', 'twice.md', 'twice.md']);
    const sha256 = createHash('sha256').update('same.md').digest('hex');
    expect(asked).toEqual([{ files: expect.arrayContaining([{ sourceUri: 'same.md', sha256 }]) as unknown }]);
    expect((asked[0] as { files: unknown[] }).files).toHaveLength(2);
  });

  it('takes back what was under way when it is cancelled', async () => {
    await writeFile(join(backend.folder, 'slow.md'), 'Some words.');
    const removed: (string | undefined)[] = [];
    backend.handle = (request, response) => {
      if (unknown(request, response)) return;
      if (request.method === 'DELETE') {
        removed.push(request.url);
        send(response, 202, { job: job('queued') });
      } else if (request.method === 'POST')
        send(response, 202, { document: document(), job: job('queued'), deduplicated: false });
      else {
        send(response, 200, { job: job('running'), document: document({ state: 'embedding' }) });
        backend.runner.cancel(id);
      }
    };
    const id = await backend.chat.ingest([{ path: join(backend.folder, 'slow.md'), name: 'slow.md' }]);
    expect((await backend.runner.wait(id)).state).toBe('cancelled');
    expect(removed).toEqual(['/v1/documents/d1']);
  });
});

describe('filesToSend', () => {
  it('opens folders, in order, without what is hidden, linked or of another kind', async () => {
    await mkdir(join(backend.folder, 'docs', 'deep', '.git'), { recursive: true });
    for (const name of ['b.md', 'a.TXT', 'image.png', 'deep/c.html', 'deep/.git/config.md', '.hidden.md'])
      await writeFile(join(backend.folder, 'docs', name), 'x');
    await symlink('/etc/passwd', join(backend.folder, 'docs', 'link.md'));
    const files = await filesToSend([{ path: join(backend.folder, 'docs'), name: 'docs' }]);
    expect(files.map((file) => file.name)).toEqual(['docs/a.TXT', 'docs/b.md', 'docs/deep/c.html']);
    expect(files.every((file) => file.refused === null)).toBe(true);
  });
  it('names what cannot be sent before a byte moves', async () => {
    await mkdir(join(backend.folder, 'nothing'));
    await writeFile(join(backend.folder, 'huge.txt'), '');
    await truncate(join(backend.folder, 'huge.txt'), 51 * 1024 * 1024);
    const offered = ['nothing', 'huge.txt', 'missing.md'].map((name) => ({ path: join(backend.folder, name), name }));
    expect((await filesToSend(offered)).map((file) => file.refused?.problem.code)).toEqual([
      'document-folder-empty',
      'document-too-large',
      'document-missing',
    ]);
  });
});
