/** The real RAG stack for the tests that mean it no good: started through the core, asked over plain HTTP, broken for real. */
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, vi } from 'vitest';
import { readSecret } from '../../src/main/config/secrets.ts';
import { type Core, createCore } from '../../src/main/core.ts';
import type { JsonObject } from '../../src/main/engine/engine-client.ts';
import { freePort } from '../free-port.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the checks, field by field
  readonly json: any;
}
export interface CallOptions {
  /** null: none. The panel's own when left out. */
  readonly token?: string | null;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is. */
  readonly raw?: string | Uint8Array<ArrayBuffer> | FormData;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}
export type Service = 'postgres' | 'redis' | 'qdrant' | 'nlp' | 'backend';

export interface RagStack {
  readonly core: Core;
  readonly base: string;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** A file in a form. */
  upload(name: string, bytes: string | Uint8Array<ArrayBuffer>, more?: CallOptions & { kb?: string }): Promise<Answer>;
  /** The job as it ended. */
  // biome-ignore lint/suspicious/noExplicitAny: looked into by the checks
  jobEnds(id: string, timeoutMs?: number): Promise<any>;
  /** A text added and read in; its id. */
  added(title: string, text: string, kb?: string): Promise<string>;
  /** The events of one question, in a conversation of its own or the given one. */
  asked(question: string, more?: { conversation?: string; signal?: AbortSignal }): Promise<Asked>;
  /** How often a line of /metrics has counted; 0 when it is not there. */
  metric(line: string): Promise<number>;
  container(service: Service): string;
  image(service: Service): Promise<string>;
  stop(service: Service): Promise<void>;
  /** SIGKILL, which nobody can answer. */
  kill(service: Service): Promise<void>;
  start(service: Service): Promise<void>;
  /** Starts what is stopped and waits until all is well. */
  healthy(): Promise<void>;
  /** What a statement answers with, a line for each row. */
  sql(statement: string): Promise<string[]>;
  // biome-ignore lint/suspicious/noExplicitAny: looked into by the checks
  qdrant(method: string, path: string, body?: unknown): Promise<{ status: number; json: any }>;
  /** Under which containers of the stack reach this machine. */
  gateway(): Promise<string>;
  close(): Promise<void>;
}
export interface Asked {
  readonly runId: string;
  readonly conversation: string;
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: looked into by the checks
  readonly events: readonly { readonly id: number; readonly name: string; readonly data: any }[];
}

/** Events of a stream as they were sent, with their numbers. */
export function eventsOf(stream: string): Asked['events'] {
  return stream.split('\n\n').flatMap((block) => {
    const found = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(block);
    return found === null ? [] : [{ id: Number(found[1]), name: found[2] ?? '', data: JSON.parse(found[3] ?? '') }];
  });
}

export const statusAndCode = (answer: Answer): [number, unknown] => [answer.status, answer.json?.code];

/** One call to the engine that the panel's own client does not have. */
function engineCall(method: string, path: string): Promise<number> {
  return new Promise((done, failed) => {
    const call = httpRequest({ socketPath: '/var/run/docker.sock', method, path }, (response) => {
      response.resume();
      response.on('end', () => done(response.statusCode ?? 0));
    });
    call.on('error', failed);
    call.end();
  });
}

