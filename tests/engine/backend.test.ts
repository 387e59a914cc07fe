/** The backend in its real stack, through the core: documents in, questions answered, documents gone, stores failing. */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Core, createCore } from '../../src/main/core.ts';
import type { ChatEvent } from '../../src/shared/model/chat.ts';
import type { Operation } from '../../src/shared/model/operation.ts';
import { freePort } from '../free-port.ts';

const samples = resolve('resources/samples');
let core: Core;
let folder: string;

const ended = async (id: Promise<string>): Promise<Operation> => core.runner.wait(await id);

async function ask(conversationId: string, question: string): Promise<{ events: ChatEvent[]; text: string }> {
  const events: ChatEvent[] = [];
  await core.chat.ask({ conversationId, question }, (event) => events.push(event));
  return { events, text: events.map((event) => (event.type === 'delta' ? event.text : '')).join('') };
}

/** A request without the client, to see what the wire really says. */
async function raw(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string | Buffer; token?: string | null } = {},
): Promise<{ status: number; type: string; body: string }> {
  const token = options.token === undefined ? await core.access.token() : options.token;
  return new Promise((done, failed) => {
    const headers = { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...options.headers };
    const call = request(new URL(path, core.access.url() ?? ''), { method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        done({
          status: response.statusCode ?? 0,
          type: String(response.headers['content-type'] ?? ''),
          body: Buffer.concat(parts).toString(),
        }),
      );
    });
    call.on('error', failed);
    call.end(options.body);
  });
}

const json = { 'content-type': 'application/json' };
const codeOf = (answer: { body: string }): unknown => (JSON.parse(answer.body) as { code?: unknown }).code;

const owner = () => ({ project: core.environment.project });

async function container(service: string): Promise<string> {
  const state = await core.stack.refresh();
  const id = state.services.find((entry) => entry.name === service)?.containers[0]?.id;
  if (id === undefined) throw new Error(`${service} has no container`);
  return id;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-backend-'));
  core = await createCore({
    dataDir: join(folder, 'data'),
    environment: 'test',
    composeDir: resolve('compose'),
    samplesDir: samples,
    appVersion: '0.0.0',
  });
  await core.monitor.ready(20_000);
  const operation = await ended(core.lifecycle.start({ ports: { backend: await freePort() } }));
  if (operation.state !== 'done') throw new Error(JSON.stringify(operation.problem ?? operation.outcome));
  await core.stack.refresh();
}, 900_000);

afterAll(async () => {
  if (core === undefined) return;
  await ended(core.lifecycle.down({ volumes: true }));
  await core.close();
  await rm(folder, { recursive: true, force: true });
});

describe('before any document', () => {
  it('says that there are none, instead of an answer', async () => {
    const { id } = await core.chat.createConversation();
    const { events } = await ask(id, 'Which port does the backend listen on?');
    expect(events.find((event) => event.type === 'abstain')).toMatchObject({
      reason: 'There are no documents yet. Add some, then ask again.',
    });
    expect(events.at(-1)).toMatchObject({ type: 'done', status: 'abstained' });
  });
});

