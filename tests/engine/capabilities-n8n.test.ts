/**
 * n8n in the real stack: its workflows are in and published before it is first used, and a document comes in by webhook.
 * Its image takes minutes and a gigabyte, so this runs where it is on the engine already, or with QUAYSIDE_N8N=1.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setCapability } from '../../src/main/config/capabilities.ts';
import { readSecret } from '../../src/main/config/secrets.ts';
import { type Core, createCore } from '../../src/main/core.ts';
import type { Operation } from '../../src/shared/model/operation.ts';

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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}

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
  });

  it('is kept as it is by another start, and imported only once', async () => {
    const plan = await core.lifecycle.plan({});
    expect(plan.services.flatMap(({ containers }) => containers.map(({ action }) => action))).not.toContain('create');
    expect(plan.writes).toBe(false);
  });

  it('goes with its capability, and its data stays', { timeout: 120_000 }, async () => {
    await setCapability(core.environment, 'n8n', false);
    const plan = await core.lifecycle.plan({});
    expect(plan.removals.map(({ service }) => service).sort()).toEqual(['n8n', 'n8n-database', 'n8n-import']);
    await done(core.lifecycle.start({}));
    const state = await core.stack.refresh();
    expect(state.services.map(({ name }) => name)).not.toContain('n8n');
    expect(await core.chat.documents()).toHaveLength(1);
    const { stdout } = await core.monitor
      .client()
      .exec(
        state.services.find(({ name }) => name === 'postgres')?.containers[0]?.id ?? '',
        { project: core.environment.project },
        { cmd: ['psql', '-U', 'quayside', '-Atc', "SELECT count(*) FROM pg_database WHERE datname = 'n8n'"] },
      );
    expect(stdout.trim()).toBe('1');
  });
});
