import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KnowledgeBase } from '../../shared/model/knowledge.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import { createKnowledge, type Knowledge } from './knowledge.ts';

/** What the backend answers, by method and path; and what it was asked. */
let routes: Record<string, unknown>;
/** What it refuses instead. */
let refusals: Record<string, { readonly status: number; readonly code: string; readonly detail: string }>;
let asked: { readonly call: string; readonly body: unknown; readonly ifMatch: string | undefined }[];
let server: Server;
let knowledge: Knowledge;

beforeEach(async () => {
  routes = {};
  refusals = {};
  asked = [];
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let text = '';
    request.on('data', (part: Buffer) => {
      text += part.toString();
    });
    request.on('end', () => {
      const call = `${request.method} ${request.url}`;
      asked.push({ call, body: text === '' ? null : JSON.parse(text), ifMatch: request.headers['if-match'] });
      const known = Object.hasOwn(routes, call);
      const missing = { code: 'not-found', detail: 'Nothing answers at this address.', status: 404 };
      const refusal = refusals[call] ?? missing;
      response.writeHead(known ? 200 : refusal.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(known ? routes[call] : refusal));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  knowledge = createKnowledge({
    access: { url: () => `http://127.0.0.1:${port}`, token: async () => 'the-token' },
    runner: {} as OperationRunner,
    stack: 'quayside-dev',
    shown: async (source) => ({ ...source, uri: source.uri.replace('/sources/papers', '/home/ada/papers') }),
    editorUrl: () => 'http://127.0.0.1:5678',
  });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const base = { id: 'k1', name: 'Papers', description: '', isDefault: false, access: 'owner', revision: 1 };
const stats = {
  documents: { ready: 3, failed: 1, embedding: 2, deleting: 5 },
  chunks: 40,
  bytes: 1000,
  sources: 1,
  lastSyncAtMs: null,
};

describe('knowledge bases', () => {
  it('come with what is in them; what is being deleted does not count', async () => {
    routes['GET /v1/knowledge-bases?limit=200'] = { items: [base], nextCursor: null };
    routes['GET /v1/knowledge-bases/k1/stats'] = stats;
    expect(await knowledge.bases.list()).toEqual([
      expect.objectContaining({ name: 'Papers', documents: 6, pending: 2, failed: 1, chunks: 40, sources: 1 }),
    ]);
  });

  it('are watched until that is ended, and each state is told once', async () => {
    routes['GET /v1/knowledge-bases?limit=200'] = { items: [base], nextCursor: null };
    routes['GET /v1/knowledge-bases/k1/stats'] = stats;
    const told: KnowledgeBase[][] = [];
    const stop = knowledge.bases.watch((kbs) => told.push(kbs));
    await expect.poll(() => told.length).toBe(1);
    routes['GET /v1/knowledge-bases/k1/stats'] = { ...stats, chunks: 41 };
    await expect.poll(() => told.at(-1)?.[0]?.chunks, { timeout: 15_000 }).toBe(41);
    stop();
    expect(told).toHaveLength(2);
  }, 20_000);
});

describe('sharing', () => {
  const at = (method: string, who = ''): string => `${method} /v1/knowledge-bases/k1/members${who}`;
  const ada = { userId: 'u1', name: 'Ada', email: 'ada@example.org', role: 'reader' };
  const grace = { userId: 'u2', name: '', email: null, role: 'editor' };
  const noBase = { status: 404, code: 'not-found', detail: 'There is no knowledge base of this name or id.' };
  const noUser = { status: 404, code: 'not-found', detail: 'There is no such user to share with.' };
  const othersOwn = { status: 403, code: 'kb-read-only', detail: 'Only its owner may do this.' };

  it('tells whom it is shared with, and what they may do', async () => {
    routes[at('GET')] = { items: [ada, grace], nextCursor: null };
    expect(await knowledge.members.list('k1')).toEqual([
      { userId: 'u1', name: 'Ada', email: 'ada@example.org', access: 'read' },
      { userId: 'u2', name: '', email: null, access: 'write' },
    ]);
  });

  it('gives, changes and takes away access, and answers what is so then', async () => {
    routes[at('PUT', '/u1')] = { items: [ada], nextCursor: null };
    routes[at('DELETE', '/u1')] = { items: [], nextCursor: null };
    expect(await knowledge.members.share('k1', 'u1', 'read')).toEqual([
      expect.objectContaining({ userId: 'u1', access: 'read' }),
    ]);
    await knowledge.members.share('k1', 'u1', 'write');
    expect(await knowledge.members.unshare('k1', 'u1')).toEqual([]);
    expect(asked.map(({ call, body }) => [call, body])).toEqual([
      [at('PUT', '/u1'), { role: 'reader' }],
      [at('PUT', '/u1'), { role: 'editor' }],
      [at('DELETE', '/u1'), null],
    ]);
  });

  it('takes no more people than the window is told of, and no role that it does not know', async () => {
    routes[at('GET')] = { items: Array.from({ length: 1200 }, () => ada), nextCursor: null };
    expect(await knowledge.members.list('k1')).toHaveLength(1000);
    routes[at('GET')] = { items: [{ ...ada, role: 'admin' }], nextCursor: null };
    await expect(knowledge.members.list('k1')).rejects.toMatchObject({ problem: { code: 'backend-mismatch' } });
  });

  it('says of a knowledge base that it is gone, or that it is somebody else’s', async () => {
    const calls = {
      [at('GET')]: () => knowledge.members.list('k1'),
      [at('PUT', '/u1')]: () => knowledge.members.share('k1', 'u1', 'read'),
      [at('DELETE', '/u1')]: () => knowledge.members.unshare('k1', 'u1'),
    };
    for (const [refused, code, title] of [
      [noBase, 'not-found', 'This knowledge base is not there any more'],
      [othersOwn, 'kb-not-own', 'This knowledge base is not yours to share'],
    ] as const) {
      for (const name of Object.keys(calls)) refusals[name] = refused;
      for (const call of Object.values(calls)) await expect(call()).rejects.toMatchObject({ problem: { code, title } });
    }
  });

  it('tells a person who is gone from the owner, of whom the backend says the same', async () => {
    refusals[at('PUT', '/u1')] = noUser;
    routes[at('GET')] = { items: [], nextCursor: null };
    routes['GET /v1/me'] = { id: 'u9', name: 'Owner', email: null };
    const sharing = () => knowledge.members.share('k1', 'u1', 'read');
    await expect(sharing()).rejects.toMatchObject({ problem: { code: 'person-gone', evidence: ['not-found (404)'] } });
    routes['GET /v1/me'] = { id: 'u1', name: 'Owner', email: null };
    await expect(sharing()).rejects.toMatchObject({ problem: { code: 'person-owner', title: 'It is theirs already' } });
  });
});

describe('an older backend', () => {
  it('is told apart from a thing that is gone', async () => {
    await expect(knowledge.embedding.get()).rejects.toMatchObject({ problem: { code: 'backend-older' } });
    await expect(knowledge.reindexStale()).rejects.toMatchObject({
      problem: { code: 'backend-older', remedies: [{ action: 'start-stack' }] },
    });
  });
});

describe('sources', () => {
  const source = {
    id: 's1',
    kbId: 'k1',
    kind: 'folder',
    uri: '/sources/papers',
    name: 'papers',
    everySeconds: null,
    state: 'failed',
    error: { code: 'too-many-changes', message: 'Half of the files are gone.' },
    items: 3,
    failedItems: 0,
    lastSyncAtMs: 1,
    nextSyncAtMs: null,
  };

  it('of a folder are told by the folder that the person knows', async () => {
    routes['GET /v1/sources?kb=Papers&limit=200'] = { items: [source], nextCursor: null };
    const [first] = await knowledge.sources.list('Papers');
    expect([first?.uri, first?.error?.code]).toEqual(['/home/ada/papers', 'too-many-changes']);
  });

  it('have files, of which one without a document was refused', async () => {
    const item = { path: 'a.md', bytes: 3, documentId: 'd1', state: 'ready', error: null };
    const odd = { path: 'b.exe', bytes: 3, documentId: null, state: 'none', error: { code: 'x', message: 'No.' } };
    routes['GET /v1/sources/s1/items?limit=200'] = { items: [item], nextCursor: 'a.md' };
    routes['GET /v1/sources/s1/items?limit=200&cursor=a.md'] = { items: [odd], nextCursor: null };
    expect((await knowledge.sources.items('s1')).map(({ path, state }) => [path, state])).toEqual([
      ['a.md', 'ready'],
      ['b.exe', 'refused'],
    ]);
  });
});

describe('search', () => {
  it('asks the default knowledge base unless told, and sends only filters that were given', async () => {
    routes['POST /v1/search'] = {
      hits: [],
      timings: { embedMs: 1, qdrantMs: 2, hydrateMs: 3, totalMs: 6 },
      explain: { mode: 'hybrid', embeddingProfile: 'p1' },
    };
    expect(await knowledge.search({ query: 'notice' })).toMatchObject({ mode: 'hybrid', embeddingProfile: 'p1' });
    await knowledge.search({ query: 'notice', kbs: ['Papers'], tags: ['a'], topK: 3, mode: 'bm25' });
    expect(asked.map(({ body }) => body)).toEqual([
      { query: 'notice', kbIds: ['default'], explain: true },
      { query: 'notice', kbIds: ['Papers'], explain: true, topK: 3, mode: 'bm25', filters: { tags: ['a'] } },
    ]);
  });
});

describe('settings', () => {
  const entry = (key: string, schema: object, value: unknown) => ({
    key,
    value,
    source: 'default',
    locked: false,
    default: value,
    schema,
    help: 'What it does',
    env: key.toUpperCase(),
    reindexRequired: false,
    restartRequired: false,
  });

  it('come with what fits them', async () => {
    const whole = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
    routes['GET /v1/config'] = {
      revision: 7,
      items: [
        entry('a', { type: 'string', enum: ['x', 'y'] }, 'x'),
        entry('b', whole, 3),
        entry('c', { type: 'boolean' }, true),
        entry('d', { type: 'string', maxLength: 9 }, ''),
      ],
      reindex: { required: true, affectedDocuments: 2 },
    };
    const config = await knowledge.config.get();
    expect(config.affectedDocuments).toBe(2);
    expect(config.items.map(({ kind }) => kind)).toEqual([
      { type: 'choice', options: ['x', 'y'] },
      { type: 'number', whole: true, min: 1, max: null },
      { type: 'switch' },
      { type: 'text', maxLength: 9 },
    ]);
  });

  it('are changed only as the person saw them', async () => {
    routes['PATCH /v1/config'] = { revision: 8, items: [], reindex: { affectedDocuments: 0 } };
    await knowledge.config.change({ 'retrieval.topK': null }, 7);
    expect(asked[0]).toMatchObject({ body: { 'retrieval.topK': null }, ifMatch: '"7"' });
  });
});

describe('providers', () => {
  it('that this panel does not know are passed over', async () => {
    const known = {
      name: 'local',
      baseUrl: null,
      model: 'gemma',
      hasKey: false,
      keyLast4: null,
      contextTokens: null,
      configured: true,
      local: true,
      availability: { status: 'available', code: null, latencyMs: 3, checkedAtMs: 1 },
    };
    routes['GET /v1/providers'] = {
      active: 'local',
      fallback: 'off',
      allowCloud: false,
      items: [known, { ...known, name: 'of-tomorrow' }],
    };
    expect((await knowledge.providers.get()).items).toEqual([known]);
  });
});

describe('workflows', () => {
  it('are off, stopped or running, and the editor is told only where there is one', async () => {
    const states: unknown[] = [];
    for (const answer of [
      { configured: false, reachable: false, items: [] },
      { configured: true, reachable: false, items: [] },
      { configured: true, reachable: true, items: [] },
    ]) {
      routes['GET /v1/workflows'] = answer;
      const { state, editorUrl } = await knowledge.workflows.get();
      states.push([state, editorUrl]);
    }
    const editor = 'http://127.0.0.1:5678';
    expect(states).toEqual([
      ['off', null],
      ['stopped', editor],
      ['running', editor],
    ]);
  });
});