describe('documents', () => {
  it('come in from a folder, four formats, each with its passages', async () => {
    const operation = await ended(core.chat.ingest([{ path: samples, name: 'samples' }]));
    expect(operation.problem).toBeNull();
    const documents = await core.chat.documents();
    expect(new Set(documents.map((document) => document.mime))).toEqual(
      new Set(['text/markdown', 'text/plain', 'text/html', 'application/pdf']),
    );
    for (const document of documents) {
      expect(document.state).toBe('ready');
      expect(document.chunks).toBeGreaterThan(0);
    }
    expect(documents.find((document) => document.mime === 'application/pdf')?.pages).toBe(2);
  });

  it('are not taken in twice', async () => {
    const before = (await core.chat.documents()).length;
    const operation = await ended(core.chat.ingest([{ path: join(samples, 'glossary.md'), name: 'copy.md' }]));
    expect(operation.steps[0]?.detail).toMatch(/^Already there/);
    expect((await core.chat.documents()).length).toBe(before);
  });

  it('follow their file, also to bytes that are in under another name', async () => {
    const write = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return ended(core.chat.ingest([{ path: join(folder, name), name }]));
    };
    await write('tides-north.md', 'High water in the north basin is at six.');
    await write('tides-south.md', 'High water in the south basin is at nine.');
    const operation = await write('tides-north.md', 'High water in the south basin is at nine.');
    expect(operation.problem).toBeNull();
    const north = (await core.chat.documents()).find(({ sourceName }) => sourceName === 'tides-north.md');
    const { body } = await raw('GET', `/v1/documents/${north?.id}/content`);
    expect((JSON.parse(body) as { text: string }).text).toContain('south basin');
    for (const { id, sourceName } of await core.chat.documents())
      if (sourceName.startsWith('tides-')) await core.chat.deleteDocument(id);
  });

  it('that cannot be read fail with their reason and leave the others alone', async () => {
    const write = async (name: string, content: string | Buffer) => {
      await writeFile(join(folder, name), content);
      return { path: join(folder, name), name };
    };
    const files = [
      await write('empty.md', ''),
      await write('program.pdf', Buffer.from('4d5a90000300000004000000', 'hex')),
      await write('broken.pdf', '%PDF-1.7\nthis is no PDF'),
      await write('binary.txt', Buffer.from([1, 2, 0, 3, 4, 5])),
      await write('blank.txt', ' \n \n'),
      await write('huge.txt', Buffer.alloc(51 * 1024 * 1024, 'a ')),
      { path: join(folder, 'not-there.md'), name: 'not-there.md' },
      await write('good.md', '# Tides\n\nHigh tide in Port Ellery is at half past six in the morning.\n'),
    ];
    const operation = await ended(core.chat.ingest(files));
    expect(operation.state).toBe('failed');
    expect(operation.problem?.code).toBe('documents-refused');
    expect(operation.steps.map((step) => step.problem?.code ?? step.state)).toEqual([
      'document-empty',
      'document-unsupported',
      'document-corrupt',
      'document-unsupported',
      'document-empty',
      'document-too-large',
      'document-missing',
      'done',
    ]);
    const { id } = await core.chat.createConversation();
    expect((await ask(id, 'When is high tide in Port Ellery?')).text).toContain('half past six in the morning. [1]');
  });

  it('are refused by the backend itself when they are too large', async () => {
    const head = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n';
    const body = Buffer.concat([Buffer.from(head), Buffer.alloc(51 * 1024 * 1024, 'a '), Buffer.from('\r\n--x--\r\n')]);
    const answer = await raw('POST', '/v1/knowledge-bases/default/documents', {
      headers: { 'content-type': 'multipart/form-data; boundary=x', 'content-length': String(body.length) },
      body,
    });
    expect([answer.status, codeOf(answer)]).toEqual([413, 'file-too-large']);
  });

  it('swap their passages when they change, and leave nothing behind when they go', async () => {
    const path = join(folder, 'lighthouse.md');
    const { id } = await core.chat.createConversation();
    const question = 'What colour is the lighthouse of Bramblesand?';
    for (const colour of ['red', 'green']) {
      await writeFile(path, `# Lighthouse\n\nThe lighthouse of Bramblesand is ${colour}.\n`);
      expect((await ended(core.chat.ingest([{ path, name: 'lighthouse.md' }]))).state).toBe('done');
      expect((await ask(id, question)).text).toBe(`The lighthouse of Bramblesand is ${colour}. [1]`);
    }
    const document = (await core.chat.documents()).find((entry) => entry.sourceName === 'lighthouse.md');
    await core.chat.deleteDocument(document?.id ?? '');
    expect((await core.chat.documents()).some((entry) => entry.sourceName === 'lighthouse.md')).toBe(false);
    const { text, events } = await ask(id, question);
    expect(text).not.toContain('green');
    expect(events.at(-1)).toMatchObject({ type: 'done', status: 'abstained' });
  });
});

