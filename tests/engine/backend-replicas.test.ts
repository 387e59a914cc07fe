/** Two replicas of the backend over one stack: who may see what, and what survives the replica it began at. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Core, createCore } from '../../src/main/core.ts';
import type { JsonObject } from '../../src/main/engine/engine-client.ts';
import { freePort } from '../free-port.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the checks, field by field
  readonly json: any;
}

let core: Core;
let folder: string;
/** Addresses of the two. */
let one: string;
let two: string;
let second: string;
let panel: string;

async function call(
  base: string,
  method: string,
  path: string,
  options: { token?: string | null; body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Answer> {
  const token = options.token === undefined ? panel : options.token;
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
  return { status: response.status, text, json, headers: response.headers };
}

const owner = () => ({ project: core.environment.project });
const healthy = async (base: string): Promise<string> =>
  fetch(`${base}/health`, { signal: AbortSignal.timeout(2000) }).then(
    async (response) => ((await response.json()) as { status: string }).status,
    (error: unknown) => `away: ${String(error)} ${String((error as Error).cause)}`,
  );

/** The same container once more, with a setting fixed by its environment and a port of its own. */
async function startSecond(): Promise<void> {
  const engine = core.monitor.client();
  const state = await core.stack.refresh();
  const first = state.services.find((service) => service.name === 'backend')?.containers[0]?.id ?? '';
  const seen = await engine.inspectContainer(first);
  const config = seen?.Config as JsonObject;
  const host = seen?.HostConfig as JsonObject;
  const networks = Object.keys(((seen?.NetworkSettings ?? { Networks: {} }) as { Networks: JsonObject }).Networks);
  const port = await freePort();
  const made = await engine.createContainer(`${core.environment.project}-backend-second`, {
    Image: config.Image,
    User: config.User,
    Env: [...(config.Env as string[]), 'RAG_RETRIEVAL_TOP_K=5'],
    Labels: { 'com.docker.compose.project': core.environment.project, 'quayside.test': 'second-backend' },
    ExposedPorts: config.ExposedPorts,
    HostConfig: {
      ...host,
      RestartPolicy: {},
      PortBindings: { '3000/tcp': [{ HostIp: '127.0.0.1', HostPort: `${port}` }] },
    },
    NetworkingConfig: { EndpointsConfig: Object.fromEntries(networks.map((name) => [name, {}])) },
  } as JsonObject);
  second = made.id;
  await engine.startContainer(second, owner());
  two = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => expect(await healthy(two)).toBe('healthy'), { timeout: 60_000, interval: 200 });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-replicas-'));
  core = await createCore({
    dataDir: join(folder, 'data'),
    environment: 'test',
    composeDir: resolve('compose'),
    samplesDir: resolve('resources/samples'),
    appVersion: '0.0.0',
  });
  await core.monitor.ready(20_000);
  const operation = await core.runner.wait(await core.lifecycle.start({ ports: { backend: await freePort() } }));
  if (operation.state !== 'done') throw new Error(JSON.stringify(operation.problem ?? operation.outcome));
  await core.stack.refresh();
  one = core.access.url() ?? '';
  panel = await core.access.token();
  await startSecond();
}, 900_000);

afterAll(async () => {
  if (core === undefined) return;
  if (second !== undefined)
    await core.monitor
      .client()
      .removeContainer(second, owner(), { force: true })
      .catch(() => undefined);
  await core.runner.wait(await core.lifecycle.down({ volumes: true }));
  await core.close();
  await rm(folder, { recursive: true, force: true });
});

async function person(email: string): Promise<{ id: string; token: string; refreshToken: string }> {
  const made = await call(one, 'POST', '/v1/users', { body: { email, password: 'a good long one' } });
  expect(made.status).toBe(201);
  const session = await call(two, 'POST', '/v1/auth/login', {
    token: null,
    body: { email, password: 'a good long one' },
  });
  return { id: made.json.id, token: session.json.accessToken, refreshToken: session.json.refreshToken };
}

async function added(token: string, title: string, text: string, kb = 'default'): Promise<{ id: string; job: string }> {
  const answer = await call(one, 'POST', `/v1/knowledge-bases/${kb}/documents`, { token, body: { title, text } });
  expect(answer.status).toBe(202);
  const { document, job } = answer.json;
  await expect
    .poll(async () => (await call(two, 'GET', `/v1/jobs/${job.id}`, { token })).json.job.state, { timeout: 60_000 })
    .toBe('done');
  return { id: document.id, job: job.id };
}

