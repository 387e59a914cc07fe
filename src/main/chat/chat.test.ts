import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatEvent, DocumentInfo } from '../../shared/model/chat.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import { createOperationRunner } from '../operations/runner.ts';
import { type Chat, createChat } from './chat.ts';
import { filesToSend } from './document-files.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;
let handle: Handler;
let server: Server;
let url: string | null;
let chat: Chat;
let runner: OperationRunner;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-chat-'));
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => handle(request, response, Buffer.concat(parts)));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  runner = createOperationRunner({ journalDir: join(folder, 'journal'), environment: 'dev' });
  chat = createChat({ access: { url: () => url, token: async () => 'the-token' }, runner, stack: 'quayside-dev' });
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await runner.close();
  await rm(folder, { recursive: true, force: true });
});

const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
const document = (change: Partial<DocumentInfo> = {}): DocumentInfo => ({
  id: 'd1',
  title: 'Notes',
  sourceName: 'notes.md',
  mime: 'text/markdown',
  bytes: 3,
  chunks: 0,
  pages: null,
  state: 'queued',
  progress: 0,
  error: null,
  kbId: 'k1',
  tags: [],
  notices: [],
  remainingMs: null,
  sourceId: null,
  createdAtMs: 1,
  updatedAtMs: 1,
  ...change,
});
/** Nothing is known by its hash. */
const unknown = (request: IncomingMessage, response: ServerResponse): boolean => {
  if (request.url?.endsWith('/documents/known') !== true) return false;
  send(response, 200, { items: [] });
  return true;
};
const job = (state: string, error: { code: string; message: string } | null = null) => ({
  id: 'j1',
  documentId: 'd1',
  state,
  error,
});
const event = (id: number, name: string, data: unknown): string =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const run = { runId: 'r1', conversationId: 'c1', messageId: 'm1', provider: 'embedded', model: 'x' };
const usage = { retrievalMs: 1, ttftMs: 2, totalMs: 3, inputTokens: 0 };

async function ask(signal?: AbortSignal): Promise<ChatEvent[]> {
  const events: ChatEvent[] = [];
  await chat.ask({ conversationId: 'c1', question: 'Which port?' }, (item) => events.push(item), signal);
  return events;
}

describe('calls', () => {
  it('send the token and give back what the panel shows', async () => {
    let seen: unknown;
    handle = (request, response) => {
      seen = [request.method, request.url, request.headers.authorization];
      send(response, 200, {
        items: [{ id: 'c1', title: 'T', createdAtMs: 1, updatedAtMs: 2, newer: true }],
        nextCursor: null,
      });
    };
    expect(await chat.conversations()).toEqual([{ id: 'c1', title: 'T', kbIds: [], createdAtMs: 1, updatedAtMs: 2 }]);
    expect(seen).toEqual(['GET', '/v1/conversations?limit=200', 'Bearer the-token']);
  });

  it('say that the stack is not running, with the way to start it', async () => {
    const refused = { problem: { code: 'stack-not-running', remedies: [{ action: 'start-stack' }] } };
    url = 'http://127.0.0.1:9';
    await expect(chat.conversations()).rejects.toMatchObject(refused);
    url = null;
    await expect(chat.conversations()).rejects.toMatchObject(refused);
    await expect(chat.ingest([{ path: '/x', name: 'x' }])).rejects.toMatchObject(refused);
    await expect(ask()).rejects.toMatchObject(refused);
  });

  it.each([
    [422, { code: 'empty-question', detail: 'Write a question first.', status: 422 }, 'question-empty'],
    [401, { code: 'unauthorized', detail: 'no', status: 401 }, 'backend-token-refused'],
    [503, { code: 'embedding-unavailable', detail: 'no', status: 503 }, 'embedding-unavailable'],
    [500, { code: 'Not A Code!', detail: 'no', status: 500 }, 'backend-failed'],
    [502, 'a proxy page', 'backend-failed'],
  ])('name a refusal %i', async (status, body, code) => {
    handle = (_request, response) => send(response, status, body);
    await expect(chat.conversations()).rejects.toMatchObject({ problem: { code } });
  });

  it('do not trust an answer of another shape', async () => {
    handle = (_request, response) => send(response, 200, { items: [{ id: 1 }] });
    await expect(chat.conversations()).rejects.toMatchObject({ problem: { code: 'backend-mismatch' } });
  });

  it('read all pages of documents and translate their failures', async () => {
    handle = (request, response) => {
      const second = request.url?.includes('cursor=d1') === true;
      const failed = document({ id: 'd2', state: 'failed', error: { code: 'pdf-corrupt', message: 'Damaged.' } });
      send(response, 200, second ? { items: [failed], nextCursor: null } : { items: [document()], nextCursor: 'd1' });
    };
    const documents = await chat.documents();
    expect(documents.map((entry) => [entry.id, entry.error?.code ?? null])).toEqual([
      ['d1', null],
      ['d2', 'document-corrupt'],
    ]);
  });

  it('wait until a deleted document is really gone', async () => {
    const states = ['queued', 'running', 'done'];
    let asked = 0;
    handle = (request, response) => {
      if (request.method === 'DELETE') send(response, 202, { document: document(), job: job('queued') });
      else send(response, 200, { job: job(states[asked++] ?? 'done'), document: null });
    };
    await chat.deleteDocument('d1');
    expect(asked).toBe(3);
  });
});

