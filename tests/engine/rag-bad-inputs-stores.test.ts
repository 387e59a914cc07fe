/** Stores and services that are away or lie, rows 22 to 25 of the list that rag-bad-inputs.test.ts begins with. All of it is done for real. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { JsonObject } from '../../src/main/engine/engine-client.ts';
import { type Answer, type RagStack, startRagStack, statusAndCode } from './rag-stack.ts';

let stack: RagStack;
beforeAll(async () => {
  stack = await startRagStack();
  await stack.added('Ropes', 'The mooring rope of the Halcyon is forty metres long.');
}, 900_000);
/** Whatever went wrong in one, the next finds all of it standing. */
afterEach(() => stack.healthy(), 180_000);
afterAll(async () => stack?.close());

let asked = 0;
/** A question that no cache has seen. */
const fresh = (): string => {
  asked += 1;
  return `How long is mooring rope number ${asked} of the Halcyon?`;
};
const search = (more: object = {}): Promise<Answer> =>
  stack.call('POST', '/v1/search', { body: { query: fresh(), ...more } });
const ready = async (): Promise<number> => (await stack.call('GET', '/health/ready', { token: null })).status;
const becomesReady = (status: number): Promise<void> =>
  vi.waitFor(async () => expect(await ready()).toBe(status), { timeout: 60_000, interval: 200 });
const vectorsOf = async (document: string): Promise<number> => {
  const filter = { must: [{ key: 'doc', match: { value: document } }] };
  return (await stack.qdrant('POST', '/collections/chunks/points/count', { exact: true, filter })).json.result.count;
};

/** Speaks like the embedding service and lies as it is told to under /mode/. */
const liar = `
let mode = 'dim';
const one = (n, length) => { const v = Array(n).fill(0); v[0] = length; return v; };
const vectors = {
  dim: (texts) => texts.map(() => one(3, 1)),
  long: (texts) => texts.map(() => one(384, 2)),
  zero: (texts) => texts.map(() => one(384, 0)),
  few: (texts) => texts.slice(1).map(() => one(384, 1)),
  endless: (texts) => texts.map(() => one(384, 1)),
};
require('node:http').createServer((request, response) => {
  let body = '';
  request.on('data', (part) => { body += part; });
  request.on('end', () => {
    const send = (value) => response.setHeader('content-type', 'application/json').end(typeof value === 'string' ? value : JSON.stringify(value));
    if (request.url.startsWith('/mode/')) { mode = request.url.slice(6); return send({ mode }); }
    if (!request.url.startsWith('/v1/')) return send({ status: 'healthy' });
    const { inputs = [], model = '' } = body === '' ? {} : JSON.parse(body);
    if (request.url.startsWith('/v1/tokenize')) return send({ model, counts: inputs.map((text) => text.split(' ').length) });
    if (!request.url.startsWith('/v1/embed')) return send({ items: [] });
    if (mode === 'status') { response.statusCode = 500; return send('{"detail":"secret of the inside"}'); }
    if (mode === 'words') return send('no JSON');
    const text = JSON.stringify({ model, dim: mode === 'dim' ? 3 : 384, vectors: vectors[mode === 'nan' ? 'endless' : mode](inputs) });
    // JSON has no word for it; this is what a careless service writes.
    send(mode === 'nan' ? text.replace('[1,', '[NaN,') : mode === 'endless' ? text.replace('[1,', '[1e999,') : text);
  });
}).listen(8000);
`;