async function answered(
  token: string,
  conversation: string,
  question: string,
): Promise<{ runId: string; events: string[] }> {
  const { text } = await call(one, 'POST', `/v1/conversations/${conversation}/messages`, {
    token,
    body: { question },
    headers: { accept: 'text/event-stream' },
  });
  const events = text.split('\n\n').filter((event) => event.startsWith('id: '));
  return { runId: /"runId":"([^"]+)"/.exec(text)?.[1] ?? '', events };
}

const unknown = '01900000-0000-7000-8000-000000000000';

describe('people', () => {
  it('see nothing of each other, on any route', async () => {
    const ada = await person('ada@example.org');
    const bob = await person('bob@example.org');
    const kb = await call(one, 'POST', '/v1/knowledge-bases', { token: ada.token, body: { name: 'Ada’s' } });
    const document = await added(ada.token, 'Lantern', 'The lantern of Quill Point burns whale oil.', kb.json.id);
    const conversation = await call(one, 'POST', '/v1/conversations', {
      token: ada.token,
      body: { kbIds: [kb.json.id] },
    });
    const { runId } = await answered(ada.token, conversation.json.id, 'What does the lantern of Quill Point burn?');
    const chunks = await call(one, 'GET', `/v1/documents/${document.id}/chunks`, { token: ada.token });
    const key = await call(one, 'POST', '/v1/api-keys', {
      token: ada.token,
      body: { name: 'k', scopes: ['chat:use'] },
    });
    const messages = await call(one, 'GET', `/v1/conversations/${conversation.json.id}/messages`, { token: ada.token });
    const source = await call(one, 'POST', '/v1/sources', {
      token: ada.token,
      body: { kind: 'url', kb: kb.json.id, url: 'https://lantern.example/' },
    });
    const item = { question: 'What does the lantern burn?', expected: [{ source: 'Lantern.md' }], answerable: true };
    const set = await call(one, 'POST', '/v1/eval/sets', { token: ada.token, body: { name: 'Hers', items: [item] } });
    const run = await call(one, 'POST', '/v1/eval/runs', {
      token: ada.token,
      body: { items: [item], kbIds: [kb.json.id] },
    });
    // What stands before the first parameter of a route says whose things it is about.
    const hers: Record<string, string> = {
      '/v1/knowledge-bases/': kb.json.id,
      '/v1/documents/': document.id,
      '/v1/jobs/': document.job,
      '/v1/chunks/': chunks.json.items[0].id,
      '/v1/conversations/': conversation.json.id,
      '/v1/runs/': runId,
      '/v1/api-keys/': key.json.key.id,
      '/v1/messages/': messages.json.items[0].id,
      '/v1/sources/': source.json.source.id,
      '/v1/eval/sets/': set.json.id,
      '/v1/eval/runs/': run.json.run.id,
    };
    /** Their parameter names no thing that belongs to anybody. */
    const nobodys = ['/v1/workflows/'];
    const bodies: Record<string, unknown> = {
      'post /v1/knowledge-bases/{kb}/documents': { title: 'x', text: 'x' },
      'post /v1/knowledge-bases/{kb}/documents/known': { files: [{ sourceUri: 'x.md', sha256: '0'.repeat(64) }] },
      'put /v1/knowledge-bases/{kb}/members/{userId}': { role: 'reader' },
      'patch /v1/conversations/{id}': { title: 'x' },
      'post /v1/conversations/{id}/messages': { question: 'What does the lantern burn?' },
      'put /v1/messages/{id}/feedback': { rating: 'up' },
      'post /v1/messages/{id}/edit': { question: 'What does the lantern burn?' },
      'put /v1/eval/sets/{id}': { name: 'x', items: [item] },
    };
    // Every route that takes an id, as the document of the API lists them: one that is added and whose things nobody
    // has an example of fails here.
    const { paths } = JSON.parse(readFileSync(resolve('compose/services/backend/openapi.json'), 'utf8')) as {
      paths: Record<string, Record<string, { 'x-access': string }>>;
    };
    const routes = Object.entries(paths).flatMap(([path, operations]) =>
      path.includes('{')
        ? Object.entries(operations).map(([method, { 'x-access': access }]) => ({ method, path, access }))
        : [],
    );
    expect(routes.length).toBeGreaterThanOrEqual(40);
    for (const { method, path, access } of routes) {
      const kind = path.slice(0, path.indexOf('{'));
      if (nobodys.includes(kind)) continue;
      const body = bodies[`${method} ${path}`] ?? (['post', 'patch', 'put'].includes(method) ? {} : undefined);
      const ask = async (id: string): Promise<unknown> => {
        const address = path.replace('{userId}', bob.id).replace(/\{\w+\}/, id);
        const answer = await call(two, method.toUpperCase(), address, { token: bob.token, body });
        const { requestId, instance, ...rest } = answer.json ?? {};
        expect([method, path, typeof requestId, typeof instance]).toEqual([method, path, 'string', 'string']);
        return [answer.status, rest];
      };
      if (access === 'owner') {
        expect([method, path, await ask(unknown)]).toEqual([
          method,
          path,
          [403, expect.objectContaining({ code: 'forbidden' })],
        ]);
        continue;
      }
      const id = hers[kind];
      if (id === undefined) throw new Error(`nobody says whose ${method} ${path} is: add an example of ${kind}`);
      const theirs = await ask(id);
      expect([method, path, theirs]).toEqual([method, path, [404, expect.objectContaining({ code: 'not-found' })]]);
      // What is somebody else's looks exactly like what is not there.
      expect([method, path, await ask(unknown)]).toEqual([method, path, theirs]);
    }
    const search = (body: unknown) => call(two, 'POST', '/v1/search', { token: bob.token, body });
    expect((await search({ query: 'lantern', kbIds: [kb.json.id] })).status).toBe(404);
    expect((await search({ query: 'lantern', filters: { documentIds: [document.id] } })).json.hits).toEqual([]);
    const foreign = { token: bob.token, body: { kbIds: [kb.json.id] } };
    for (const body of [{ setId: set.json.id }, { items: [item], kbIds: [kb.json.id] }])
      expect((await call(two, 'POST', '/v1/eval/runs', { token: bob.token, body })).status).toBe(404);
    expect((await call(two, 'POST', '/v1/conversations', foreign)).status).toBe(404);
    for (const list of ['documents', 'conversations', 'api-keys'])
      expect((await call(two, 'GET', `/v1/${list}`, { token: bob.token })).json.items).toEqual([]);
    expect((await call(two, 'GET', '/v1/users', { token: bob.token })).json.code).toBe('forbidden');
    // And hers is still all there.
    expect((await call(two, 'GET', `/v1/documents/${document.id}`, { token: ada.token })).json.state).toBe('ready');

    // Shared, it is read and not changed; no longer shared, it is gone, in conversations too.
    const members = `/v1/knowledge-bases/${kb.json.id}/members/${bob.id}`;
    expect((await call(one, 'PUT', members, { token: ada.token, body: { role: 'reader' } })).status).toBe(200);
    expect((await search({ query: 'lantern', kbIds: [kb.json.id] })).json.hits).toHaveLength(1);
    expect((await call(two, 'DELETE', `/v1/documents/${document.id}`, { token: bob.token })).json.code).toBe(
      'kb-read-only',
    );
    const his = await call(two, 'POST', '/v1/conversations', foreign);
    expect((await call(one, 'DELETE', members, { token: ada.token })).status).toBe(200);
    const { events } = await answered(bob.token, his.json.id, 'What does the lantern of Quill Point burn?');
    expect(events.join('\n')).not.toContain('whale oil');
    expect(events.at(-1)).toContain('abstained');

    // Her default, shared, is none of his defaults.
    const herDefault = (await call(one, 'GET', '/v1/knowledge-bases/default', { token: ada.token })).json.id;
    const shared = `/v1/knowledge-bases/${herDefault}/members/${bob.id}`;
    expect((await call(one, 'PUT', shared, { token: ada.token, body: { role: 'editor' } })).status).toBe(200);
    const bases = (await call(two, 'GET', '/v1/knowledge-bases', { token: bob.token })).json.items as {
      isDefault: boolean;
      access: string;
    }[];
    expect(bases).toHaveLength(2);
    expect(bases.filter(({ isDefault }) => isDefault).map(({ access }) => access)).toEqual(['owner']);
    expect((await call(one, 'DELETE', shared, { token: ada.token })).status).toBe(200);
  });

  it('are signed out by a refresh token that comes twice, and kept out after ten wrong passwords, at every replica', async () => {
    const eve = await person('eve@example.org');
    const refresh = (base: string, refreshToken: string) =>
      call(base, 'POST', '/v1/auth/refresh', { token: null, body: { refreshToken } });
    const next = await refresh(one, eve.refreshToken);
    expect(next.status).toBe(200);
    expect((await refresh(two, eve.refreshToken)).json.code).toBe('session-invalid');
    expect((await refresh(one, next.json.refreshToken)).json.code).toBe('session-invalid');
    const login = (base: string, password: string) =>
      call(base, 'POST', '/v1/auth/login', { token: null, body: { email: 'eve@example.org', password } });
    const tried: number[] = [];
    for (let at = 0; at < 9; at += 1) tried.push((await login(at % 2 === 0 ? one : two, 'wrong')).status);
    // One of the ten was the sign-in above.
    expect(tried).toEqual(Array.from({ length: 9 }, () => 401));
    const late = await login(two, 'a good long one');
    expect([late.status, Number(late.headers.get('retry-after')) > 0]).toEqual([429, true]);
    expect((await call(one, 'DELETE', `/v1/users/${eve.id}`)).status).toBe(204);
    expect((await call(two, 'GET', '/v1/me', { token: eve.token })).status).toBe(401);
  });

  it('make keys that do what they are for, until they are revoked', async () => {
    const made = await call(one, 'POST', '/v1/api-keys', { body: { name: 'search', scopes: ['search:read'] } });
    const token: string = made.json.secret;
    expect((await call(two, 'GET', '/v1/documents', { token })).status).toBe(200);
    for (const path of ['/v1/conversations', '/v1/config', '/v1/users', '/v1/api-keys', '/metrics'])
      expect([path, (await call(two, 'GET', path, { token })).json.code]).toEqual([path, 'forbidden']);
    expect((await call(two, 'GET', '/v1/api-keys')).text).not.toContain(token);
    await call(one, 'DELETE', `/v1/api-keys/${made.json.key.id}`);
    expect((await call(two, 'GET', '/v1/documents', { token })).status).toBe(401);
  });
});

