/**
 * The stack's own language model: built, asked through the backend as any other service of its protocol, and stopped.
 * Its image holds 240 MB of weights, so this runs where it is on the engine already, or with QUAYSIDE_LLM=1.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setCapability } from '../../src/main/config/capabilities.ts';
import { openEnvironment } from '../../src/main/config/environment.ts';
import { readSecret } from '../../src/main/config/secrets.ts';
import { type Core, createCore } from '../../src/main/core.ts';
import { createImageCatalog } from '../../src/main/stack/images.ts';
import type { ChatEvent } from '../../src/shared/model/chat.ts';
import type { Operation } from '../../src/shared/model/operation.ts';
import { composeProject } from '../fakes/compose-project.ts';
import { freePort } from '../free-port.ts';
import { openEngine } from './scratch.ts';

const engine = openEngine();
const folder = await mkdtemp(join(tmpdir(), 'quayside-llm-'));
const composeDir = resolve('compose');

async function imageIsHere(): Promise<boolean> {
  const environment = await openEnvironment({ dataDir: join(folder, 'look'), name: 'look', composeDir });
  const catalog = createImageCatalog({ engine: () => engine, environment });
  const [need] = await catalog.needed(composeProject({}), new Set(['llm'])).catch(() => []);
  return need?.present === true;
}

const wanted = process.env.QUAYSIDE_LLM === '1' || (await imageIsHere());
let core: Core | undefined;

async function done(opened: Core, id: Promise<string>): Promise<Operation> {
  const operation = await opened.runner.wait(await id);
  expect(operation.problem).toBeNull();
  return operation;
}

async function container(opened: Core, service: string): Promise<string> {
  const state = await opened.stack.refresh();
  return state.services.find(({ name }) => name === service)?.containers[0]?.id ?? '';
}

/** Runs in the backend's container, which alone has the token and the name `llm`. */
async function inBackend(opened: Core, script: string): Promise<unknown> {
  const { exitCode, stdout, stderr } = await engine.exec(
    await container(opened, 'backend'),
    { project: opened.environment.project },
    { cmd: ['node', '--input-type=module', '-e', script] },
  );
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout) as unknown;
}

const call = `
  import { readFileSync } from 'node:fs';
  const token = readFileSync(process.env.LLM_TOKEN_FILE, 'utf8').trim();
  const call = (path, body, more = {}) => fetch(process.env.LLM_URL + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: 'Bearer ' + token, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...more,
  });
  const messages = [{ role: 'user', content: 'Count from one to one hundred, in words.' }];
`;

afterAll(async () => {
  if (core !== undefined) {
    await core.runner.wait(await core.lifecycle.down({ volumes: true }));
    await core.close();
  }
  engine.close();
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(!wanted)('the language model (skipped unless its image is here or QUAYSIDE_LLM=1)', () => {
  let opened: Core;
  beforeAll(async () => {
    opened = await createCore({
      dataDir: join(folder, 'data'),
      environment: 'test',
      composeDir,
      samplesDir: resolve('resources/samples'),
      appVersion: '0.0.0',
    });
    core = opened;
    await opened.monitor.ready(20_000);
    await setCapability(opened.environment, 'llm', true);
    await done(opened, opened.lifecycle.start({ ports: { backend: await freePort() } }));
  }, 1_500_000);

  it('lists its model, to who has the token', { timeout: 60_000 }, async () => {
    const seen = await inBackend(
      opened,
      `${call}
      const without = await fetch(process.env.LLM_URL + '/models');
      const { data } = await (await call('/models')).json();
      console.log(JSON.stringify({ without: without.status, ids: data.map(({ id }) => id) }));`,
    );
    expect(seen).toEqual({ without: 401, ids: ['gemma-3-270m-q4_k_m'] });
  });

  it('streams tokens, counts them, and is free again at once when its reader has gone', {
    timeout: 120_000,
  }, async () => {
    const seen = (await inBackend(
      opened,
      `${call}
      const whole = await call('/chat/completions', { messages, stream: true, max_tokens: 40, stream_options: { include_usage: true } });
      const parts = (await whole.text()).split('\\n\\n').filter((part) => part !== '').map((part) => part.slice(6));
      const last = parts.pop();
      const usage = JSON.parse(parts.at(-1)).usage;
      const abort = new AbortController();
      const cut = await call('/chat/completions', { messages, stream: true, max_tokens: 3000 }, { signal: abort.signal });
      await cut.body.getReader().read();
      abort.abort();
      const startedAt = performance.now();
      const next = await call('/chat/completions', { messages, max_tokens: 1 });
      await next.text();
      console.log(JSON.stringify({ last, pieces: parts.length, usage, nextMs: performance.now() - startedAt, status: next.status }));`,
    )) as { last: string; pieces: number; usage: { completion_tokens: number }; nextMs: number; status: number };
    expect(seen.last).toBe('[DONE]');
    expect(seen.pieces).toBeGreaterThan(5);
    expect(seen.usage.completion_tokens).toBeGreaterThan(5);
    expect(seen.status).toBe(200);
    // 3000 tokens would take a minute.
    expect(seen.nextMs).toBeLessThan(15_000);
  });

  it('answers a question that the backend puts to it as to any service of its protocol', {
    timeout: 180_000,
  }, async () => {
    const { chat, access, environment } = opened;
    await done(opened, chat.ingest([{ path: resolve('resources/samples'), name: 'samples' }]));
    const put = async (path: string, body: unknown): Promise<number> => {
      const answer = await fetch(new URL(path, access.url() ?? ''), {
        method: 'PUT',
        headers: { authorization: `Bearer ${await access.token()}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return answer.status;
    };
    const key = await readSecret(environment, 'llm_token');
    const settings = { baseUrl: 'http://llm:8080/v1', model: 'gemma-3-270m-q4_k_m', key };
    expect(await put('/v1/providers/openai-compatible', settings)).toBe(200);
    expect(await put('/v1/providers/active', { name: 'openai-compatible' })).toBe(200);
    const { id } = await chat.createConversation();
    const events: ChatEvent[] = [];
    await chat.ask({ conversationId: id, question: 'Which port does the backend listen on?' }, (event) => {
      events.push(event);
    });
    expect(events.find(({ type }) => type === 'run')).toMatchObject({ provider: 'openai-compatible' });
    // A model this small writes nonsense as readily as sense: what counts is that it was asked, and wrote to its end.
    expect(events.find(({ type }) => type === 'usage')).toMatchObject({ ttftMs: expect.any(Number) });
    expect(events.at(-1)).toMatchObject({ type: 'done', status: expect.stringMatching(/^(completed|abstained)$/) });
  });
});