describe('#22 the embedding service is away or lies: 503 embedding-unavailable, words still find, nothing wrong is stored', () => {
  it('away', async () => {
    await stack.stop('nlp');
    const without = await search();
    expect(statusAndCode(without)).toEqual([503, 'embedding-unavailable']);
    expect(without.headers.get('retry-after')).toBe('5');
    expect((await search({ mode: 'bm25' })).json.hits[0].text).toContain('forty metres');
    const { json } = await stack.upload('late.md', '# Late\n\nThe late ferry leaves at eleven.\n');
    await vi.waitFor(
      async () =>
        expect((await stack.call('GET', `/v1/jobs/${json.job.id}`)).json.job).toMatchObject({
          state: 'queued',
          error: { code: 'embedding-unavailable' },
        }),
      { timeout: 60_000, interval: 100 },
    );
    await stack.healthy();
    expect(await stack.jobEnds(json.job.id)).toMatchObject({ state: 'done' });
    expect((await search()).status).toBe(200);
  });

  it('lies', { timeout: 300_000 }, async () => {
    const engine = stack.core.monitor.client();
    const owner = { project: stack.core.environment.project };
    const Image = await stack.image('backend');
    await stack.stop('nlp');
    const network = `${owner.project}_default`;
    const { id } = await engine.createContainer(`${owner.project}-nlp-liar`, {
      Image,
      Entrypoint: ['node', '-e', liar],
      Cmd: [],
      Labels: { 'com.docker.compose.project': owner.project },
      HostConfig: { NetworkMode: network, Init: true },
      NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: ['nlp'] } } },
    } as JsonObject);
    try {
      await engine.startContainer(id, owner);
      const { NetworkSettings } = ((await engine.inspectContainer(id)) ?? {}) as {
        NetworkSettings: { Networks: Record<string, { IPAddress: string }> };
      };
      const at = `http://${NetworkSettings.Networks[network]?.IPAddress}:8000`;
      const tell = (mode: string): Promise<unknown> =>
        vi.waitFor(async () => (await fetch(`${at}/mode/${mode}`)).json(), { timeout: 20_000 });
      await tell('dim');
      const { json } = await stack.upload('lied.md', '# Lied\n\nThe lied-to ferry leaves at noon.\n');
      for (const mode of ['dim', 'long', 'zero', 'few', 'nan', 'endless', 'status', 'words']) {
        await tell(mode);
        const answer = await search();
        expect([mode, ...statusAndCode(answer)]).toEqual([mode, 503, 'embedding-unavailable']);
        expect(answer.text).not.toContain('secret of the inside');
      }
      await vi.waitFor(
        async () => expect((await stack.call('GET', `/v1/jobs/${json.job.id}`)).json.job.attempts).toBeGreaterThan(1),
        { timeout: 60_000, interval: 100 },
      );
      expect(await vectorsOf(json.document.id)).toBe(0);
      await engine.removeContainer(id, owner, { force: true });
      await stack.healthy();
      expect(await stack.jobEnds(json.job.id, 120_000)).toMatchObject({ state: 'done' });
      expect((await search()).json.hits[0].text).toContain('forty metres');
    } finally {
      await engine.removeContainer(id, owner, { force: true }).catch(() => undefined);
    }
  });
});