describe('settings', () => {
  it('reach every replica within a second, and stay where something stronger fixes them', async () => {
    const entry = async (base: string, key: string) =>
      (await call(base, 'GET', '/v1/config')).json.items.find((item: { key: string }) => item.key === key);
    const before = await call(one, 'GET', '/v1/config');
    const etag = before.headers.get('etag') ?? '';
    const patch = (base: string, body: unknown, match?: string) =>
      call(base, 'PATCH', '/v1/config', { body, headers: match === undefined ? {} : { 'if-match': match } });
    const changedAt = performance.now();
    expect((await patch(one, { 'ingest.maxFileMb': 1, 'retrieval.topK': 9 }, etag)).status).toBe(200);
    // What it steers, not what it says: the other replica refuses the file.
    const large = 'a '.repeat(600 * 1024);
    const form = new FormData();
    form.append('file', new Blob([large]), 'large.txt');
    await expect
      .poll(
        async () =>
          (
            await fetch(`${two}/v1/documents`, {
              method: 'POST',
              headers: { authorization: `Bearer ${panel}` },
              body: form,
            })
          ).status,
        { timeout: 1000, interval: 20 },
      )
      .toBe(413);
    expect(performance.now() - changedAt).toBeLessThan(1500);
    expect(await entry(one, 'retrieval.topK')).toMatchObject({ value: 9, source: 'database', locked: false });
    expect(await entry(two, 'retrieval.topK')).toMatchObject({ value: 5, source: 'environment', locked: true });
    const locked = await patch(two, { 'retrieval.topK': 7 });
    expect([locked.status, locked.json.code, locked.json.detail]).toEqual([
      409,
      'config-locked',
      expect.stringContaining('RAG_RETRIEVAL_TOP_K'),
    ]);
    expect((await patch(one, { 'retrieval.topK': 7 }, etag)).status).toBe(412);
    expect((await patch(one, { 'retrieval.topK': 'many', 'chat.historyTurns': -1 })).json.errors).toHaveLength(2);
    expect((await patch(one, { nope: 1 })).status).toBe(404);
    expect((await patch(one, { 'chunk.targetTokens': 120 })).json.reindex).toMatchObject({ required: true });
    expect((await call(one, 'GET', '/v1/config/history?limit=1')).json.items[0]).toMatchObject({
      key: 'chunk.targetTokens',
      oldValue: null,
      newValue: 120,
    });
    for (const key of ['ingest.maxFileMb', 'retrieval.topK', 'chunk.targetTokens'])
      expect((await call(one, 'POST', `/v1/config/${key}/reset`)).status).toBe(200);
    expect(await entry(one, 'retrieval.topK')).toMatchObject({ value: 8, source: 'default' });
  });
});