describe('sources', () => {
  const send = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: never }> => {
    const answer = await raw(method, path, {
      headers: json,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: JSON.parse(answer.body) as never };
  };
  const jobEnds = (id: string): Promise<{ state: string; result: Record<string, number> | null; error: unknown }> =>
    vi.waitFor(
      async () => {
        const { job } = (await send('GET', `/v1/jobs/${id}`)).body as { job: never };
        expect((job as { state: string }).state).toMatch(/^(done|failed|cancelled)$/);
        return job;
      },
      { timeout: 60_000, interval: 200 },
    );
  const names = async (): Promise<string[]> =>
    (await core.chat.documents())
      .filter((entry) => entry.sourceName.startsWith('harbour/') && entry.state === 'ready')
      .map((entry) => entry.sourceName)
      .sort();
  const settle = (expected: string[]): Promise<void> =>
    vi.waitFor(async () => expect(await names()).toEqual(expected), { timeout: 60_000, interval: 200 });

  it('keep a folder and what is searched the same: what comes, changes, moves and goes', async () => {
    const harbour = join(core.environment.volumesDir, 'sources', 'harbour');
    await mkdir(join(harbour, 'sub'), { recursive: true });
    await writeFile(join(harbour, 'pilot.md'), '# Pilot\n\nThe pilot of Quillhaven is called Orsolya Venn.\n');
    await writeFile(join(harbour, 'sub', 'copy.md'), '# Pilot\n\nThe pilot of Quillhaven is called Orsolya Venn.\n');
    await writeFile(
      join(harbour, 'berths.csv'),
      'Berth;Boat;Depth in metres\nNorth 4;Windlass;3.5\nSouth 1;Halyard;7\n',
    );
    await writeFile(join(harbour, 'broken.docx'), 'no archive');
    await writeFile(join(harbour, 'picture.png'), 'x');
    const made = await send('POST', '/v1/sources', { kind: 'folder', path: 'harbour', everySeconds: null });
    expect(made.status).toBe(201);
    const { source, job } = made.body as { source: { id: string; uri: string }; job: { id: string } };
    const inUse = async () => ((await send('GET', '/v1/source-roots')).body as { inUse: string[] }).inUse;
    expect(await inUse()).toEqual([source.uri]);
    // Two files of the same bytes are one document.
    expect(await jobEnds(job.id)).toMatchObject({
      state: 'done',
      result: { added: 3, failed: 1, ignored: 1, deleted: 0 },
    });
    await vi.waitFor(async () => expect(await names()).toHaveLength(2), { timeout: 60_000, interval: 200 });
    const items = (await send('GET', `/v1/sources/${source.id}/items`)).body as {
      items: { path: string; state: string; documentId: string; error: { code: string } | null }[];
    };
    expect(items.items.map((item) => [item.path, item.state, item.error?.code])).toEqual([
      ['berths.csv', 'ready', undefined],
      ['broken.docx', 'refused', 'docx-corrupt'],
      ['pilot.md', 'ready', undefined],
      ['sub/copy.md', 'ready', undefined],
    ]);
    expect(items.items[3]?.documentId).toBe(items.items[2]?.documentId);
    const { id } = await core.chat.createConversation();
    expect((await ask(id, 'Which boat lies at berth North 4?')).text).toContain('Boat: Windlass');

    // Nobody asks for it from here on: the folder is watched.
    await writeFile(join(harbour, 'pilot.md'), '# Pilot\n\nThe pilot of Quillhaven is called Ruben Aske.\n');
    await rename(join(harbour, 'berths.csv'), join(harbour, 'moorings.csv'));
    await settle(['harbour/moorings.csv', 'harbour/pilot.md', 'harbour/sub/copy.md']);
    await vi.waitFor(
      async () => expect((await ask(id, 'What is the pilot of Quillhaven called?')).text).toContain('Ruben Aske'),
      { timeout: 30_000, interval: 500 },
    );
    await rm(join(harbour, 'sub'), { recursive: true });
    await settle(['harbour/moorings.csv', 'harbour/pilot.md']);
    expect((await ask(id, 'What is the pilot of Quillhaven called?')).text).not.toContain('Orsolya');

    // An empty folder is more often one that was not mounted than a wish to delete everything.
    await rename(harbour, `${harbour}-away`);
    await mkdir(harbour);
    const emptied = await send('POST', `/v1/sources/${source.id}/sync`, {});
    const held = await jobEnds((emptied.body as { job: { id: string } }).job.id);
    expect(held).toMatchObject({ state: 'failed', error: { code: 'too-many-changes' } });
    expect((await send('GET', `/v1/sources/${source.id}`)).body).toMatchObject({ state: 'paused' });
    expect(await names()).toHaveLength(2);
    const meant = await send('POST', `/v1/sources/${source.id}/sync`, { allowLarge: true });
    expect(await jobEnds((meant.body as { job: { id: string } }).job.id)).toMatchObject({ result: { deleted: 2 } });
    await settle([]);
    expect((await send('DELETE', `/v1/sources/${source.id}`)).body).toEqual({ documents: 0, deleted: false });
    expect(await inUse()).toEqual([]);

    // With its knowledge base a source goes at once, however long the removal of its documents takes.
    await writeFile(join(harbour, 'tide.md'), '# Tide\n\nThe tide of Quillhaven turns at noon.\n');
    const { id: tides } = (await send('POST', '/v1/knowledge-bases', { name: 'Tides' })).body as { id: string };
    const theirs = await send('POST', '/v1/sources', {
      kb: tides,
      kind: 'folder',
      path: 'harbour',
      everySeconds: null,
    });
    expect(await jobEnds((theirs.body as { job: { id: string } }).job.id)).toMatchObject({ result: { added: 1 } });
    expect(await inUse()).toEqual([source.uri]);
    expect((await send('DELETE', `/v1/knowledge-bases/${tides}`)).status).toBeLessThan(300);
    expect(await inUse()).toEqual([]);
  });

  it('refuse folders and addresses that are nobody’s business', async () => {
    for (const path of ['/etc', '../..', '/run/secrets'])
      expect((await send('POST', '/v1/sources', { kind: 'folder', path })).body).toMatchObject({
        code: 'folder-not-allowed',
      });
    for (const url of ['http://169.254.169.254/', 'http://localhost:3000/', 'file:///run/secrets/nlp_token'])
      expect((await send('POST', '/v1/sources', { kind: 'url', url })).body).toMatchObject({ code: 'url-not-allowed' });
    // A name of the stack's own network is found out when it is looked up.
    const made = await send('POST', '/v1/sources', { kind: 'url', url: 'http://qdrant:6333/', everySeconds: null });
    const { source, job } = made.body as { source: { id: string }; job: { id: string } };
    expect(await jobEnds(job.id)).toMatchObject({ state: 'failed', error: { code: 'url-not-allowed' } });
    expect((await send('DELETE', `/v1/sources/${source.id}`)).status).toBe(202);
  });

  it('leave their documents behind or take them along when they go, and what failed can be tried again', async () => {
    const shelf = join(core.environment.volumesDir, 'sources', 'shelf');
    await mkdir(shelf);
    await writeFile(join(shelf, 'good.md'), '# Shelf\n\nThe shelf of Mirefold holds nine atlases.\n');
    await writeFile(join(shelf, 'cut.pdf'), '%PDF-1.7\ncut off');
    const made = await send('POST', '/v1/sources', { kind: 'folder', path: 'shelf', everySeconds: null });
    const { source, job } = made.body as { source: { id: string }; job: { id: string } };
    expect(await jobEnds(job.id)).toMatchObject({ state: 'done', result: { added: 2 } });
    const failed = await vi.waitFor(
      async () => {
        const { items } = (await send('GET', `/v1/sources/${source.id}/items`)).body as {
          items: { path: string; state: string; documentId: string; error: { code: string } | null }[];
        };
        expect(items.map((item) => [item.path, item.state, item.error?.code])).toEqual([
          ['cut.pdf', 'failed', 'pdf-corrupt'],
          ['good.md', 'ready', undefined],
        ]);
        return items[0];
      },
      { timeout: 30_000, interval: 200 },
    );
    const again = await send('POST', `/v1/documents/${failed?.documentId}/reindex`, {});
    expect(again.status).toBe(202);
    const retried = await jobEnds((again.body as { job: { id: string } }).job.id);
    expect(retried).toMatchObject({ state: 'failed', error: { code: 'pdf-corrupt' } });
    const gone = await send('DELETE', `/v1/sources/${source.id}?documents=delete`);
    expect(gone.body).toEqual({ documents: 2, deleted: true });
    await vi.waitFor(
      async () =>
        expect((await core.chat.documents()).filter((entry) => entry.sourceName.startsWith('shelf/'))).toEqual([]),
      { timeout: 30_000, interval: 200 },
    );
  });

  it('and documents that are deleted prove it with the count of vectors that are left', async () => {
    const added = await send('POST', '/v1/documents', { title: 'Buoys', text: 'The buoy off Farrow Point is yellow.' });
    const { document, job } = added.body as { document: { id: string }; job: { id: string } };
    expect((await jobEnds(job.id)).state).toBe('done');
    const removed = (await send('DELETE', `/v1/documents/${document.id}`)).body as { job: { id: string } };
    expect(await jobEnds(removed.job.id)).toMatchObject({ state: 'done', result: { vectorsRemaining: 0 } });
  });
});