describe('#23 the vector store is away, lost its collection, or holds another kind of vectors', () => {
  it('away: 503 vector-store-unavailable, and not ready', async () => {
    await stack.stop('qdrant');
    expect(statusAndCode(await search())).toEqual([503, 'vector-store-unavailable']);
    await becomesReady(503);
    expect((await stack.call('GET', '/health', { token: null })).json.checks.qdrant.status).toBe('down');
    await stack.healthy();
    await becomesReady(200);
    expect((await search()).status).toBe(200);
  });

  it('away for long: what is read in waits and says why, an edit takes its place, and what is deleted goes when it is back', async () => {
    const text = (edition: number): string => `# Tug\n\nIn edition ${edition} the tug Pelikan tows at dawn.\n`;
    const going = await stack.added('Going', 'The lantern of the Halcyon is going ashore.');
    await stack.stop('qdrant');
    const waiting = async (job: string, attempts: number): Promise<void> => {
      await vi.waitFor(
        async () => {
          const { job: now } = (await stack.call('GET', `/v1/jobs/${job}`)).json;
          expect(now).toMatchObject({ state: 'queued', error: { code: 'vector-store-unavailable' } });
          expect(now.attempts).toBeGreaterThanOrEqual(attempts);
        },
        { timeout: 60_000, interval: 100 },
      );
    };
    const { json: first } = await stack.upload('tug.md', text(1));
    await waiting(first.job.id, 1);
    expect((await stack.call('GET', `/v1/documents/${first.document.id}`)).json).toMatchObject({
      state: 'queued',
      error: { code: 'vector-store-unavailable', message: 'The vector store does not answer.' },
    });
    const removal = (await stack.call('DELETE', `/v1/documents/${going}`)).json.job;
    await waiting(removal.id, 1);
    // As if it had been away for longer than anything else is tried.
    await stack.sql(`update jobs set attempts = 30 where id in ('${first.job.id}', '${removal.id}')`);
    await waiting(first.job.id, 31);
    await waiting(removal.id, 31);

    const { json: second } = await stack.upload('tug.md', text(2));
    expect(await stack.jobEnds(first.job.id)).toMatchObject({ state: 'cancelled', error: null });
    await stack.healthy();
    expect(await stack.jobEnds(removal.id, 120_000)).toMatchObject({ state: 'done', result: { vectorsRemaining: 0 } });
    expect(await vectorsOf(going)).toBe(0);
    expect(await stack.jobEnds(second.job.id, 120_000)).toMatchObject({ state: 'done', error: null });
    expect((await stack.call('GET', `/v1/documents/${second.document.id}`)).json).toMatchObject({
      id: first.document.id,
      state: 'ready',
      error: null,
    });
    const { hits } = (await search({ query: 'When does the tug Pelikan tow?' })).json;
    expect(hits[0].text).toContain('In edition 2 ');
  });

  it('without its collection: 503, not ready; of another size: 500 embedding-profile-mismatch; made again, it is filled again', async () => {
    const { aliases } = (await stack.qdrant('GET', '/aliases')).json.result;
    const collection = `/collections/${aliases[0].collection_name}`;
    expect((await stack.qdrant('DELETE', collection)).status).toBe(200);
    expect(statusAndCode(await search())).toEqual([503, 'vector-store-unavailable']);
    await becomesReady(503);
    const foreign = {
      vectors: { dense: { size: 4, distance: 'Cosine' } },
      sparse_vectors: { bm25: { modifier: 'idf' } },
    };
    expect((await stack.qdrant('PUT', collection, foreign)).status).toBe(200);
    expect(statusAndCode(await search())).toEqual([500, 'embedding-profile-mismatch']);
    expect((await stack.qdrant('DELETE', collection)).status).toBe(200);
    // What starts without its collection makes it, and reads in again what stood in it.
    await stack.kill('backend');
    await stack.start('backend');
    await becomesReady(200);
    await vi.waitFor(
      async () => {
        const { status, json } = await search();
        expect([status, json.hits?.[0]?.text]).toEqual([200, expect.stringContaining('forty metres')]);
      },
      { timeout: 60_000, interval: 300 },
    );
  });
});

