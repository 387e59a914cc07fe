/** Knowledge on a terminal: the built program on one stack, each command judged by what a person or a script sees. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '../../src/shared/model/operation.ts';
import type { Problem } from '../../src/shared/model/problem.ts';
import { freePort } from '../free-port.ts';

const root = join(import.meta.dirname, '..', '..');
const samples = join(root, 'resources', 'samples');
/** The first start may have to build every image. */
const firstStartMs = 900_000;
const followMs = 60_000;

let folder = '';
/** Where the backend is published. */
let port = 0;
const secrets = { key: 'sk-never-to-be-shown-4711', password: 'correct horse battery staple' };
/** Everything any command printed: searched for secrets at the end. */
const printed: string[] = [];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], input = ''): Promise<Ended> {
  const given = [join(root, 'bin', 'quayside'), ...args, '--data', join(folder, 'data')];
  const child = spawn(process.execPath, given, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (part: Buffer) => {
      ended[name] += part.toString();
    });
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  printed.push(ended.stdout, ended.stderr);
  return { code, ...ended };
}
const ours = (...args: readonly string[]): Promise<Ended> => run(args);

/** The one document of a command that ended well. */
async function json<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await ours(...args, '--json');
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '') as T;
}
async function refused(...args: readonly string[]): Promise<[code: number | null, problem: string]> {
  const { code, stderr } = await ours(...args, '--json');
  return [code, (JSON.parse(stderr.trim().split('\n').at(-1) ?? '{}') as Problem).code];
}

interface Found {
  chunks: { document: string; source: string; headingPath: string[]; text: string; scores: { fused: number } }[];
  mode: string;
  timings: { totalMs: number };
}
const search = (query: string, ...more: readonly string[]): Promise<Found> => json('search', query, ...more);
const sourcesOf = async (query: string, kb: string): Promise<string[]> =>
  (await search(query, '--kb', kb, '--mode', 'bm25')).chunks.map(({ source }) => source);

