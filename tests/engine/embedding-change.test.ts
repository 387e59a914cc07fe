/** Evaluation, and a change of the embedding model, on the real stack: asked all the while, with services killed in the middle. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, createCore } from '../../src/main/core.ts';
import type { Operation } from '../../src/shared/model/operation.ts';
import { freePort } from '../free-port.ts';

const samples = resolve('resources/samples');
const small = 'sentence-transformers/paraphrase-MiniLM-L3-v2';
const usual = 'sentence-transformers/all-MiniLM-L6-v2';
let core: Core;
let folder: string;

const ended = async (id: Promise<string>): Promise<Operation> => core.runner.wait(await id);
const owner = () => ({ project: core.environment.project });

async function container(service: string): Promise<string> {
  const state = await core.stack.refresh();
  const id = state.services.find((entry) => entry.name === service)?.containers[0]?.id;
  if (id === undefined) throw new Error(`${service} has no container`);
  return id;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
async function send(method: string, path: string, body?: unknown, type = 'application/json'): Promise<any> {
  const token = await core.access.token();
  return new Promise((done, failed) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type };
    const call = request(new URL(path, core.access.url() ?? ''), { method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        done({ status: response.statusCode, ...(text.startsWith('{') ? JSON.parse(text) : {}) });
      });
    });
    call.on('error', failed);
    call.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
}
const put = (name: string, text: string) =>
  send(
    'POST',
    '/v1/knowledge-bases/default/documents',
    `--x\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n${text}\r\n--x--\r\n`,
    'multipart/form-data; boundary=x',
  );
const search = (query: string, mode = 'dense') => send('POST', '/v1/search', { query, mode, topK: 8, explain: true });
const allRead = () =>
  expect
    .poll(
      async () => {
        const { items } = await send('GET', '/v1/knowledge-bases/default/documents?limit=200');
        return items?.every((item: { state: string }) => item.state === 'ready');
      },
      { timeout: 400_000, interval: 1000 },
    )
    .toBe(true);
const changed = (to: string) =>
  expect
    .poll(
      async () => {
        const state = await send('GET', '/v1/embedding').catch(() => ({ change: 'away' }));
        expect(state.change?.state).not.toBe('failed');
        return state.change === null ? state.active.model : 'under way';
      },
      { timeout: 600_000, interval: 1000 },
    )
    .toBe(to);

/** Exact number of points in a collection, as the vector store itself counts. */
async function points(collection: string): Promise<number> {
  const code = `fetch(process.env.QDRANT_URL + '/collections/${collection}/points/count', { method: 'POST', body: '{"exact":true}',
    headers: { 'content-type': 'application/json', 'api-key': require('node:fs').readFileSync(process.env.QDRANT_API_KEY_FILE, 'utf8').trim() } })
    .then((answer) => answer.json()).then((answer) => console.log(answer.result?.count ?? 'gone'))`;
  const { stdout } = await core.monitor
    .client()
    .exec(await container('backend'), owner(), { cmd: ['node', '--input-type=commonjs', '-e', code] });
  return Number(stdout.trim());
}
/** Every collection holds exactly the passages of the documents that are there. */
async function countsAreExact(): Promise<void> {
  const { profiles, active } = await send('GET', '/v1/embedding');
  for (const profile of profiles.filter((entry: { status: string }) => entry.status !== 'retired')) {
    expect(profile.chunks, profile.id).toBe(active.chunks);
    await expect.poll(() => points(profile.collection), { timeout: 60_000, interval: 1000 }).toBe(active.chunks);
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-embedding-'));
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
  await ended(core.chat.ingest([{ path: samples, name: 'samples' }]));
}, 1_200_000);

afterAll(async () => {
  if (core === undefined) return;
  await ended(core.lifecycle.down({ volumes: true }));
  await core.close();
  await rm(folder, { recursive: true, force: true });
});

describe('an evaluation with the questions that ship with the samples', () => {
  it('finds the places, abstains where it should, and keeps set and run', { timeout: 900_000 }, async () => {
    const shipped = JSON.parse(await readFile(resolve('resources/samples/evaluation/questions.json'), 'utf8'));
    const set = await send('POST', '/v1/eval/sets', shipped);
    expect(set.status).toBe(201);
    expect(set.answerable).toBeGreaterThanOrEqual(30);
    expect(set.unanswerable).toBeGreaterThanOrEqual(10);
    expect((await send('POST', '/v1/eval/sets', shipped)).code).toBe('name-taken');
    const { run } = await send('POST', '/v1/eval/runs', { setId: set.id });
    const now = () => send('GET', `/v1/eval/runs/${run.id}`);
    await expect.poll(async () => (await now()).state, { timeout: 800_000, interval: 1000 }).toBe('done');
    const report = await now();
    expect(report.items).toHaveLength(shipped.items.length);
    const hybrid = report.modes.find((entry: { mode: string }) => entry.mode === 'hybrid');
    const value = (name: string) => hybrid.metrics.find((metric: { name: string }) => metric.name === name);
    expect(value('recall@10').value).toBe(1);
    expect(value('ndcg@10').value).toBeGreaterThan(0.9);
    expect(value('ndcg@10').low).toBeLessThanOrEqual(value('ndcg@10').value);
    const { unanswerable, abstained, answerable, wronglyAbstained } = report.abstention;
    expect(abstained / unanswerable).toBeGreaterThanOrEqual(0.8);
    expect(wronglyAbstained / answerable).toBeLessThanOrEqual(0.1);
    const again = await send('POST', '/v1/eval/runs', { setId: set.id });
    expect((await send('POST', `/v1/jobs/${again.run.jobId}/cancel`)).job.state).toBe('cancelled');
    expect((await send('GET', '/v1/eval/runs?limit=1')).items[0]).toMatchObject({ state: 'cancelled', setId: set.id });
    expect((await send('DELETE', `/v1/eval/sets/${set.id}`)).status).toBe(204);
    expect(await now()).toMatchObject({ setId: null, setName: shipped.name });
  });
});

