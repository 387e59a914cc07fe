/** A replica of the backend that is told to end: what it was answering ends, what it was reading goes on elsewhere. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { setCapability } from '../../src/main/config/capabilities.ts';
import { type Core, createCore } from '../../src/main/core.ts';
import type { JsonObject } from '../../src/main/engine/engine-client.ts';
import { freePort } from '../free-port.ts';

let core: Core;
let folder: string;
let base: string;
let token: string;
/** A language model that takes its time: a word each 50 ms, `words` of them. */
let model: Server;
let words = 0;

const owner = () => ({ project: core.environment.project });
const engine = () => core.monitor.client();

async function done(id: Promise<string>): Promise<void> {
  const operation = await core.runner.wait(await id);
  expect(operation.problem).toBeNull();
}

async function containers(service: string): Promise<string[]> {
  const state = await core.stack.refresh();
  return state.services.find(({ name }) => name === service)?.containers.map(({ id }) => id) ?? [];
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the checks, field by field
): Promise<{ status: number; text: string; json: any }> {
  const response = await fetch(base + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
  return { status: response.status, text, json };
}

async function sql(query: string): Promise<string[]> {
  const [postgres = ''] = await containers('postgres');
  const { stdout } = await engine().exec(postgres, owner(), { cmd: ['psql', '-U', 'quayside', '-Atc', query] });
  return stdout.split('\n').filter((line) => line !== '');
}

/** The container of a replica, by the name that it signs its runs and jobs with. */
async function containerOf(replica: string): Promise<string> {
  const id = (await containers('backend')).find((candidate) => candidate.startsWith(replica.split('-')[0] ?? 'none'));
  if (id === undefined) throw new Error(`no container of ${replica}`);
  return id;
}

/** Tells a container to end and gives it the time that the stack gives it; answers how it ended, and after how long. */
async function stopped(id: string): Promise<{ exitCode: unknown; tookMs: number }> {
  const since = performance.now();
  await engine().stopContainer(id, owner(), 15);
  const tookMs = performance.now() - since;
  const seen = await engine().inspectContainer(id);
  return { exitCode: (seen?.State as JsonObject | undefined)?.ExitCode, tookMs };
}

async function logOf(id: string): Promise<string> {
  let text = '';
  const keep = ({ data }: { data: Buffer }): void => {
    text += data.toString('utf8');
  };
  await engine().logs(id, { follow: false, tail: 500 }, keep, new AbortController().signal);
  return text;
}

async function backAgain(id: string): Promise<void> {
  await engine().startContainer(id, owner());
  const health = async (): Promise<unknown> => {
    const seen = await engine().inspectContainer(id);
    return (seen?.State as { Health?: { Status: string } } | undefined)?.Health?.Status;
  };
  await expect.poll(health, { timeout: 170_000, interval: 300 }).toBe('healthy');
}

/** Asks, and comes back once the answer has begun: with its replica, and the whole stream when it has ended. */
async function begun(question: string): Promise<{ replica: string; whole: Promise<{ text: string; answer: string }> }> {
  const { json } = await call('POST', '/v1/conversations', {});
  const response = await fetch(`${base}/v1/conversations/${json.id}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ question }),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<boolean> => {
    const { value, done: over } = (await reader?.read()) ?? { done: true, value: undefined };
    text += value ?? '';
    return !over;
  };
  while (!text.includes('word3') && (await next()));
  const runId = /"runId":"([^"]+)"/.exec(text)?.[1] ?? '';
  const [replica = ''] = await sql(`select replica from runs where id = '${runId}'`);
  const whole = (async () => {
    while (await next());
    return { text, answer: [...text.matchAll(/event: delta\ndata: \{"text":"([^"]*)"/g)].map((m) => m[1]).join('') };
  })();
  return { replica, whole };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-stop-'));
  core = await createCore({
    dataDir: join(folder, 'data'),
    environment: 'test',
    composeDir: resolve('compose'),
    samplesDir: resolve('resources/samples'),
    appVersion: '0.0.0',
  });
  await core.monitor.ready(20_000);
  await setCapability(core.environment, 'gateway', true);
  await done(core.lifecycle.start({ ports: { backend: await freePort() } }));
  await done(core.lifecycle.scale({ service: 'backend', replicas: 2 }));
  base = (await core.stack.refresh()).backendUrl ?? '';
  token = await core.access.token();
  model = createHttpServer((request, response) => {
    request.resume();
    if (request.url?.endsWith('/models') === true) return void response.end('{"data":[]}');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let n = 0;
    const timer = setInterval(() => {
      n += 1;
      const last = n >= words;
      const choice = { delta: { content: `word${n} ` }, ...(last ? { finish_reason: 'stop' } : {}) };
      response.write(`data: ${JSON.stringify({ choices: [choice] })}\n\n`);
      if (last) response.end('data: [DONE]\n\n');
    }, 50);
    response.on('close', () => clearInterval(timer));
  });
  await new Promise<void>((listening) => model.listen(0, '0.0.0.0', listening));
  const network = await engine().inspectNetwork(`${core.environment.project}_default`);
  const { Config } = (network?.IPAM ?? { Config: [] }) as { Config: { Gateway: string }[] };
  const baseUrl = `http://${Config[0]?.Gateway}:${(model.address() as AddressInfo).port}/v1`;
  await call('PUT', '/v1/providers/openai-compatible', { baseUrl, model: 'slow' });
  expect((await call('PUT', '/v1/providers/active', { name: 'openai-compatible' })).status).toBe(200);
  const ferry = { title: 'Ferry', text: 'The ferry to Gull Rock leaves at nine in the morning.' };
  const { json } = await call('POST', '/v1/documents', ferry);
  await vi.waitFor(async () => expect((await call('GET', `/v1/jobs/${json.job.id}`)).json.job.state).toBe('done'), {
    timeout: 60_000,
    interval: 200,
  });
}, 900_000);

afterAll(async () => {
  model?.closeAllConnections();
  model?.close();
  if (core === undefined) return;
  await core.runner.wait(await core.lifecycle.down({ volumes: true }));
  await core.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a replica that is told to end', () => {
  const timeout = 400_000;
  const question = 'When does the ferry to Gull Rock leave?';

  it('brings its answers to their end first, and whoever asks meanwhile is answered by the other', {
    timeout,
  }, async () => {
    words = 80;
    const { replica, whole } = await begun(question);
    const id = await containerOf(replica);
    const ending = stopped(id);
    const meanwhile: number[] = [];
    let over = false;
    void ending.finally(() => {
      over = true;
    });
    while (!over) meanwhile.push((await call('GET', '/v1/documents')).status);
    expect(await ending).toMatchObject({ exitCode: 0 });
    expect(meanwhile.length).toBeGreaterThan(5);
    expect(new Set(meanwhile)).toEqual(new Set([200]));
    const { text, answer } = await whole;
    expect(answer).toContain('word79 word80');
    expect(text).toMatch(/event: done\ndata: \{"status":"completed"/);
    await backAgain(id);
  });

  it('stops an answer that has no end in time, says so to its reader, and keeps what there is of it', {
    timeout,
  }, async () => {
    words = 100_000;
    const { replica, whole } = await begun(question);
    const id = await containerOf(replica);
    const { exitCode, tookMs } = await stopped(id);
    expect(exitCode).toBe(0);
    expect(tookMs).toBeGreaterThan(5000);
    const { text } = await whole;
    const messageId = /event: done\ndata: \{"status":"stopped","messageId":"([^"]+)"/.exec(text)?.[1];
    expect(await sql(`select status || ' ' || left(content, 12) from messages where id = '${messageId}'`)).toEqual([
      'stopped word1 word2 ',
    ]);
    await backAgain(id);
  });

  it('hands back at once what it was reading in, and the other goes on with it', { timeout }, async () => {
    const documents = Array.from({ length: 6 }, (_, at) => {
      const sections = Array.from({ length: 80 }, (_, n) => `## Pier ${at}.${n}\n\nPier ${at}.${n} is ${n} m long.`);
      return { title: `Piers ${at}`, text: `# Piers ${at}\n\n${sections.join('\n\n')}\n` };
    });
    for (const body of documents) expect((await call('POST', '/v1/documents', body)).status).toBe(202);
    const reading = async (): Promise<string[]> =>
      sql(`select lease_owner from jobs where kind = 'ingest' and state = 'running' and progress > 0.2`);
    await expect.poll(reading, { timeout: 60_000, interval: 50 }).not.toEqual([]);
    const [replica = ''] = await reading();
    const id = await containerOf(replica);
    expect(await stopped(id)).toMatchObject({ exitCode: 0 });
    expect(await sql(`select id from jobs where state = 'running' and lease_owner = '${replica}'`)).toEqual([]);
    expect(await logOf(id)).toMatch(/"event":"job\.ended".*"kind":"ingest".*"ok":false/);
    const states = async (): Promise<string[]> =>
      sql(`select state from documents where title like 'Piers %' order by id`);
    await expect.poll(states, { timeout: 120_000, interval: 300 }).toEqual(documents.map(() => 'ready'));
    // None had to wait for its lease to run out: that would have been another attempt.
    expect(await sql(`select distinct attempts from jobs where kind = 'ingest'`)).toEqual(['1']);
    await backAgain(id);
  });
});