/** Somebody else's own door to the backend, without this panel. */
async function asked(method: string, path: string, body: unknown, token?: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/v1/${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
}

beforeAll(async () => {
  if (!existsSync(join(root, 'out', 'main', 'cli.cjs'))) throw new Error('Not built: run `npm run build` first');
  folder = await mkdtemp(join(tmpdir(), 'quayside-cli-rag-'));
  port = await freePort();
  const up = await ours('up', '--port', `backend=${port}`);
  expect([up.code, up.code === 0 ? '' : up.stdout + up.stderr]).toEqual([0, '']);
}, firstStartMs);

afterAll(async () => {
  await ours('down', '--volumes', '--yes');
  await rm(folder, { recursive: true, force: true });
});

describe('knowledge bases', () => {
  it('are made, listed, filled and searched by name', async () => {
    const { kb } = await json<{ kb: { id: string; name: string } }>('kb', 'create', 'Ships');
    expect(kb.name).toBe('Ships');
    expect(await refused('kb', 'create', 'Ships')).toEqual([1, 'name-taken']);
    await writeFile(
      join(folder, 'harbour.md'),
      '# Harbour\n\n## Pilots\n\nEvery quokkaship takes a pilot aboard at dawn.\n',
    );
    const first = await json<{ operation: Operation }>('ingest', join(folder, 'harbour.md'), '--kb', 'Ships');
    expect(first.operation.steps.map(({ state, detail }) => [state, detail])).toEqual([['done', '1 passage']]);
    const again = await json<{ operation: Operation }>('ingest', join(folder, 'harbour.md'), '--kb', kb.id);
    expect(again.operation.steps[0]?.detail).toBe('Already there: 1 passage');

    const { kbs } = await json<{ kbs: { name: string; documents: number; chunks: number }[] }>('kb', 'list');
    expect(kbs.find(({ name }) => name === 'Ships')).toMatchObject({ documents: 1, chunks: 1 });
    expect((await ours('kb', 'list')).stdout).toMatch(/^Ships +1 +1 /m);

    const found = await search('quokkaship', '--kb', 'Ships', '--mode', 'bm25', '--top-k', '3');
    expect(found).toMatchObject({
      mode: 'bm25',
      chunks: [{ source: 'harbour.md', headingPath: ['Harbour', 'Pilots'], text: expect.stringContaining('at dawn') }],
    });
    expect(found.timings.totalMs).toBeGreaterThan(0);
    expect((await search('quokkaship')).chunks).toEqual([]);
    const shown = (await ours('search', 'quokkaship', '--kb', 'Ships')).stdout;
    expect(shown).toContain('1  harbour.md > Harbour > Pilots');
    expect(shown).toMatch(/1 passage in .* \(hybrid: embedding /);
    expect(await refused('search', 'x', '--kb', 'Nowhere')).toEqual([4, 'not-found']);
    expect(await refused('search', 'x', '--mode', 'magic')).toEqual([2, 'usage']);
  });

  it('are shared with somebody, who finds what is in them until that is taken back', async () => {
    const email = 'grace@example.org';
    const made = await run(['user', 'create', email, '--password-file', '-', '--json'], `${secrets.password}\n`);
    const { user } = JSON.parse(made.stdout) as { user: { id: string } };
    const login = await asked('POST', 'auth/login', { email, password: secrets.password });
    const { accessToken } = (await login.json()) as { accessToken: string };
    /** What she finds in it, or what she is told. */
    const hers = async (): Promise<string> => {
      const answer = await asked(
        'POST',
        'search',
        { query: 'quokkaship', kbIds: ['Ships'], mode: 'bm25' },
        accessToken,
      );
      const { code, hits } = (await answer.json()) as { code?: string; hits?: { sourceName: string }[] };
      return code ?? (hits ?? []).map(({ sourceName }) => sourceName).join();
    };
    interface Shared {
      members: { email: string; access: string }[];
    }
    expect(await json<Shared>('kb', 'members', 'Ships')).toEqual({ members: [] });
    expect(await hers()).toBe('not-found');

    expect((await ours('kb', 'share', 'Ships', email)).stdout).toBe(`✔ ${email} may read Ships\n`);
    expect(await hers()).toBe('harbour.md');
    const { members } = await json<Shared>('kb', 'share', 'Ships', user.id, '--write');
    expect(members).toEqual([{ userId: user.id, email, name: '', access: 'write' }]);
    expect(await json<Shared>('kb', 'members', 'Ships')).toEqual({ members });

    expect((await ours('kb', 'unshare', 'Ships', email)).stdout).toBe(`✔ Ships is no longer shared with ${email}\n`);
    expect(await hers()).toBe('not-found');

    // Neither with its owner nor what is somebody else's.
    const { users } = await json<{ users: { id: string; email: string | null }[] }>('user', 'list');
    const owner = users.find((one) => one.email === null)?.id ?? '';
    expect(await refused('kb', 'share', 'Ships', owner)).toEqual([1, 'person-owner']);
    await asked('POST', 'knowledge-bases', { name: 'Of Grace' }, accessToken);
    await asked('PUT', `knowledge-bases/Of%20Grace/members/${owner}`, { role: 'editor' }, accessToken);
    expect(await refused('kb', 'share', 'Of Grace', email)).toEqual([1, 'kb-not-own']);
    expect((await ours('user', 'remove', email, '--yes')).code).toBe(0);
  });

  it('go with their documents, and only when that was meant', async () => {
    expect(await refused('kb', 'delete', 'Ships')).toEqual([2, 'usage']);
    expect((await ours('kb', 'delete', 'Ships', '--yes')).stdout).toBe('✔ Ships is deleted, with 1 document\n');
    expect(await refused('search', 'quokkaship', '--kb', 'Ships')).toEqual([4, 'not-found']);
    expect(await refused('kb', 'delete', 'default', '--yes')).toEqual([1, 'kb-default']);
  });
});

describe('a folder as a source', () => {
  it('is followed: files that come, change and go do so in the knowledge base', async () => {
    const papers = join(folder, 'My papers');
    await mkdir(papers, { mode: 0o755 });
    const write = (name: string, text: string): Promise<void> =>
      writeFile(join(papers, name), `# ${name}\n\n${text}\n`);
    await write('one.md', 'The first paper is about albatrosses.');
    await write('two.md', 'The second paper is about barnacles.');
    await write('three.md', 'The third paper is about cormorants.');
    await json('kb', 'create', 'Papers');
    const added = await json<{ operation: Operation; source: { id: string; uri: string } }>(
      'source',
      'add',
      papers,
      '--kb',
      'Papers',
    );
    expect(added.operation).toMatchObject({ state: 'done', outcome: '3 files are being read in' });
    expect(added.source.uri).toBe(papers);
    const poll = (query: string) => expect.poll(() => sourcesOf(query, 'Papers'), { timeout: followMs, interval: 500 });
    await poll('albatrosses').toEqual(['My papers/one.md']);
    await poll('cormorants').toEqual(['My papers/three.md']);

    await write('one.md', 'The first paper is about dolphins now.');
    await rm(join(papers, 'two.md'));
    await write('four.md', 'The fourth paper is about eiders.');
    await poll('dolphins').toEqual(['My papers/one.md']);
    await poll('eiders').toEqual(['My papers/four.md']);
    await poll('barnacles').toEqual([]);
    await poll('albatrosses').toEqual([]);

    expect((await ours('source', 'list', '--kb', 'Papers')).stdout).toContain(papers);
    const removed = await ours('source', 'remove', papers, '--delete-documents', '--yes');
    expect(removed.stdout).toBe(`✔ ${papers} is no longer kept up with; its documents are being deleted\n`);
    await poll('eiders').toEqual([]);
  }, 600_000);

  it('is refused where it would give secrets or far too much away', async () => {
    expect(await refused('source', 'add', join(folder, 'data'))).toEqual([1, 'folder-own-data']);
    expect(await refused('source', 'add', '/etc')).toEqual([1, 'folder-too-wide']);
    expect(await refused('source', 'add', join(folder, 'nothing'))).toEqual([4, 'folder-missing']);
    expect(await refused('source', 'add', 'http://127.0.0.1/page')).toEqual([1, 'url-not-allowed']);
  });
});

describe('an evaluation', () => {
  it('asks the questions of a file and tells how well they were answered', async () => {
    await json('ingest', samples);
    const file = join(samples, 'evaluation', 'questions.json');
    const shown = await ours('eval', 'run', file, '--mode', 'hybrid', '--min-ndcg', '0.5');
    expect([shown.code, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toMatch(/MODE +RECALL@1 .* NDCG@10/);
    expect(shown.stdout).toMatch(/^hybrid +[01]\.\d{3} \([01]\.\d{3} to [01]\.\d{3}\)/m);
    expect(shown.stdout).toMatch(/Of 15 questions without an answer, \d+ were left unanswered\./);
    expect(await refused('eval', 'run', file, '--min-ndcg', '1')).toEqual([1, 'eval-missed']);
    const { sets, runs } = await json<{ sets: unknown[]; runs: { state: string }[] }>('eval', 'list');
    // The file was run twice: its set was replaced, both runs are kept.
    expect([sets.length, runs.map(({ state }) => state)]).toEqual([1, ['done', 'done']]);
    await writeFile(join(folder, 'odd.json'), '{"name": "Odd", "items": [{"question": "x", "answerable": true}]}');
    expect(await refused('eval', 'run', join(folder, 'odd.json'))).toEqual([2, 'eval-file']);
  }, 300_000);
});

describe('providers, settings and doors', () => {
  it('are set up without a key in any argument, tried out, and chosen', async () => {
    const keyFile = join(folder, 'key.txt');
    await writeFile(keyFile, `${secrets.key}\n`);
    const away = ['--url', 'http://127.0.0.1:9/v1', '--model', 'tiny', '--key-file', keyFile];
    const set = await ours('provider', 'set', 'openai-compatible', ...away);
    expect(set.stdout).toMatch(/openai-compatible +tiny +http:\/\/127\.0\.0\.1:9\/v1 +ends in 4711/);
    const tried = await ours('provider', 'test', 'openai-compatible');
    expect([tried.code, tried.stdout]).toEqual([1, expect.stringContaining('failed at reaching it')]);
    expect((await json<{ test: { ok: boolean } }>('provider', 'test', 'embedded')).test.ok).toBe(true);
    const { providers } = await json<{ providers: { active: string } }>('provider', 'use', 'openai-compatible');
    expect(providers.active).toBe('openai-compatible');
    expect((await ours('provider', 'use', 'embedded')).stdout).toMatch(/^\* +embedded/m);
    // The capability is off: there is no model to ask.
    expect(await refused('provider', 'use', 'local')).toEqual([1, 'provider-not-configured']);
    expect(await refused('provider', 'use', 'somebody')).toEqual([2, 'usage']);
  });

  it('settings are shown, changed within what fits, and reset', async () => {
    const entry = async () =>
      (await json<{ entry: { value: number; source: string } }>('config', 'get', 'retrieval.topK')).entry;
    expect(await entry()).toMatchObject({ value: 8, source: 'default' });
    expect((await ours('config', 'set', 'retrieval.topK', '12')).stdout).toMatch(/^retrieval\.topK = 12$/m);
    expect(await entry()).toMatchObject({ value: 12, source: 'database' });
    expect(await refused('config', 'set', 'retrieval.topK', '5000')).toEqual([1, 'input-refused']);
    expect(await refused('config', 'set', 'retrieval.topK', 'many')).toEqual([2, 'usage']);
    expect(await refused('config', 'get', 'no.such')).toEqual([4, 'nothing-to-act-on']);
    await json('config', 'reset', 'retrieval.topK');
    expect(await entry()).toMatchObject({ value: 8, source: 'default' });
    const { changes } = await json<{ changes: { key: string; changedBy: string }[] }>('config', 'history');
    expect(changes.filter(({ key }) => key === 'retrieval.topK').map(({ changedBy }) => changedBy)).toEqual([
      'Owner',
      'Owner',
    ]);
  });

  it('keys and people come and go; a secret is told once', async () => {
    const { key, secret } = await json<{ key: { id: string }; secret: string }>(
      'key',
      'create',
      'nightly',
      '--scope',
      'search:read',
    );
    const listed = await ours('key', 'list');
    expect(listed.stdout).toMatch(/^nightly .* search:read /m);
    expect(listed.stdout).not.toContain(secret);
    expect((await ours('key', 'revoke', key.id)).stdout).toBe('✔ nightly opens nothing any more\n');
    const made = await run(['user', 'create', 'ada@example.org', '--password-file', '-'], `${secrets.password}\n`);
    expect([made.code, made.stdout]).toEqual([0, '✔ ada@example.org may sign in\n']);
    expect((await ours('user', 'disable', 'ada@example.org')).code).toBe(0);
    const people = (await ours('user', 'list')).stdout;
    expect(people).toMatch(/^ada@example\.org .* disabled /m);
    expect(await refused('user', 'remove', 'ada@example.org')).toEqual([2, 'usage']);
    expect((await ours('user', 'remove', 'ada@example.org', '--yes')).code).toBe(0);
    expect((await ours('user', 'list')).stdout).not.toContain('ada@example.org');
    const owner = /^- .* (\S+)$/m.exec(people)?.[1] ?? '';
    expect(await refused('user', 'remove', owner, '--yes')).toEqual([1, 'forbidden']);
  });

  it('conversations are written out with their sources', async () => {
    await json('ask', 'Which port does the backend listen on?');
    const { conversations } = await json<{ conversations: { id: string; title: string }[] }>('conversation', 'list');
    const [one] = conversations;
    expect(one?.title).toBe('Which port does the backend listen on?');
    const { stdout } = await ours('conversation', 'export', one?.id ?? '');
    expect(stdout).toContain('Which port does the backend listen on?');
    expect(stdout).toContain('quayside-handbook.md');
    expect((await ours('workflow', 'list')).stdout).toContain('n8n is off');
  });

  it('told no secret on the way', () => {
    const all = printed.join('');
    for (const secret of Object.values(secrets)) expect(all).not.toContain(secret);
  });
});