describe('a change of the embedding model', () => {
  it('goes on after the backend, the embedding service and the vector store are killed', {
    timeout: 1_500_000,
  }, async () => {
    for (let n = 30; n < 50; n += 1)
      await put(`boat${n}.md`, `# Boat ${n}\n\n${`Boat ${n} waits for the tide. `.repeat(200)}`);
    await allRead();
    expect((await send('POST', '/v1/embedding/change', { model: small })).status).toBe(202);
    for (const service of ['backend', 'nlp', 'qdrant']) {
      const victim = await container(service);
      await core.monitor.client().stopContainer(victim, owner(), 0);
      await core.monitor.client().startContainer(victim, owner());
      await expect
        .poll(async () => (await search('boat').catch(() => ({ status: 0 }))).status, {
          timeout: 180_000,
          interval: 500,
        })
        .toBe(200);
    }
    await changed(small);
    await countsAreExact();
  });

  it('is undone, and what is no longer kept is given up', { timeout: 300_000 }, async () => {
    expect((await send('POST', '/v1/embedding/undo')).active.model).toBe(usual);
    const before = await send('GET', '/v1/embedding');
    expect(before.undo.profile.model).toBe(small);
    const sql = `update embedding_profiles set undo_until = now() where status = 'previous';
      update jobs set run_after = now() where kind = 'embed-retire'`;
    await core.monitor
      .client()
      .exec(await container('postgres'), owner(), { cmd: ['psql', '-U', 'quayside', '-d', 'quayside', '-c', sql] });
    await expect
      .poll(async () => (await send('GET', '/v1/embedding')).undo, { timeout: 60_000, interval: 500 })
      .toBeNull();
    await expect.poll(() => points(before.undo.profile.collection), { timeout: 60_000, interval: 1000 }).toBeNaN();
    expect((await send('POST', '/v1/embedding/undo')).code).toBe('embedding-no-undo');
    await countsAreExact();
  });

  it('goes on while people ask, and documents come, change and go', { timeout: 1_500_000 }, async () => {
    const boat = (n: number) =>
      `# Boat ${n}\n\n${Array.from({ length: 3 }, (_, at) => `Boat ${n} lies at berth ${n * 3 + at}. ${'The harbour master notes its papers and the tides of the day. '.repeat(11)}`).join('\n\n')}`;
    for (let n = 0; n < 30; n += 1) expect((await put(`boat${n}.md`, boat(n))).status).toBeLessThan(300);
    await allRead();
    let asking = true;
    const answers: { status: number; profile: string; right: boolean }[] = [];
    const asker = async (): Promise<void> => {
      while (asking) {
        const answer = await search('Which port does the backend listen on?');
        const right = answer.hits?.some((hit: { text: string }) => hit.text.includes('7420')) === true;
        answers.push({ status: answer.status, profile: answer.explain?.embeddingProfile, right });
      }
    };
    const askers = [asker(), asker(), asker()];

    expect((await send('POST', '/v1/embedding/change', { model: 'someone/else' })).code).toBe(
      'embedding-model-unknown',
    );
    expect((await send('POST', '/v1/embedding/change', { model: small })).status).toBe(202);
    expect((await send('POST', '/v1/embedding/change', { model: small })).code).toBe('embedding-change-running');
    const { items } = await send('GET', '/v1/knowledge-bases/default/documents?limit=200');
    const id = (name: string) => items.find((item: { sourceName: string }) => item.sourceName === name).id;
    await put('lantern.md', '# Lantern\n\nThe kestrel lantern hangs in the chart room.\n');
    await put('boat1.md', '# Boat 1\n\nBoat 1 was sold to the lighthouse keeper of Bramblesand.\n');
    await send('DELETE', `/v1/documents/${id('boat2.md')}`);
    await changed(small);
    await allRead();
    await countsAreExact();
    const first = async (query: string) => (await search(query)).hits.map((hit: { text: string }) => hit.text);
    expect((await first('Where does the kestrel lantern hang?')).join()).toContain('chart room');
    expect((await first('Who was boat 1 sold to?')).join()).toContain('lighthouse keeper');
    expect((await first('Boat 1 lies at berth')).join()).not.toContain('Boat 1 lies at berth 3.');
    expect((await first('Boat 2 lies at berth')).join()).not.toContain('Boat 2 lies');
    // Known bytes stay known.
    expect((await put('other.md', '# Lantern\n\nThe kestrel lantern hangs in the chart room.\n')).deduplicated).toBe(
      true,
    );

    await put('anchor.md', '# Anchor\n\nThe spare anchor lies under the sail loft.\n');
    await allRead();
    expect((await send('POST', '/v1/embedding/undo')).active.model).toBe(usual);
    expect((await first('Where does the spare anchor lie?')).join()).toContain('sail loft');
    await countsAreExact();
    asking = false;
    await Promise.all(askers);
    expect(new Set(answers.map((answer) => answer.profile)).size).toBe(2);
    expect(answers.filter((answer) => answer.status !== 200 || !answer.right)).toEqual([]);
  });
});