export async function startRagStack(): Promise<RagStack> {
  const folder = await mkdtemp(join(tmpdir(), 'quayside-rag-'));
  const core = await createCore({
    dataDir: join(folder, 'data'),
    environment: 'test',
    composeDir: resolve('compose'),
    samplesDir: resolve('resources/samples'),
    appVersion: '0.0.0',
  });
  await core.monitor.ready(20_000);
  const engine = core.monitor.client();
  const owner = { project: core.environment.project };
  const operation = await core.runner.wait(await core.lifecycle.start({ ports: { backend: await freePort() } }));
  if (operation.state !== 'done') throw new Error(JSON.stringify(operation.problem ?? operation.outcome));
  const state = await core.stack.refresh();
  const base = core.access.url() ?? '';
  const panel = await core.access.token();
  const qdrantKey = await readSecret(core.environment, 'qdrant_api_key');
  const ids = new Map(state.services.map((service) => [service.name, service.containers[0]?.id ?? '']));

  const idOf = (service: Service): string => ids.get(service) ?? '';
  const inspect = async (id: string): Promise<JsonObject> => (await engine.inspectContainer(id)) ?? {};
  /** Before many requests per minute become the failure that is looked for. */
  const unlimited = { 'limits.requestsPerMinute': 1_000_000, 'limits.chatPerMinute': 100_000 };

  const call: RagStack['call'] = async (method, path, options = {}) => {
    const token = options.token === undefined ? panel : options.token;
    const response = await fetch(base + path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.raw === undefined ? {} : { body: options.raw }),
      // No answer takes that long: one that hangs fails here, where it can be seen which it was.
      signal: options.signal ?? AbortSignal.timeout(90_000),
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
    return { status: response.status, text, json, headers: response.headers };
  };
  const jobEnds: RagStack['jobEnds'] = async (id, timeoutMs = 60_000) => {
    const { job } = await vi.waitFor(
      async () => {
        const { json } = await call('GET', `/v1/jobs/${id}`);
        expect(json?.job?.state).toMatch(/^(done|failed|cancelled)$/);
        return json;
      },
      { timeout: timeoutMs, interval: 100 },
    );
    return job;
  };
  const qdrant: RagStack['qdrant'] = async (method, path, body) => {
    const seen = await inspect(idOf('qdrant'));
    const { Networks } = seen.NetworkSettings as { Networks: Record<string, { IPAddress: string }> };
    const response = await fetch(`http://${Object.values(Networks)[0]?.IPAddress}:6333${path}`, {
      method,
      headers: { 'api-key': qdrantKey, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: await response.json() };
  };

  const stack: RagStack = {
    core,
    base,
    call,
    jobEnds,
    qdrant,
    async upload(name, bytes, { kb = 'default', ...more } = {}) {
      const form = new FormData();
      form.append('file', new Blob([bytes]), name);
      return call('POST', `/v1/knowledge-bases/${kb}/documents`, { raw: form, ...more });
    },
    async added(title, text, kb = 'default') {
      const { status, json } = await call('POST', `/v1/knowledge-bases/${kb}/documents`, { body: { title, text } });
      expect(status).toBe(202);
      expect(await jobEnds(json.job.id)).toMatchObject({ state: 'done' });
      return json.document.id as string;
    },
    async asked(question, { conversation, signal } = {}) {
      const id: string = conversation ?? (await call('POST', '/v1/conversations', { body: {} })).json.id;
      const { status, text } = await call('POST', `/v1/conversations/${id}/messages`, {
        body: { question },
        headers: { accept: 'text/event-stream' },
        ...(signal === undefined ? {} : { signal }),
      });
      const events = eventsOf(text);
      const said = events.map((event) => (event.name === 'delta' ? (event.data as { text: string }).text : ''));
      return { status, conversation: id, events, text: said.join(''), runId: events[0]?.data.runId ?? '' };
    },
    async metric(line) {
      const { text } = await call('GET', '/metrics');
      const found = text.split('\n').find((entry) => entry.startsWith(`${line} `));
      return found === undefined ? 0 : Number(found.slice(line.length + 1));
    },
    container: idOf,
    async image(service) {
      const { Config } = (await inspect(idOf(service))) as { Config: { Image: string } };
      return Config.Image;
    },
    stop: (service) => engine.stopContainer(idOf(service), owner, 20),
    async kill(service) {
      const status = await engineCall('POST', `/containers/${idOf(service)}/kill?signal=KILL`);
      if (status !== 204) throw new Error(`${service} could not be killed: ${status}`);
    },
    start: (service) => engine.startContainer(idOf(service), owner),
    async healthy() {
      for (const service of ['postgres', 'redis', 'qdrant', 'nlp', 'backend'] as const) {
        const { Running } = (await inspect(idOf(service))).State as { Running: boolean };
        if (!Running) await stack.start(service);
      }
      await vi.waitFor(
        async () => {
          const { json } = await call('GET', '/health', { token: null, signal: AbortSignal.timeout(3000) });
          expect(json?.status).toBe('healthy');
        },
        { timeout: 150_000, interval: 200 },
      );
    },
    async sql(statement) {
      const { exitCode, stdout, stderr } = await engine.exec(idOf('postgres'), owner, {
        cmd: ['psql', '-U', 'quayside', '-d', 'quayside', '-At', '-c', statement],
      });
      if (exitCode !== 0) throw new Error(stderr);
      return stdout.split('\n').filter((line) => line !== '');
    },
    async gateway() {
      const network = await engine.inspectNetwork(`${owner.project}_default`);
      const { Config } = (network?.IPAM ?? { Config: [] }) as { Config: { Gateway: string }[] };
      return Config[0]?.Gateway ?? '';
    },
    async close() {
      await core.runner.wait(await core.lifecycle.down({ volumes: true }));
      await core.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  const quiet = await call('PATCH', '/v1/config', { body: unlimited });
  if (quiet.status !== 200) throw new Error(quiet.text);
  return stack;
}