describe('answers', () => {
  it('go on after any of their events, from either replica, word for word', async () => {
    await added(panel, 'Ferry', 'The ferry to Gull Rock leaves at nine. It carries forty people and two carts.');
    const { json } = await call(one, 'POST', '/v1/conversations', { body: {} });
    const { runId, events } = await answered(panel, json.id, 'When does the ferry to Gull Rock leave?');
    expect(events.length).toBeGreaterThan(5);
    for (const base of [one, two])
      for (let at = 0; at <= events.length; at += 1) {
        const rest = await call(base, 'GET', `/v1/runs/${runId}/events`, { headers: { 'last-event-id': String(at) } });
        expect(rest.text.split('\n\n').filter((event) => event.startsWith('id: '))).toEqual(events.slice(at));
      }
    const future = await call(two, 'GET', `/v1/runs/${runId}/events`, { headers: { 'last-event-id': '999' } });
    expect([future.status, future.json.code]).toEqual([416, 'event-id-invalid']);
  });

  describe('of a slow service', () => {
    let service: Server;
    let closedAt = 0;
    let conversation: string;

    beforeAll(async () => {
      service = createHttpServer((request, response) => {
        request.resume();
        if (request.url?.endsWith('/models') === true) return void response.end('{"data":[]}');
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        let n = 0;
        const timer = setInterval(() => {
          n += 1;
          response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: `word${n} ` } }] })}\n\n`);
        }, 40);
        response.on('close', () => {
          clearInterval(timer);
          closedAt = performance.now();
        });
      });
      await new Promise<void>((listening) => service.listen(0, '0.0.0.0', listening));
      const network = await core.monitor.client().inspectNetwork(`${core.environment.project}_default`);
      const { Config } = (network?.IPAM ?? { Config: [] }) as { Config: { Gateway: string }[] };
      const baseUrl = `http://${Config[0]?.Gateway}:${(service.address() as AddressInfo).port}/v1`;
      await call(one, 'PUT', '/v1/providers/openai-compatible', { body: { baseUrl, model: 'slow' } });
      expect((await call(one, 'PUT', '/v1/providers/active', { body: { name: 'openai-compatible' } })).status).toBe(
        200,
      );
      conversation = (await call(one, 'POST', '/v1/conversations', { body: {} })).json.id;
    });
    afterAll(async () => {
      await call(one, 'PUT', '/v1/providers/active', { body: { name: 'embedded' } });
      await call(one, 'PATCH', '/v1/config', { body: { 'chat.disconnectGraceSec': null } });
      service.closeAllConnections();
      service.close();
    });

    /** Asks at the first replica and reads up to the fifth word. */
    async function begun(): Promise<{ runId: string; leave: () => void }> {
      closedAt = 0;
      const abort = new AbortController();
      const response = await fetch(`${one}/v1/conversations/${conversation}/messages`, {
        method: 'POST',
        signal: abort.signal,
        headers: { authorization: `Bearer ${panel}`, 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({ question: 'When does the ferry to Gull Rock leave?' }),
      });
      let text = '';
      const decoder = new TextDecoder();
      const reader = response.body?.getReader();
      while (!text.includes('word5')) {
        const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) throw new Error(`ended early: ${text.slice(-500)}`);
        text += decoder.decode(value, { stream: true });
      }
      return { runId: /"runId":"([^"]+)"/.exec(text)?.[1] ?? '', leave: () => abort.abort() };
    }

    it('are stopped from the other replica, and whoever follows there sees the end', async () => {
      const { runId } = await begun();
      const follower = call(two, 'GET', `/v1/runs/${runId}/events`, { headers: { 'last-event-id': '2' } });
      const askedAt = performance.now();
      expect((await call(two, 'POST', `/v1/runs/${runId}/stop`)).status).toBe(204);
      expect(closedAt).toBeGreaterThan(askedAt);
      expect(closedAt - askedAt).toBeLessThan(500);
      const { text } = await follower;
      const ids = [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
      expect(ids).toEqual(ids.map((_, at) => at + 3));
      expect(text).toMatch(/event: done\ndata: \{"status":"stopped"/);
      const kept = (await call(two, 'GET', `/v1/conversations/${conversation}/messages`)).json.items.at(-1);
      expect([kept.status, kept.text]).toEqual(['stopped', expect.stringContaining('word5')]);
    });

    it('end a while after the last reader left, and not while one reads at the other replica', async () => {
      await call(one, 'PATCH', '/v1/config', { body: { 'chat.disconnectGraceSec': 1 } });
      const { runId, leave } = await begun();
      const reading = new AbortController();
      const elsewhere = call(two, 'GET', `/v1/runs/${runId}/events`, { signal: reading.signal }).catch(() => null);
      await expect
        .poll(async () => (await core.monitor.client().inspectContainer(second))?.State, { timeout: 5000 })
        .toMatchObject({ Running: true });
      leave();
      const watched = performance.now();
      await expect.poll(() => performance.now() - watched > 3000, { timeout: 5000, interval: 100 }).toBe(true);
      expect(closedAt).toBe(0);
      reading.abort();
      await elsewhere;
      await expect.poll(() => closedAt, { timeout: 15_000 }).toBeGreaterThan(0);
    });
  });
});