describe('ask', () => {
  it('hands on events in order, whatever the pieces they arrive in', async () => {
    const text =
      event(1, 'run', run) +
      event(2, 'status', { phase: 'retrieving' }) +
      ': alive\n\n' +
      event(3, 'delta', { text: 'Größe 🙂' }) +
      event(4, 'notice', { code: 'newer' }) +
      event(5, 'usage', usage) +
      event(6, 'done', { status: 'completed', messageId: 'm1' });
    handle = (_request, response, body) => {
      expect(JSON.parse(body.toString())).toEqual({ question: 'Which port?' });
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const byte of Buffer.from(text)) response.write(Buffer.from([byte]));
      response.end();
    };
    const events = await ask();
    expect(events.map((entry) => entry.type)).toEqual(['run', 'status', 'delta', 'usage', 'done']);
    expect(events[2]).toEqual({ type: 'delta', text: 'Größe 🙂' });
  });

  it('picks up a broken connection where it was, without repeating anything', async () => {
    const asked: (string | undefined)[] = [];
    handle = (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      asked.push(request.headers['last-event-id'] as string | undefined);
      if (asked.length === 1) {
        response.write(event(1, 'run', run) + event(2, 'delta', { text: 'a' }), () => response.destroy());
        return;
      }
      if (asked.length === 2) {
        response.write(event(2, 'delta', { text: 'a' }) + event(3, 'delta', { text: 'b' }), () => response.destroy());
        return;
      }
      response.end(event(4, 'delta', { text: 'c' }) + event(5, 'done', { status: 'completed', messageId: 'm1' }));
    };
    const events = await ask();
    expect(events.map((entry) => (entry.type === 'delta' ? entry.text : entry.type))).toEqual([
      'run',
      'a',
      'b',
      'c',
      'done',
    ]);
    expect(asked).toEqual([undefined, '2', '3']);
  });

  it('rejects with the reason after an answer that failed', async () => {
    handle = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const failure = { code: 'provider-auth', detail: 'The key was refused.', status: 502 };
      response.end(
        event(1, 'run', run) + event(2, 'error', failure) + event(3, 'done', { status: 'error', messageId: 'm1' }),
      );
    };
    const events: ChatEvent[] = [];
    await expect(chat.ask({ conversationId: 'c1', question: 'q' }, (item) => events.push(item))).rejects.toMatchObject({
      problem: { code: 'provider-auth', remedies: [{ action: 'open-page', page: 'settings' }] },
    });
    expect(events.at(-1)).toMatchObject({ type: 'done', status: 'error' });
  });

  it('ends quietly when its reader leaves', async () => {
    const abort = new AbortController();
    handle = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event(1, 'run', run));
    };
    const types: string[] = [];
    await chat.ask(
      { conversationId: 'c1', question: 'q' },
      (item) => {
        types.push(item.type);
        abort.abort();
      },
      abort.signal,
    );
    expect(types).toEqual(['run']);
  });
});

