/** What one service can do and another cannot, how that is found out, and what is done without it. */
import { afterEach, describe, expect, it } from 'vitest';
import type { SearchParts } from '../retrieval/search.ts';
import { createModelAnswerer } from './model-answerer.ts';
import {
  answererFor,
  collect,
  dialects,
  endServices,
  makers,
  names,
  noticesOf,
  parts,
  serve,
  textOf,
} from './model-services.fixture.ts';
import { createOllama } from './ollama.ts';
import { createOpenAiCompatible } from './openai-compatible.ts';
import type { AnswerEvent } from './provider.ts';
import { tryOut } from './try-out.ts';

afterEach(endServices);

describe.each(names)('%s', (name) => {
  const { begin, delta, end } = dialects[name];

  it('is tried out step by step', async () => {
    const models =
      name === 'ollama'
        ? { models: [{ name: 'tiny:latest', size: 5 }] }
        : { data: [{ id: 'tiny', max_model_len: 4096, max_input_tokens: 4096 }] };
    const url = await serve((request, response, body) => {
      if (request.url?.endsWith('/show') === true)
        response.end(JSON.stringify({ model_info: { 'gemma3.context_length': 4096 } }));
      else if (request.method === 'GET') response.end(JSON.stringify(models));
      else if (!body.includes('"tiny"')) {
        response.writeHead(404);
        response.end('model not found');
      } else {
        begin(response);
        response.end(`${delta('ready')}${end(9, 1)}`);
      }
    });
    const settings = { baseUrl: url, model: 'tiny', key: 'k' };
    expect(await tryOut(makers[name](settings))).toMatchObject({
      ok: true,
      failedAt: null,
      problem: null,
      contextTokens: 4096,
      models: 1,
      ttftMs: expect.any(Number),
    });
    expect(await tryOut(makers[name]({ ...settings, model: 'other' }))).toMatchObject({
      ok: false,
      failedAt: 'model',
      problem: { code: 'model-not-found' },
    });
    expect(await tryOut(makers[name]({ ...settings, baseUrl: 'http://127.0.0.1:9' }))).toMatchObject({
      ok: false,
      failedAt: 'connect',
      problem: { code: 'provider-unreachable' },
    });
  });
});

describe('what a service need not be able to do', () => {
  const openAi = dialects['openai-compatible'];
  it('takes the parameters that a newer model of OpenAI takes, and remembers', async () => {
    const bodies: Record<string, unknown>[] = [];
    const url = await serve((_request, response, body) => {
      const sent = JSON.parse(body) as Record<string, unknown>;
      bodies.push(sent);
      const bad = ['max_tokens', 'temperature'].find((parameter) => parameter in sent);
      if (bad === undefined) response.end(`${openAi.delta('So [1].')}${openAi.end(40, 2)}`);
      else {
        response.writeHead(400);
        response.end(
          JSON.stringify({ error: { message: `Unsupported parameter: '${bad}' is not supported with this model.` } }),
        );
      }
    });
    for (let question = 0; question < 2; question += 1)
      expect(textOf(await collect(answererFor('openai-compatible', url), {}, []))).toBe('So [1].');
    expect(bodies).toHaveLength(4);
    expect(bodies.at(-1)).toMatchObject({ max_completion_tokens: 800 });
  });

  it('answers when its citations cannot be checked', async () => {
    const url = await serve((_request, response) => {
      response.end(`${openAi.delta('It is something else [1].')}${openAi.end(40, 2)}`);
    });
    const broken = {
      ...parts,
      database: {
        rows: async () => {
          throw new Error('gone');
        },
      },
    } as unknown as SearchParts;
    const service = createOpenAiCompatible({ baseUrl: url, model: 'tiny', key: null });
    const events = await collect(
      createModelAnswerer(broken, service, async () => 8192),
      {},
      [],
    );
    expect(textOf(events)).toBe('It is something else [1].');
    expect(events.some((event) => event.kind === 'citations')).toBe(false);
  });
});

describe('Ollama’s window', () => {
  const answering = async (counted: number, window: number): Promise<{ body: string; events: AnswerEvent[] }> => {
    let body = '';
    const url = await serve((_request, response, sent) => {
      body = sent;
      response.end(`${dialects.ollama.delta('The port is 7420 [1].')}${dialects.ollama.end(counted, 4)}`);
    });
    return { events: await collect(answererFor('ollama', url, window), {}, []), body };
  };

  it('is sent, and what was counted is compared with what was sent', async () => {
    const well = await answering(300, 8192);
    expect(JSON.parse(well.body)).toMatchObject({ options: { num_ctx: 8192, num_predict: 800 } });
    expect(noticesOf(well.events)).toEqual([]);
    expect(noticesOf((await answering(3, 8192)).events)).toContain('context_truncated');
    expect(noticesOf((await answering(8192, 8192)).events)).toContain('context_truncated');
  });

  it('is told by /api/show', async () => {
    const url = await serve((request, response) => {
      expect(request.url).toBe('/v1/api/show');
      response.end(JSON.stringify({ model_info: { 'gemma3.context_length': 32768, 'gemma3.block_count': 18 } }));
    });
    const { signal } = new AbortController();
    expect(await createOllama({ baseUrl: url, model: 'gemma3:270m', key: null }).contextTokens(signal)).toBe(32768);
  });

  it('lets a pull be followed', async () => {
    const url = await serve((_request, response) => {
      response.write('{"status":"pulling manifest"}\n{"status":"pulling a1","total":10,"completed":4}\n');
      response.end('{"status":"success"}\n');
    });
    const states = [];
    for await (const state of createOllama({ baseUrl: url, model: '', key: null }).pull(
      'x',
      new AbortController().signal,
    ))
      states.push(state);
    expect(states).toMatchObject([
      { status: 'pulling manifest' },
      { completedBytes: 4, totalBytes: 10 },
      { status: 'success' },
    ]);
  });
});
