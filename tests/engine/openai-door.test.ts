/** OpenAI's protocol on top of the documents, as its clients speak it; and what people say of answers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Core, createCore } from '../../src/main/core.ts';
import { freePort } from '../free-port.ts';

let core: Core;
let folder: string;
let base: string;
let panel: string;
/** A key that may ask, as a program holds it. */
let key: string;

async function call(
  method: string,
  path: string,
  body?: unknown,
  token = panel,
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

const complete = (body: unknown, token = key) => call('POST', '/openai/v1/chat/completions', body, token);
const user = (content: string) => ({ role: 'user', content });
const asked = (question: string, model = 'quayside') => ({ model, messages: [user(question)] });

/** The chunks of a streamed answer; the last line has to be the end mark. */
// biome-ignore lint/suspicious/noExplicitAny: chunks are looked into by the checks, field by field
function chunksOf(text: string): any[] {
  const lines = text.split('\n\n').filter((line) => line !== '' && !line.startsWith(':'));
  expect(lines.every((line) => line.startsWith('data: '))).toBe(true);
  expect(lines.at(-1)).toBe('data: [DONE]');
  return lines.slice(0, -1).map((line) => JSON.parse(line.slice(6)));
}

async function added(title: string, text: string, kb = 'default'): Promise<void> {
  const { json } = await call('POST', `/v1/knowledge-bases/${kb}/documents`, { title, text });
  await vi.waitFor(async () => expect((await call('GET', `/v1/jobs/${json.job.id}`)).json.job.state).toBe('done'), {
    timeout: 90_000,
    interval: 200,
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-openai-'));
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
  base = (await core.stack.refresh()).backendUrl ?? '';
  panel = await core.access.token();
  key = (await call('POST', '/v1/api-keys', { name: 'client', scopes: ['chat:use'] })).json.secret;
  await added('Ferry', 'The ferry to Gull Rock leaves at nine in the morning. The ferry costs four crowns.');
  expect((await call('POST', '/v1/knowledge-bases', { name: 'Lights: north' })).status).toBe(201);
  const { items } = (await call('GET', '/v1/knowledge-bases')).json;
  const lights = items.find(({ name }: { name: string }) => name === 'Lights: north').id;
  await added('Lantern', 'The lantern of Quill Point burns whale oil.', lights);
}, 900_000);

afterAll(async () => {
  if (core === undefined) return;
  await core.runner.wait(await core.lifecycle.down({ volumes: true }));
  await core.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a client of OpenAI', () => {
  it('finds the knowledge bases as models, and is answered from each with its sources', async () => {
    const { json } = await call('GET', '/openai/v1/models', undefined, key);
    const ids = json.data.map(({ id }: { id: string }) => id);
    expect(json.object).toBe('list');
    expect(ids).toEqual(expect.arrayContaining(['quayside', 'quayside:default', 'quayside:Lights: north']));
    const ferry = await complete(asked('When does the ferry to Gull Rock leave?'));
    expect(ferry.status).toBe(200);
    expect(ferry.json).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      model: 'quayside',
      choices: [
        { index: 0, message: { role: 'assistant', content: expect.stringContaining('nine') }, finish_reason: 'stop' },
      ],
      rag_sources: [expect.objectContaining({ title: 'Ferry' })],
    });
    const { usage } = ferry.json;
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
    const light = await complete(asked('What does the lantern of Quill Point burn?', 'quayside:Lights: north'));
    expect(light.json.choices[0].message.content).toContain('whale oil');
  });

  it('reads the same as a stream: role first, then words, an end with its reason, and the mark', async () => {
    const body = { ...asked('When does the ferry to Gull Rock leave?'), stream: true };
    const { text } = await complete({ ...body, stream_options: { include_usage: true } });
    const chunks = chunksOf(text);
    expect(chunks[0].choices).toEqual([
      { index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null },
    ]);
    expect(new Set(chunks.map(({ id, object }) => `${id} ${object}`)).size).toBe(1);
    const words = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(words).toContain('nine');
    const last = chunks.at(-2);
    expect(last.choices).toEqual([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }]);
    expect(last.rag_sources).toEqual([expect.objectContaining({ title: 'Ferry' })]);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: expect.any(Number) } });
    // Nobody asked for figures here.
    expect((await complete(body)).text).not.toContain('"usage"');
  });

  it('asks a follow-up with what it sends along, and hears when the documents do not answer', async () => {
    const first = 'When does the ferry to Gull Rock leave?';
    const follow = await complete({
      model: 'quayside',
      messages: [user(first), { role: 'assistant', content: 'At nine [1].' }, user('How much does it cost?')],
    });
    expect(follow.json.choices[0].message.content).toContain('four crowns');
    const unknown = await complete(asked('Who won the chess world championship in 1972?'));
    expect(unknown.json.choices[0]).toMatchObject({
      message: { content: expect.stringMatching(/^Your documents do not answer this\./) },
      finish_reason: 'stop',
    });
    expect(unknown.json.rag_sources).toEqual([]);
  });

  it('is told of failures in the form that it reads', async () => {
    const error = async (body: unknown, token = key) => {
      const { status, json } = await complete(body, token);
      return [status, json.error.type, json.error.code];
    };
    expect(await error(asked('When?'), 'nobody')).toEqual([401, 'authentication_error', 'invalid_api_key']);
    const searching = (await call('POST', '/v1/api-keys', { name: 's', scopes: ['search:read'] })).json.secret;
    expect(await error(asked('When?'), searching)).toEqual([403, 'permission_error', 'forbidden']);
    expect(await error(asked('When?', 'gpt-5'))).toEqual([404, 'invalid_request_error', 'model_not_found']);
    expect(await error(asked('When?', 'quayside:nowhere'))).toEqual([404, 'invalid_request_error', 'model_not_found']);
    expect(await error(asked('   '))).toEqual([422, 'invalid_request_error', 'empty_question']);
    expect((await error({ model: 'quayside', messages: 'When?' })).slice(0, 2)).toEqual([422, 'invalid_request_error']);
    const { status, json } = await call('GET', '/openai/v1/files', undefined, key);
    expect([status, json.error.type]).toEqual([404, 'invalid_request_error']);
  });

  it('that leaves stops the language model behind it', async () => {
    let closed = false;
    const model: Server = createHttpServer((request, response) => {
      request.resume();
      if (request.url?.endsWith('/models') === true) return void response.end('{"data":[]}');
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const timer = setInterval(() => {
        response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: 'word ' } }] })}\n\n`);
      }, 40);
      response.on('close', () => {
        clearInterval(timer);
        closed = true;
      });
    });
    await new Promise<void>((listening) => model.listen(0, '0.0.0.0', listening));
    try {
      const network = await core.monitor.client().inspectNetwork(`${core.environment.project}_default`);
      const { Config } = (network?.IPAM ?? { Config: [] }) as { Config: { Gateway: string }[] };
      const baseUrl = `http://${Config[0]?.Gateway}:${(model.address() as AddressInfo).port}/v1`;
      await call('PUT', '/v1/providers/openai-compatible', { baseUrl, model: 'slow' });
      await call('PUT', '/v1/providers/active', { name: 'openai-compatible' });
      const leave = new AbortController();
      const response = await fetch(`${base}/openai/v1/chat/completions`, {
        method: 'POST',
        signal: leave.signal,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...asked('When does the ferry to Gull Rock leave?'), stream: true }),
      });
      await response.body?.getReader().read();
      expect(closed).toBe(false);
      leave.abort();
      await expect.poll(() => closed, { timeout: 10_000 }).toBe(true);
    } finally {
      await call('PUT', '/v1/providers/active', { name: 'embedded' });
      model.closeAllConnections();
      model.close();
    }
  });
});

it('an answer is rated, rated otherwise, and not at all any more', async () => {
  const { id } = (await call('POST', '/v1/conversations', {})).json;
  const question = 'When does the ferry to Gull Rock leave?';
  const { message } = (await call('POST', `/v1/conversations/${id}/messages`, { question })).json;
  expect(message.feedback).toBeNull();
  const rate = (body: unknown) => call('PUT', `/v1/messages/${message.id}/feedback`, body);
  expect((await rate({ rating: 'up' })).json.feedback).toEqual({ rating: 'up', note: null });
  expect((await rate({ rating: 'down', note: 'Too long' })).json.feedback).toEqual({
    rating: 'down',
    note: 'Too long',
  });
  const { items } = (await call('GET', `/v1/conversations/${id}/messages`)).json;
  expect(items.at(-1).feedback).toEqual({ rating: 'down', note: 'Too long' });
  expect((await rate({ rating: null })).json.feedback).toBeNull();
  expect((await rate({ rating: 'fine' })).status).toBe(422);
  // What the person said themselves is not rated.
  expect((await call('PUT', `/v1/messages/${items[0].id}/feedback`, { rating: 'up' })).status).toBe(404);
});