describe('#24 the database has no connection left, or goes in the middle: 503 database-unavailable; an answer under way ends', () => {
  it('all connections taken: after five seconds', async () => {
    // A statement of its own connection keeps everybody waiting who wants documents, and ends by itself.
    const held = stack.sql(
      "set lock_timeout = '10s'; begin; lock table documents in access exclusive mode; select pg_sleep(15)",
    );
    await vi.waitFor(
      async () =>
        expect(await stack.sql("select count(*) from pg_stat_activity where wait_event = 'PgSleep'")).toEqual(['1']),
      { timeout: 20_000 },
    );
    const startedAt = performance.now();
    const waiting = Array.from({ length: 14 }, async () => {
      const answer = await stack.call('GET', '/v1/documents', { signal: AbortSignal.timeout(40_000) });
      return { answer, afterMs: performance.now() - startedAt };
    });
    const ends = await Promise.all(waiting);
    await held;
    const refused = ends.filter(({ answer }) => answer.status !== 200);
    // Those who got one of the ten connections were only late.
    expect(ends.length - refused.length).toBeGreaterThan(2);
    expect(refused.length).toBeGreaterThanOrEqual(4);
    for (const { answer, afterMs } of refused) {
      expect(statusAndCode(answer)).toEqual([503, 'database-unavailable']);
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(afterMs).toBeGreaterThan(4000);
    }
    expect((await stack.call('GET', '/v1/documents')).status).toBe(200);
  });

  it('killed in the middle of an answer: error and done, and the answer is there when the database is', async () => {
    const service = createServer((request, response) => {
      request.resume();
      if (request.url?.endsWith('/models') === true) return void response.end('{"data":[{"id":"slow"}]}');
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const say = (data: unknown): boolean => response.write(`data: ${JSON.stringify(data)}\n\n`);
      say({ choices: [{ delta: { content: 'The rope is forty metres long [1].' } }] });
      heard();
      void killed.then(() => {
        say({ choices: [{ delta: {}, finish_reason: 'stop' }] });
        response.end('data: [DONE]\n\n');
      });
    });
    let heard = (): void => undefined;
    const begun = new Promise<void>((done) => {
      heard = done;
    });
    let tell = (): void => undefined;
    const killed = new Promise<void>((done) => {
      tell = done;
    });
    await new Promise<void>((listening) => service.listen(0, '0.0.0.0', listening));
    try {
      const baseUrl = `http://${await stack.gateway()}:${(service.address() as AddressInfo).port}/v1`;
      await stack.call('PUT', '/v1/providers/openai-compatible', { body: { baseUrl, model: 'slow' } });
      await stack.call('PUT', '/v1/providers/active', { body: { name: 'openai-compatible' } });
      const answering = stack.asked('How long is the mooring rope of the Halcyon?');
      // An answer that ends before its first word has failed, and the checks below say how.
      await Promise.race([begun, answering]);
      await stack.kill('postgres');
      tell();
      const { events, conversation, text } = await answering;
      expect(text).toBe('The rope is forty metres long [1].');
      expect(events.map(({ name }) => name).slice(-3)).toEqual(['error', 'usage', 'done']);
      expect(events.find(({ name }) => name === 'error')?.data).toMatchObject({
        code: 'database-unavailable',
        status: 503,
      });
      expect(events.at(-1)?.data.status).toBe('error');
      expect(statusAndCode(await stack.call('GET', '/v1/documents'))).toEqual([503, 'database-unavailable']);
      await stack.healthy();
      await vi.waitFor(
        async () => {
          const { items } = (await stack.call('GET', `/v1/conversations/${conversation}/messages`)).json;
          expect(items.at(-1)).toMatchObject({ status: 'completed', text });
        },
        { timeout: 60_000, interval: 200 },
      );
    } finally {
      service.closeAllConnections();
      service.close();
      await stack.healthy();
      await stack.call('PUT', '/v1/providers/active', { body: { name: 'embedded' } });
    }
  });
});

describe('#25 Redis is away: answers all the same, degraded; what only it remembered is gone, and says so', () => {
  it('410 run-not-resumable for an answer of before; nobody new signs in', async () => {
    const ada = { email: 'ada@example.org', password: 'a good long one' };
    expect((await stack.call('POST', '/v1/users', { body: ada })).status).toBe(201);
    await stack.stop('redis');
    const { runId, text, events } = await stack.asked('How long is the mooring rope of the Halcyon?');
    expect([text, events.at(-1)?.data.status]).toEqual([expect.stringContaining('forty metres'), 'completed']);
    expect((await search()).status).toBe(200);
    await vi.waitFor(
      async () => {
        const { status, json } = await stack.call('GET', '/health', { token: null });
        expect([status, json.status, json.checks.redis.status]).toEqual([200, 'degraded', 'down']);
      },
      { timeout: 30_000, interval: 200 },
    );
    const login = (body: object): Promise<Answer> => stack.call('POST', '/v1/auth/login', { token: null, body });
    expect(statusAndCode(await login(ada))).toEqual([503, 'session-store-unavailable']);
    expect(statusAndCode(await login({ ...ada, password: 'a wrong long one' }))).toEqual([401, 'login-failed']);
    // The process that made the answer still has it; the next one has not.
    expect((await stack.call('GET', `/v1/runs/${runId}/events`)).status).toBe(200);
    await stack.kill('backend');
    await stack.start('backend');
    await becomesReady(200);
    expect(statusAndCode(await stack.call('GET', `/v1/runs/${runId}/events`))).toEqual([410, 'run-not-resumable']);
    await stack.healthy();
  });
});