describe('ingest', () => {
  it('sends each file whole and follows its job; a refused one leaves the others alone', async () => {
    await writeFile(join(folder, 'good.md'), 'Some words.');
    await writeFile(join(folder, 'bad.pdf'), '%PDF-1.7');
    await writeFile(join(folder, 'empty.txt'), '');
    const bodies: string[] = [];
    let polls = 0;
    handle = (request, response, body) => {
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
    const files = ['good.md', 'bad.pdf', 'empty.txt', 'gone.md'].map((name) => ({ path: join(folder, name), name }));
    const operation = await runner.wait(await chat.ingest(files));
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
    await writeFile(join(folder, 'again.md'), 'Some words.');
    // A backend that knows no hashes is sent the bytes.
    handle = (request, response) => {
      if (request.url?.endsWith('/documents/known') === true)
        send(response, 404, { code: 'not-found', detail: 'Nothing answers at this address.', status: 404 });
      else send(response, 200, { document: document({ state: 'ready', chunks: 1 }), job: null, deduplicated: true });
    };
    const operation = await runner.wait(await chat.ingest([{ path: join(folder, 'again.md'), name: 'again.md' }]));
    expect(operation).toMatchObject({ state: 'done', outcome: 'The document is ready' });
    expect(operation.steps[0]?.detail).toBe('Already there: 1 passage');
  });

  it('sends no byte of what is in already, as its hash tells, but each of two files that share a name', async () => {
    await mkdir(join(folder, 'other'));
    for (const path of ['same.md', 'new.md', 'twice.md', 'other/twice.md']) await writeFile(join(folder, path), path);
    const asked: unknown[] = [];
    const sent: string[] = [];
    handle = (request, response, body) => {
      if (request.url === '/v1/knowledge-bases/Papers/documents/known') {
        asked.push(JSON.parse(body.toString()));
        send(response, 200, { items: [{ sourceUri: 'same.md', documentId: 'd1', chunks: 3 }] });
        return;
      }
      sent.push(/filename="([^"]+)"/.exec(body.toString())?.[1] ?? '');
      send(response, 200, { document: document({ state: 'ready', chunks: 1 }), job: null, deduplicated: true });
    };
    const files = ['same.md', 'new.md', 'twice.md', 'other/twice.md'].map((path) => ({
      path: join(folder, path),
      name: path.replace('other/', ''),
    }));
    const operation = await runner.wait(await chat.ingest(files, 'Papers'));
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
    await writeFile(join(folder, 'slow.md'), 'Some words.');
    const removed: (string | undefined)[] = [];
    handle = (request, response) => {
      if (unknown(request, response)) return;
      if (request.method === 'DELETE') {
        removed.push(request.url);
        send(response, 202, { job: job('queued') });
      } else if (request.method === 'POST')
        send(response, 202, { document: document(), job: job('queued'), deduplicated: false });
      else {
        send(response, 200, { job: job('running'), document: document({ state: 'embedding' }) });
        runner.cancel(id);
      }
    };
    const id = await chat.ingest([{ path: join(folder, 'slow.md'), name: 'slow.md' }]);
    expect((await runner.wait(id)).state).toBe('cancelled');
    expect(removed).toEqual(['/v1/documents/d1']);
  });
});

