/**
 * n8n in the real stack: its workflows are in and published before it is first used, they do their work and are counted,
 * both ways ask for secrets, and everything else goes on without it.
 * Its image takes minutes and a gigabyte, so this runs where it is on the engine already, or with QUAYSIDE_N8N=1.
 */
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setCapability } from '../../src/main/config/capabilities.ts';
import { readSecret } from '../../src/main/config/secrets.ts';
import { type Core, createCore } from '../../src/main/core.ts';
import type { Operation } from '../../src/shared/model/operation.ts';
import { freePort } from '../free-port.ts';

/** Whether some n8n is on the engine, pulled or built. */
async function imageIsHere(): Promise<boolean> {
  const filters = JSON.stringify({ reference: ['quayside/n8n', 'n8nio/n8n'] });
  const path = `/images/json?filters=${encodeURIComponent(filters)}`;
  return new Promise((answer) => {
    const call = request({ socketPath: '/var/run/docker.sock', path }, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => {
        text += part.toString();
      });
      response.on('end', () => answer((JSON.parse(text) as unknown[]).length > 0));
    });
    call.on('error', () => answer(false));
    call.end();
  });
}

const wanted = process.env.QUAYSIDE_N8N === '1' || (await imageIsHere());
let core: Core;
let folder: string;
let n8n: string;

async function done(id: Promise<string>): Promise<Operation> {
  const operation = await core.runner.wait(await id);
  expect(operation.problem).toBeNull();
  return operation;
}

interface Workflow {
  readonly id: string;
  readonly name: string;
  readonly active: boolean;
}
interface Execution {
  readonly id: string;
  readonly workflowId: string;
  readonly status: string;
}

/** Signs in as the owner whom the environment set up; answers what asks n8n's own interface. */
async function signIn(): Promise<(path: string) => Promise<unknown>> {
  const answer = await fetch(`${n8n}/rest/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      emailOrLdapLoginId: 'owner@quayside.local',
      password: await readSecret(core.environment, 'n8n_owner_password'),
    }),
  });
  expect(answer.status).toBe(200);
  const cookie = answer.headers.getSetCookie().map((set) => set.split(';')[0]);
  return async (path) => {
    const page = await fetch(`${n8n}${path}`, { headers: { cookie: cookie.join('; ') } });
    expect(page.status).toBe(200);
    return ((await page.json()) as { data: unknown }).data;
  };
}

interface BackendAnswer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the checks, field by field
  readonly json: any;
}

/** Asks the backend, as the panel unless another token is given. */
async function call(method: string, path: string, body?: unknown, token?: string): Promise<BackendAnswer> {
  const response = await fetch(`${core.access.url()}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token ?? (await core.access.token())}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
  return { status: response.status, text, json };
}

/** How often a workflow ended like that, as Prometheus sees it. */
async function counted(workflow: string, status: string): Promise<number> {
  const { text } = await call('GET', '/metrics');
  const line = new RegExp(
    `^rag_n8n_workflow_executions_total\\{workflow="${workflow}",status="${status}"\\} (\\d+)$`,
    'm',
  );
  return Number(line.exec(text)?.[1]);
}

const known = async (key: string) =>
  (await call('GET', '/v1/workflows')).json.items.find((item: { key: string }) => item.key === key);

/** Begins a workflow through the backend and waits for its end; answers how it ended. */
async function run(key: string): Promise<{ status: string; message: string | null }> {
  const begun = await call('POST', `/v1/workflows/${key}/run`);
  expect([begun.status, begun.text]).toEqual([202, expect.stringContaining('executionId')]);
  const { executionId } = begun.json;
  let last: { executionId: string; status: string; message: string | null } | undefined;
  await expect
    .poll(
      async () => {
        const { lastRun } = await known(key);
        if (lastRun.executionId === executionId) last = lastRun;
        return last?.status;
      },
      { timeout: 60_000, interval: 300 },
    )
    .toMatch(/success|error/);
  return { status: last?.status ?? '', message: last?.message ?? null };
}