describe('answers', () => {
  it('quote passages that really hold them, in order, numbered without gaps', async () => {
    const { id } = await core.chat.createConversation();
    const { events, text } = await ask(id, 'Which port does the backend listen on?');
    expect(text).toContain('7420');
    expect(events.map((event) => event.type).filter((type, at, all) => type !== all[at - 1])).toEqual([
      'run',
      'status',
      'sources',
      'delta',
      'citation',
      'usage',
      'done',
    ]);
    const sources = events.flatMap((event) => (event.type === 'sources' ? event.sources : []));
    for (const paragraph of text.split('\n\n')) {
      const [, quote = '', n] = /^([\s\S]+) \[(\d+)\]$/.exec(paragraph) ?? [];
      const source = sources.find((entry) => entry.n === Number(n));
      const passage = await core.chat.passage(source?.chunkId ?? '');
      expect(passage.text).toContain(quote);
    }
    const messages = await core.chat.messages(id);
    expect(messages.map((message) => [message.role, message.status])).toEqual([
      ['user', 'completed'],
      ['assistant', 'completed'],
    ]);
    expect(messages[1]?.text).toBe(text);
    expect(messages[1]?.sources).toEqual(sources);
    expect((await core.chat.conversations())[0]).toMatchObject({ id, title: 'Which port does the backend listen on?' });
  });

  it.each([
    ['How often should I make a backup?', 'every evening'],
    ['How fast must a level 1 alarm be acknowledged?', '10 minutes'],
    ['How long does Redis keep query vectors?', '24 hours'],
    ['What is a drill?', 'throw-away'],
  ])('%s -> %s', async (question, expected) => {
    const { id } = await core.chat.createConversation();
    expect((await ask(id, question)).text).toContain(expected);
  });

  it.each([
    'Who won the football world cup in 2014?',
    'How do I bake sourdough bread?',
    'Does Quayside support Kubernetes?',
    '🙂',
  ])('says that the documents do not answer: %s', async (question) => {
    const { id } = await core.chat.createConversation();
    const { events, text } = await ask(id, question);
    expect(text).toBe('');
    expect(events.find((event) => event.type === 'abstain')).toMatchObject({
      reason: 'Your documents do not answer this.',
    });
  });

  it('can be read again from any point, and a stop of what has ended is harmless', async () => {
    const { id } = await core.chat.createConversation();
    const { events } = await ask(id, 'What is inside a backup?');
    const run = events.find((event) => event.type === 'run');
    const again = await raw('GET', `/v1/runs/${run?.runId}/events`, { headers: { 'last-event-id': '3' } });
    const ids = [...again.body.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    expect(ids).toEqual(ids.map((_, at) => at + 4));
    expect(again.body).toContain('event: done');
    await core.chat.stop(run?.runId ?? '');
  });
});

describe('the door', () => {
  it.each([
    ['no token', 'GET', '/v1/documents', { token: null }, 401, 'unauthorized'],
    ['a wrong token', 'GET', '/v1/documents', { token: 'x'.repeat(43) }, 401, 'unauthorized'],
    ['metrics without a token', 'GET', '/metrics', { token: null }, 401, 'unauthorized'],
    ['a foreign host', 'GET', '/health', { headers: { host: 'evil.example' } }, 403, 'host-not-allowed'],
    [
      'a foreign origin',
      'GET',
      '/v1/documents',
      { headers: { origin: 'https://evil.example' } },
      403,
      'host-not-allowed',
    ],
    ['an unknown address', 'GET', '/v1/nothing', {}, 404, 'not-found'],
    ['an unknown id', 'GET', '/v1/documents/01900000-0000-7000-8000-000000000000', {}, 404, 'not-found'],
    ['no id at all', 'DELETE', "/v1/documents/1'%20or%201=1", {}, 404, 'not-found'],
    ['broken JSON', 'POST', '/v1/search', { headers: json, body: '{"query":' }, 400, 'malformed-json'],
    ['an empty question', 'POST', '/v1/search', { headers: json, body: '{"query":" \\u200b"}' }, 422, 'empty-question'],
    ['a NUL', 'POST', '/v1/search', { headers: json, body: '{"query":"a\\u0000"}' }, 422, 'validation-failed'],
    [
      'a long question',
      'POST',
      '/v1/search',
      { headers: json, body: JSON.stringify({ query: 'x'.repeat(8001) }) },
      413,
      'question-too-long',
    ],
    ['topK 0', 'POST', '/v1/search', { headers: json, body: '{"query":"a","topK":0}' }, 422, 'validation-failed'],
    [
      'an unknown field',
      'POST',
      '/v1/search',
      { headers: json, body: '{"query":"a","nope":1}' },
      422,
      'validation-failed',
    ],
    [
      'no file',
      'POST',
      '/v1/knowledge-bases/default/documents',
      { headers: { 'content-type': 'text/plain' }, body: 'a text' },
      415,
      'unsupported-media-type',
    ],
    [
      'a bad provider address',
      'PUT',
      '/v1/providers/openai-compatible',
      { headers: json, body: '{"baseUrl":"file:///etc"}' },
      422,
      'validation-failed',
    ],
    [
      'a provider without settings',
      'PUT',
      '/v1/providers/active',
      { headers: json, body: '{"name":"openai-compatible"}' },
      422,
      'provider-not-configured',
    ],
  ] as const)('%s', async (_what, method, path, options, status, code) => {
    const answer = await raw(method, path, options);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect(answer.type).toContain('application/problem+json');
  });

  it('refuses a provider at an address that hands out credentials, and says what fails at one that is away', async () => {
    const at = (baseUrl: string) => ({ headers: json, body: JSON.stringify({ baseUrl, model: 'tiny' }) });
    for (const path of ['/v1/providers/ollama', '/v1/providers/ollama/test']) {
      const method = path.endsWith('test') ? 'POST' : 'PUT';
      const refused = await raw(method, path, at('http://169.254.169.254/'));
      expect([refused.status, codeOf(refused)]).toEqual([422, 'validation-failed']);
    }
    const away = await raw('POST', '/v1/providers/ollama/test', at('http://127.0.0.1:9'));
    expect(JSON.parse(away.body)).toMatchObject({
      ok: false,
      failedAt: 'connect',
      problem: { code: 'provider-unreachable' },
    });
    expect(
      JSON.parse((await raw('POST', '/v1/providers/embedded/test', { headers: json, body: '{}' })).body),
    ).toMatchObject({ ok: true });
  });

  it('keeps the provider’s key to itself', async () => {
    const key = 'sk-do-not-tell-0123456789';
    const { providers } = core.knowledge;
    const ours = { name: 'openai-compatible', baseUrl: 'http://127.0.0.1:9/v1', model: 'tiny', key } as const;
    await providers.configure(ours);
    const settings = await providers.use('openai-compatible');
    const stored = settings.items.find(({ name }) => name === 'openai-compatible');
    expect([settings.active, stored]).toMatchObject([
      'openai-compatible',
      { baseUrl: 'http://127.0.0.1:9/v1', model: 'tiny', hasKey: true, keyLast4: '6789' },
    ]);
    expect((await raw('GET', '/v1/providers')).body).not.toContain(key);
    const { id } = await core.chat.createConversation();
    await expect(ask(id, 'Which port does the backend listen on?')).rejects.toMatchObject({
      problem: { code: 'provider-unreachable' },
    });
    expect((await core.chat.messages(id)).at(-1)?.status).toBe('error');
    // Another host is another service: it never gets the key of the first.
    const moved = await providers.configure({ name: 'openai-compatible', baseUrl: 'http://127.0.0.1:10/v1' });
    expect(moved.items.find(({ name }) => name === 'openai-compatible')?.hasKey).toBe(false);
    expect((await providers.use('embedded')).active).toBe('embedded');
  });

  it('counts from 0 under the names of the specification', async () => {
    const { body } = await raw('GET', '/metrics');
    for (const line of [
      /^rag_query_duration_seconds_count\{mode="hybrid",provider="embedded",outcome="completed"\} [1-9]/m,
      /^rag_query_duration_seconds_count\{mode="hybrid",provider="openai-compatible",outcome="error"\} 1$/m,
      /^rag_embedding_errors_total\{reason="unavailable"\} 0$/m,
      /^rag_database_connection_pool_size\{state="max"\} 10$/m,
      /^rag_llm_provider_availability\{provider="embedded"\} 1$/m,
      /^rag_orphan_vectors 0$/m,
    ])
      expect(body).toMatch(line);
  });
});

describe('a conversation', () => {
  interface Listed {
    items: { id: string; role: string; text: string; citations: { n: number; support: string }[] }[];
  }
  const messagesOf = async (id: string): Promise<Listed['items']> =>
    (JSON.parse((await raw('GET', `/v1/conversations/${id}/messages`)).body) as Listed).items;

  it('is asked again and in other words; what followed is replaced; it is found and exported as it is now', async () => {
    const { id } = await core.chat.createConversation();
    await ask(id, 'Which port does the backend listen on?');
    await ask(id, 'What does Qdrant do?');
    const [question, answer] = await messagesOf(id);
    expect(answer?.citations[0]).toMatchObject({ n: 1, support: 'strong' });

    const again = await raw('POST', `/v1/messages/${answer?.id}/regenerate`, { headers: json, body: '{}' });
    expect(again.status).toBe(200);
    const now = await messagesOf(id);
    expect(now.map((message) => message.role)).toEqual(['user', 'assistant']);
    expect([now[0]?.id, now[1]?.text]).toEqual([question?.id, answer?.text]);
    expect(now[1]?.id).not.toBe(answer?.id);
    expect((await raw('POST', `/v1/messages/${answer?.id}/regenerate`, { headers: json, body: '{}' })).status).toBe(
      404,
    );

    const words = 'On which port does the zebra of a backend listen?';
    const edited = await raw('POST', `/v1/messages/${question?.id}/edit`, {
      headers: { ...json, accept: 'text/event-stream' },
      body: JSON.stringify({ question: words }),
    });
    expect(edited.type).toContain('text/event-stream');
    expect(edited.body.match(/^event: (\w+)$/gm)?.at(-1)).toBe('event: done');
    expect((await messagesOf(id)).map((message) => message.text)[0]).toBe(words);

    const find = async (text: string) =>
      (
        JSON.parse((await raw('GET', `/v1/conversations/search?q=${encodeURIComponent(text)}`)).body) as {
          items: { conversation: { id: string }; matches: { role: string }[] }[];
        }
      ).items.filter((item) => item.conversation.id === id);
    expect(await find('ZEBRA')).toMatchObject([{ matches: [{ role: 'user' }] }]);
    expect(await find('What does Qdrant do')).toEqual([]);
    expect(await find('%%')).toEqual([]);

    const markdown = await raw('GET', `/v1/conversations/${id}/export?format=markdown`);
    expect(markdown.type).toContain('text/markdown');
    expect(markdown.body).toContain(`> ${words}`);
    const whole = JSON.parse((await raw('GET', `/v1/conversations/${id}/export?format=json`)).body);
    expect(whole).toMatchObject({
      format: 'quayside-conversation',
      conversation: { id },
      messages: [{ text: words }, {}],
    });
    const nobodys = '/v1/conversations/00000000-0000-7000-8000-0000000000ff/export';
    expect((await raw('GET', nobodys)).status).toBe(404);
  });
});

describe('a store that is away', () => {
  it('answers without Redis and says degraded; without PostgreSQL it says so and recovers', async () => {
    const engine = core.monitor.client();
    const health = async () => JSON.parse((await raw('GET', '/health', { token: null })).body) as { status: string };
    const until = async (status: string): Promise<void> => {
      await expect.poll(async () => (await health()).status, { timeout: 30_000, interval: 300 }).toBe(status);
    };
    const redis = await container('redis');
    await engine.stopContainer(redis, owner(), 5);
    await until('degraded');
    const { id } = await core.chat.createConversation();
    expect((await ask(id, 'Which port does the backend listen on?')).text).toContain('7420');
    await engine.startContainer(redis, owner());
    await until('healthy');

    const postgres = await container('postgres');
    await engine.stopContainer(postgres, owner(), 20);
    await expect(core.chat.conversations()).rejects.toMatchObject({ problem: { code: 'database-unavailable' } });
    await engine.startContainer(postgres, owner());
    await expect
      .poll(
        () =>
          core.chat.conversations().then(
            () => 'up',
            () => 'down',
          ),
        { timeout: 60_000, interval: 500 },
      )
      .toBe('up');
  });
});

describe('a killed backend', () => {
  it('takes up what it was reading, and every passage has exactly one vector', async () => {
    const path = join(folder, 'long.md');
    const sections = Array.from(
      { length: 600 },
      (_, at) => `## Buoy ${at}\n\nBuoy ${at} lies ${at * 3} metres off the pier and blinks ${at} times.\n`,
    );
    await writeFile(path, `# Buoys\n\n${sections.join('\n')}`);
    const id = await core.chat.ingest([{ path, name: 'long.md' }]);
    await expect
      .poll(async () => (await core.chat.documents()).find((entry) => entry.sourceName === 'long.md')?.state, {
        timeout: 30_000,
        interval: 50,
      })
      .toBe('embedding');
    const backend = await container('backend');
    await core.monitor.client().stopContainer(backend, owner(), 0);
    await core.runner.wait(id);
    await core.monitor.client().startContainer(backend, owner());
    await expect
      .poll(
        async () =>
          (await core.chat.documents().catch(() => [])).find((entry) => entry.sourceName === 'long.md')?.state,
        {
          timeout: 120_000,
          interval: 500,
        },
      )
      .toBe('ready');
    await expect
      .poll(async () => (await raw('GET', '/metrics')).body, { timeout: 90_000, interval: 1000 })
      .toMatch(/^rag_orphan_vectors 0$/m);
    const { id: conversation } = await core.chat.createConversation();
    expect((await ask(conversation, 'How many times does buoy 41 blink?')).text).toContain('blinks 41 times');
  });
});
