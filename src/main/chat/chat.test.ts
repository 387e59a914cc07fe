/** Calls of the backend: what is sent, what is shown of the answer, what a refusal is called; and the documents as they change. */
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { document, type FakeBackend, job, openBackend, send } from '../../../tests/unit/fake-backend.ts';

let backend: FakeBackend;
beforeEach(async () => {
  backend = await openBackend();
});
afterEach(() => backend.end());

describe('calls', () => {
  it('send the token and give back what the panel shows', async () => {
    let seen: unknown;
    backend.handle = (request, response) => {
      seen = [request.method, request.url, request.headers.authorization];
      send(response, 200, {
        items: [{ id: 'c1', title: 'T', createdAtMs: 1, updatedAtMs: 2, newer: true }],
        nextCursor: null,
      });
    };
    expect(await backend.chat.conversations()).toEqual([
      { id: 'c1', title: 'T', kbIds: [], createdAtMs: 1, updatedAtMs: 2 },
    ]);
    expect(seen).toEqual(['GET', '/v1/conversations?limit=200', 'Bearer the-token']);
  });

  it('say that the stack is not running, with the way to start it', async () => {
    const refused = { problem: { code: 'stack-not-running', remedies: [{ action: 'start-stack' }] } };
    backend.url = 'http://127.0.0.1:9';
    await expect(backend.chat.conversations()).rejects.toMatchObject(refused);
    backend.url = null;
    await expect(backend.chat.conversations()).rejects.toMatchObject(refused);
    await expect(backend.chat.ingest([{ path: '/x', name: 'x' }])).rejects.toMatchObject(refused);
    await expect(backend.ask()).rejects.toMatchObject(refused);
  });

  it.each([
    [422, { code: 'empty-question', detail: 'Write a question first.', status: 422 }, 'question-empty'],
    [401, { code: 'unauthorized', detail: 'no', status: 401 }, 'backend-token-refused'],
    [503, { code: 'embedding-unavailable', detail: 'no', status: 503 }, 'embedding-unavailable'],
    [500, { code: 'Not A Code!', detail: 'no', status: 500 }, 'backend-failed'],
    [502, 'a proxy page', 'backend-failed'],
  ])('name a refusal %i', async (status, body, code) => {
    backend.handle = (_request, response) => send(response, status, body);
    await expect(backend.chat.conversations()).rejects.toMatchObject({ problem: { code } });
  });

  it('do not trust an answer of another shape', async () => {
    backend.handle = (_request, response) => send(response, 200, { items: [{ id: 1 }] });
    await expect(backend.chat.conversations()).rejects.toMatchObject({ problem: { code: 'backend-mismatch' } });
  });

  it('read all pages of documents and translate their failures', async () => {
    backend.handle = (request, response) => {
      const second = request.url?.includes('cursor=d1') === true;
      const failed = document({ id: 'd2', state: 'failed', error: { code: 'pdf-corrupt', message: 'Damaged.' } });
      send(response, 200, second ? { items: [failed], nextCursor: null } : { items: [document()], nextCursor: 'd1' });
    };
    const documents = await backend.chat.documents();
    expect(documents.map((entry) => [entry.id, entry.error?.code ?? null])).toEqual([
      ['d1', null],
      ['d2', 'document-corrupt'],
    ]);
  });

  it('wait until a deleted document is really gone', async () => {
    const states = ['queued', 'running', 'done'];
    let asked = 0;
    backend.handle = (request, response) => {
      if (request.method === 'DELETE') send(response, 202, { document: document(), job: job('queued') });
      else send(response, 200, { job: job(states[asked++] ?? 'done'), document: null });
    };
    await backend.chat.deleteDocument('d1');
    expect(asked).toBe(3);
  });

  it('do not wait for a deletion that cannot begin, and say what it waits for', async () => {
    const error = { code: 'vector-store-unavailable', message: 'The vector store does not answer.' };
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      backend.handle = (request, response) => {
        vi.setSystemTime(Date.now() + 6000);
        if (request.method === 'DELETE') send(response, 202, { document: document(), job: job('queued') });
        else send(response, 200, { job: job('queued', error), document: null });
      };
      await expect(backend.chat.deleteDocument('d1')).rejects.toMatchObject({
        problem: {
          code: 'deletion-waits',
          cause: expect.stringMatching(/no longer found.*The vector store does not answer\.$/),
          remedies: [{ page: 'health' }],
        },
      });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('watchDocuments', () => {
  it('tells the list at once, after each change, and again after the backend was away', async () => {
    let streams: ServerResponse[] = [];
    let connections = 0;
    let title = 'first';
    backend.handle = (request, response) => {
      if (request.url === '/v1/events') {
        connections += 1;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('event: documents\ndata: {"ids":[]}\n\n');
        streams.push(response);
      } else send(response, 200, { items: [document({ title })], nextCursor: null });
    };
    const told: string[] = [];
    const stop = backend.chat.watchDocuments((documents) => told.push(documents.map((entry) => entry.title).join()));
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