async function containerOf(service: string): Promise<string> {
  const state = await core.stack.refresh();
  return state.services.find(({ name }) => name === service)?.containers[0]?.id ?? '';
}

async function sql(database: string, query: string): Promise<string> {
  const { stdout } = await core.monitor
    .client()
    .exec(
      await containerOf('postgres'),
      { project: core.environment.project },
      { cmd: ['psql', '-U', 'quayside', '-d', database, '-Atc', query] },
    );
  return stdout.trim();
}

const healthOf = async (): Promise<{ status: string; checks: Record<string, { status: string; error?: string }> }> =>
  (await call('GET', '/health')).json;

async function post(body: unknown, token: string | null): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${n8n}/webhook/quayside/ingest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

describe.skipIf(!wanted)('n8n (skipped unless its image is here or QUAYSIDE_N8N=1)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quayside-n8n-'));
    core = await createCore({
      dataDir: join(folder, 'data'),
      environment: 'test',
      composeDir: resolve('compose'),
      samplesDir: resolve('resources/samples'),
      appVersion: '0.0.0',
    });
    await core.monitor.ready(20_000);
    await setCapability(core.environment, 'n8n', true);
    const port = await freePort();
    await done(core.lifecycle.start({ ports: { backend: await freePort(), n8n: port } }));
    n8n = `http://127.0.0.1:${port}`;
  }, 1_500_000);

  afterAll(async () => {
    if (core === undefined) return;
    await core.runner.wait(await core.lifecycle.down({ volumes: true }));
    await core.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('takes a document in by webhook, from who has the key, and the run is on record', {
    timeout: 120_000,
  }, async () => {
    const document = { title: 'Opening hours', text: 'The harbour office opens at seven in the morning.' };
    await expect.poll(async () => (await post(document, null)).status, { timeout: 30_000 }).toBe(403);
    expect((await post(document, 'wrong')).status).toBe(403);
    const token = await readSecret(core.environment, 'n8n_webhook_token');
    const taken = await post(document, token);
    expect(taken).toMatchObject({ status: 202, body: { document: { title: 'Opening hours' } } });
    await expect
      .poll(async () => (await core.chat.documents()).map(({ title, state }) => [title, state]), { timeout: 60_000 })
      .toEqual([['Opening hours', 'ready']]);
    // What the backend refuses comes back as the backend said it.
    expect(await post({ title: '', text: '' }, token)).toMatchObject({
      status: 422,
      body: { code: 'validation-failed' },
    });

    const ask = await signIn();
    const filter = encodeURIComponent(JSON.stringify({ workflowId: 'quaysideIngest01' }));
    await expect
      .poll(async () => {
        const { results } = (await ask(`/rest/executions?filter=${filter}`)) as { results: Execution[] };
        return results.map(({ status }) => status);
      })
      .toEqual(['success', 'success']);
  });

  it('counts each execution that was reported, once', async () => {
    expect(await counted('ingest', 'success')).toBe(1);
    expect(await counted('ingest', 'error')).toBe(1);
    // Those that have not run yet are there, at nothing.
    expect(await counted('reindex', 'error')).toBe(0);
    const event = { workflow: 'reindex', executionId: 'told-twice', status: 'error', atMs: Date.now() };
    const told = [await call('POST', '/v1/workflow-events', event), await call('POST', '/v1/workflow-events', event)];
    expect(told.map(({ status, json }) => [status, json])).toEqual([
      [200, { counted: true }],
      [200, { counted: false }],
    ]);
    expect(await counted('reindex', 'error')).toBe(1);
    expect((await call('POST', '/v1/workflow-events', { ...event, workflow: 'mine' })).status).toBe(422);
  });

  it('tries failed sources again and reads stale documents again, when told to run now', {
    timeout: 240_000,
  }, async () => {
    const url = 'https://nowhere.invalid/page.html';
    const { source } = (await call('POST', '/v1/sources', { kind: 'url', url })).json;
    const due = async (): Promise<string[]> =>
      (await call('GET', '/v1/sources?due=true')).json.items.map(({ id }: { id: string }) => id);
    await expect.poll(due, { timeout: 90_000, interval: 500 }).toEqual([source.id]);
    const syncs = async (): Promise<number> =>
      Number(await sql('quayside', `select count(*) from jobs where payload->>'sourceId' = '${source.id}'`));
    const before = await syncs();
    expect(await run('sync')).toMatchObject({ status: 'success' });
    expect(await syncs()).toBeGreaterThan(before);
    expect(await counted('sync', 'success')).toBeGreaterThanOrEqual(1);
    expect((await call('DELETE', `/v1/sources/${source.id}`)).status).toBe(202);
    // With nothing due it runs to its end as well.
    expect(await run('sync')).toMatchObject({ status: 'success' });

    const version = async (): Promise<number> => (await call('GET', '/v1/documents')).json.items[0].version;
    expect(await version()).toBe(1);
    expect((await call('PATCH', '/v1/config', { 'chunk.targetTokens': 150 })).status).toBe(200);
    expect(await run('reindex')).toMatchObject({ status: 'success' });
    await expect.poll(version, { timeout: 60_000, interval: 300 }).toBe(2);
    expect(await counted('reindex', 'success')).toBeGreaterThanOrEqual(1);
    // Nothing is stale now.
    expect((await call('POST', '/v1/reindex', { scope: 'stale' })).json.documents).toBe(0);
    expect((await call('POST', '/v1/workflows/ingest/run')).json.code).toBe('workflow-not-runnable');
  });

  it('raises the alarm when something is down, and what failed is reported by the workflow for errors', {
    timeout: 240_000,
  }, async () => {
    await expect.poll(async () => (await healthOf()).status, { timeout: 30_000, interval: 500 }).toBe('healthy');
    expect(await run('health')).toMatchObject({ status: 'success' });
    const nlp = await containerOf('nlp');
    const owner = { project: core.environment.project };
    await core.monitor.client().stopContainer(nlp, owner, 5);
    try {
      await expect.poll(async () => (await healthOf()).checks.nlp?.status, { timeout: 30_000 }).toBe('down');
      expect(await run('health')).toEqual({ status: 'error', message: expect.stringContaining('nlp is down') });
      expect(await counted('health', 'error')).toBeGreaterThanOrEqual(1);
      await expect.poll(() => counted('errors', 'success'), { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
    } finally {
      await core.monitor.client().startContainer(nlp, owner);
    }
    await expect.poll(async () => (await healthOf()).status, { timeout: 60_000, interval: 500 }).toBe('healthy');
  });

  it('begins for nobody without the secret, the signature and the time, and may itself do only what it is for', async () => {
    const begin = async (headers: Record<string, string>): Promise<number> => {
      const answer = await fetch(`${n8n}/webhook/quayside/run/health`, { method: 'POST', headers });
      await answer.text();
      return answer.status;
    };
    const secret = { authorization: `Bearer ${await readSecret(core.environment, 'n8n_webhook_token')}` };
    const signingKey = await readSecret(core.environment, 'n8n_signing_key');
    const signed = (atMs: number, key = signingKey): Record<string, string> => ({
      'x-quayside-timestamp': String(atMs),
      'x-quayside-signature': createHmac('sha256', key).update(`${atMs}.health`).digest('hex'),
    });
    expect(await begin(signed(Date.now()))).toBe(403);
    expect(await begin({ authorization: 'Bearer wrong', ...signed(Date.now()) })).toBe(403);
    expect(await begin(secret)).toBe(401);
    expect(await begin({ ...secret, ...signed(Date.now(), 'another key') })).toBe(401);
    expect(await begin({ ...secret, ...signed(Date.now() - 6 * 60_000) })).toBe(401);
    expect(await begin({ ...secret, ...signed(Date.now()) })).toBe(202);

    const own = await readSecret(core.environment, 'n8n_backend_token');
    expect((await call('GET', '/v1/documents', undefined, own)).status).toBe(200);
    for (const [method, path] of [
      ['GET', '/v1/config'],
      ['GET', '/v1/users'],
      ['GET', '/v1/conversations'],
      ['POST', '/v1/workflows/health/run'],
    ] as const)
      expect([path, (await call(method, path, undefined, own)).json.code]).toEqual([path, 'forbidden']);
    const guest = 'Bearer of nothing in particular';
    expect((await call('POST', '/v1/workflow-events', {}, guest.replaceAll(' ', '-'))).status).toBe(401);
  });

  it('has every workflow published, under an owner whom nobody had to type in', async () => {
    const ask = await signIn();
    const workflows = (await ask('/rest/workflows')) as Workflow[];
    expect(workflows.map(({ id }) => id).sort()).toEqual([
      'quaysideErrors01',
      'quaysideHealth01',
      'quaysideIngest01',
      'quaysideReindex1',
      'quaysideSync0001',
    ]);
    expect(workflows.filter(({ active }) => !active)).toEqual([]);
    const { json } = await call('GET', '/v1/workflows');
    expect(json).toMatchObject({ configured: true, reachable: true });
    expect(json.items.map(({ key, active }: { key: string; active: boolean }) => [key, active])).toEqual(
      ['ingest', 'sync', 'reindex', 'health', 'errors'].map((key) => [key, true]),
    );
  });

  it('is kept as it is by another start, and imported only once', async () => {
    const plan = await core.lifecycle.plan({});
    expect(plan.services.flatMap(({ containers }) => containers.map(({ action }) => action))).not.toContain('create');
    expect(plan.writes).toBe(false);
  });

  it('may stop: health says so, and documents, searches and answers go on', { timeout: 420_000 }, async () => {
    const owner = { project: core.environment.project };
    const id = await containerOf('n8n');
    await core.monitor.client().stopContainer(id, owner, 30);
    await expect.poll(async () => (await healthOf()).checks.n8n?.status, { timeout: 30_000 }).toBe('down');
    expect((await healthOf()).status).toBe('degraded');
    expect((await call('GET', '/metrics')).text).toMatch(/^rag_health_check_status\{check="n8n"\} 0$/m);
    expect((await call('GET', '/health/ready')).status).toBe(200);
    const added = await call('POST', '/v1/documents', { title: 'Closing hours', text: 'The office closes at four.' });
    expect(added.status).toBe(202);
    await expect
      .poll(async () => (await call('GET', `/v1/jobs/${added.json.job.id}`)).json.job.state, { timeout: 60_000 })
      .toBe('done');
    const found = await call('POST', '/v1/search', { query: 'When does the office close?' });
    expect(found.json.hits[0].text).toContain('closes at four');
    const conversation = (await call('POST', '/v1/conversations', {})).json;
    const question = 'When does the office close?';
    const answer = await call('POST', `/v1/conversations/${conversation.id}/messages`, { question });
    expect(answer.json.message.text).toContain('closes at four');
    const begun = await call('POST', '/v1/workflows/health/run');
    expect([begun.status, begun.json.code]).toEqual([503, 'workflow-unavailable']);
    expect((await call('GET', '/v1/workflows')).json).toMatchObject({ configured: true, reachable: false });
    await core.monitor.client().startContainer(id, owner);
    await expect.poll(async () => (await healthOf()).checks.n8n?.status, { timeout: 150_000 }).toBe('healthy');
  });

  it('goes with its capability, and its data stays', { timeout: 120_000 }, async () => {
    await setCapability(core.environment, 'n8n', false);
    const plan = await core.lifecycle.plan({});
    expect(plan.removals.map(({ service }) => service).sort()).toEqual(['n8n', 'n8n-database', 'n8n-import']);
    await done(core.lifecycle.start({}));
    const state = await core.stack.refresh();
    expect(state.services.map(({ name }) => name)).not.toContain('n8n');
    expect(await core.chat.documents()).toHaveLength(2);
    expect(await sql('quayside', "SELECT count(*) FROM pg_database WHERE datname = 'n8n'")).toBe('1');
    await expect.poll(async () => (await healthOf()).status, { timeout: 30_000 }).toBe('healthy');
    expect((await healthOf()).checks.n8n?.status).toBe('off');
    expect((await call('POST', '/v1/workflows/sync/run')).json.code).toBe('workflow-unavailable');
  });
});