describe('filesToSend', () => {
  it('opens folders, in order, without what is hidden, linked or of another kind', async () => {
    await mkdir(join(folder, 'docs', 'deep', '.git'), { recursive: true });
    for (const name of ['b.md', 'a.TXT', 'image.png', 'deep/c.html', 'deep/.git/config.md', '.hidden.md'])
      await writeFile(join(folder, 'docs', name), 'x');
    await symlink('/etc/passwd', join(folder, 'docs', 'link.md'));
    const files = await filesToSend([{ path: join(folder, 'docs'), name: 'docs' }]);
    expect(files.map((file) => file.name)).toEqual(['docs/a.TXT', 'docs/b.md', 'docs/deep/c.html']);
    expect(files.every((file) => file.refused === null)).toBe(true);
  });
  it('names what cannot be sent before a byte moves', async () => {
    await mkdir(join(folder, 'nothing'));
    await writeFile(join(folder, 'huge.txt'), '');
    await truncate(join(folder, 'huge.txt'), 51 * 1024 * 1024);
    const offered = ['nothing', 'huge.txt', 'missing.md'].map((name) => ({ path: join(folder, name), name }));
    expect((await filesToSend(offered)).map((file) => file.refused?.problem.code)).toEqual([
      'document-folder-empty',
      'document-too-large',
      'document-missing',
    ]);
  });
});

describe('notices', () => {
  it('that were stored with an answer are told in the same words', async () => {
    const stored = {
      id: 'm2',
      conversationId: 'c1',
      role: 'assistant',
      text: 'x',
      status: 'completed',
      sources: [],
      citations: [],
      provider: 'embedded',
      createdAtMs: 1,
    };
    const more = {
      notices: [{ code: 'answer_truncated', maxTokens: 9 }, { code: 'of_tomorrow' }],
      nearest: ['Harbour rules'],
      usage: { inputTokens: 1, outputTokens: 2, estimated: true, ttftMs: 3, retrievalMs: 2, totalMs: 4 },
    };
    handle = (_request, response) => send(response, 200, { items: [stored, { ...stored, ...more }], nextCursor: null });
    expect(await chat.messages('c1')).toMatchObject([
      { notices: [], nearest: [], timings: null },
      {
        notices: [{ code: 'answer_truncated', message: 'The answer was cut at its greatest length.' }],
        nearest: ['Harbour rules'],
        timings: { retrievalMs: 2, ttftMs: 3, totalMs: 4 },
      },
    ]);
  });
  it('are told in words, and passed over where there are none', async () => {
    const notice = {
      code: 'context_truncated',
      passages: { given: 3, of: 8 },
      turns: { given: 0, of: 0 },
      windowTokens: 512,
    };
    handle = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(
        event(1, 'run', run) +
          event(2, 'notice', notice) +
          event(3, 'notice', { code: 'of_tomorrow', more: 1 }) +
          event(4, 'citation', { n: 1, answerStart: 0, answerEnd: 3, markStart: 4, markEnd: 7, support: 'strong' }) +
          event(5, 'done', { status: 'completed', messageId: 'm1' }),
      );
    };
    expect((await ask()).slice(1, 3)).toEqual([
      {
        type: 'notice',
        code: 'context_truncated',
        message: 'The model read 3 of 8 passages: more do not fit what it reads at once.',
      },
      {
        type: 'citation',
        citation: { n: 1, answerStart: 0, answerEnd: 3, markStart: 4, markEnd: 7, support: 'strong' },
      },
    ]);
  });
});

describe('watchDocuments', () => {
  it('tells the list at once, after each change, and again after the backend was away', async () => {
    let streams: ServerResponse[] = [];
    let connections = 0;
    let title = 'first';
    handle = (request, response) => {
      if (request.url === '/v1/events') {
        connections += 1;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('event: documents\ndata: {"ids":[]}\n\n');
        streams.push(response);
      } else send(response, 200, { items: [document({ title })], nextCursor: null });
    };
    const told: string[] = [];
    const stop = chat.watchDocuments((documents) => told.push(documents.map((entry) => entry.title).join()));
    await expect.poll(() => told).toEqual(['first']);
    title = 'second';
    streams[0]?.write('event: documents\ndata: {"ids":["d1"]}\n\n');
    await expect.poll(() => told).toEqual(['first', 'second']);
    title = 'third';
    const broken = streams;
    streams = [];
    for (const stream of broken) stream.destroy();
    await expect.poll(() => told, { timeout: 15_000 }).toEqual(['first', 'second', 'third']);
    stop();
    expect(connections).toBe(2);
    await expect.poll(() => streams.every((stream) => stream.destroyed || stream.closed)).toBe(true);
  });
});