describe('work', () => {
  it('is shared by the replicas, and taken over from one that is killed', async () => {
    const documents = Array.from({ length: 8 }, (_, at) => {
      const sections = Array.from(
        { length: 60 },
        (_, n) => `## Mole ${at}.${n}\n\nMole ${at}.${n} is ${at + n} metres long.`,
      );
      return { title: `Moles ${at}`, text: `# Moles ${at}\n\n${sections.join('\n\n')}\n` };
    });
    const once = { 'idempotency-key': 'moles-0' };
    const first = await call(one, 'POST', '/v1/documents', { body: documents[0], headers: once });
    const again = await call(two, 'POST', '/v1/documents', { body: documents[0], headers: once });
    expect([first.status, again.status, again.json.job.id]).toEqual([202, 202, first.json.job.id]);
    expect((await call(two, 'POST', '/v1/documents', { body: documents[1], headers: once })).json.code).toBe(
      'idempotency-mismatch',
    );
    const jobs: string[] = [first.json.job.id];
    for (const body of documents.slice(1)) {
      const answer = await call(one, 'POST', '/v1/documents', { body });
      expect(answer.status).toBe(202);
      jobs.push(answer.json.job.id);
    }
    const done = async (base: string): Promise<number> =>
      Number(
        /^rag_ingest_documents_total\{status="ready",mime="text\/markdown"\} (\d+)/m.exec(
          (await call(base, 'GET', '/metrics')).text,
        )?.[1],
      );
    // The second has done some and is in the middle of more.
    await expect.poll(() => done(two), { timeout: 60_000, interval: 50 }).toBeGreaterThan(0);
    // No word to anybody: the process is simply gone.
    await core.monitor
      .client()
      .exec(second, owner(), { cmd: ['bash', '-c', 'kill -9 -1'] })
      .catch(() => undefined);
    await expect
      .poll(async () => (await core.monitor.client().inspectContainer(second))?.State, { timeout: 15_000 })
      .toMatchObject({ Running: false });
    const states = async (): Promise<string[]> =>
      (await call(one, 'GET', '/v1/documents?limit=200')).json.items
        .filter((item: { title: string }) => item.title.startsWith('Moles'))
        .map((item: { state: string }) => item.state);
    await expect.poll(states, { timeout: 120_000, interval: 300 }).toEqual(documents.map(() => 'ready'));
    expect(await done(one)).toBeGreaterThan(0);
    const attempts = await Promise.all(
      jobs.map(async (id) => (await call(one, 'GET', `/v1/jobs/${id}`)).json.job.attempts as number),
    );
    expect(Math.max(...attempts)).toBeGreaterThan(1);
    await expect
      .poll(async () => (await call(one, 'GET', '/metrics')).text, { timeout: 90_000, interval: 1000 })
      .toMatch(/^rag_orphan_vectors 0$/m);
    const { json } = await call(one, 'POST', '/v1/search', { body: { query: 'How long is mole 7.3?', topK: 100 } });
    const seen = json.hits.map((hit: { chunkId: string }) => hit.chunkId);
    expect(new Set(seen).size).toBe(seen.length);
    expect(json.hits.some((hit: { text: string }) => hit.text.includes('Mole 7.3 is 10 metres long.'))).toBe(true);
  });
});
