/** Every provider against an HTTP server that plays its service and notes when its sockets close. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigValues } from '../config/keys.ts';
import { resolve } from '../config/resolve.ts';
import { firstProfile } from '../embedding/profiles.ts';
import { BackendProblem } from '../http/problem.ts';
import { registry } from '../observability/metrics.ts';
import type { Passage, SearchParts } from '../retrieval/search.ts';
import { createAnthropic } from './anthropic.ts';
import { withFallback } from './fallback.ts';
import { createModelAnswerer } from './model-answerer.ts';
import { createOllama } from './ollama.ts';
import { createOpenAiCompatible } from './openai-compatible.ts';
import type { ModelService, ServiceSettings, Turn } from './port.ts';
import type { AnswerEvent, Answerer } from './provider.ts';
import type { RemoteProviderName } from './provider-names.ts';
import { tryOut } from './try-out.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<string> {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => handle(request, response, body));
  });
  await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

const passageOf = (text: string, at = 0): Passage => ({
  chunkId: `c${at + 1}`,
  documentId: `d${at + 1}`,
  title: 'Handbook',
  sourceName: 'handbook.md',
  page: null,
  headingPath: ['Ports'],
  text,
  start: 0,
  end: text.length,
  tokens: Math.ceil(text.length / 5),
  scores: { fused: 1, dense: 0.7, bm25: 3 },
});
const foundOf = (...texts: string[]) => ({
  hits: texts.map(passageOf),
  vector: new Float32Array(384),
  profile: firstProfile,
  dropped: 0,
  timings: { embedMs: 0, qdrantMs: 0, hydrateMs: 0, totalMs: 0 },
});
const usual = resolve({ commandLine: {}, environment: {}, envFile: {}, database: {} }).values;
// The embedding service is away: support is judged by words; the database is asked to stem, which here is lower case.
const parts = {
  database: {
    rows: async (_sql: string, [texts]: [string[]]) =>
      texts.map((text) => ({ lexemes: text.toLowerCase().match(/[a-z]{4,}/g) ?? [] })),
  },
  cache: { getMany: async (keys: string[]) => ({ values: keys.map(() => null), reachable: false }) },
  nlp: {
    embed: async () => {
      throw new BackendProblem('embedding-unavailable', 'away');
    },
  },
  profiles: { active: () => firstProfile },
  config: { values: () => usual },
} as unknown as SearchParts;

const makers: Record<RemoteProviderName, (settings: ServiceSettings) => ModelService> = {
  'openai-compatible': createOpenAiCompatible,
  ollama: createOllama,
  anthropic: createAnthropic,
};
/** How each service words the same things. */
const dialects: Record<
  RemoteProviderName,
  { path: string; delta(text: string): string; end(input: number, output: number, reason?: string): string }
> = {
  'openai-compatible': {
    path: '/v1/chat/completions',
    delta: (content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`,
    end: (input, output, reason = 'stop') =>
      `data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: reason }] })}\n\ndata: ${JSON.stringify({
        choices: [],
        usage: { prompt_tokens: input, completion_tokens: output },
      })}\n\ndata: [DONE]\n\n`,
  },
  ollama: {
    path: '/v1/api/chat',
    delta: (content) => `${JSON.stringify({ message: { role: 'assistant', content }, done: false })}\n`,
    end: (input, output, reason = 'stop') =>
      `${JSON.stringify({ message: { content: '' }, done: true, done_reason: reason, prompt_eval_count: input, eval_count: output })}\n`,
  },
  anthropic: {
    path: '/v1/v1/messages',
    delta: (text) =>
      `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })}\n\n`,
    end: (input, output, reason = 'end_turn') =>
      [
        { type: 'message_start', message: { usage: { input_tokens: input, output_tokens: 1 } } },
        { type: 'ping' },
        {
          type: 'message_delta',
          delta: { stop_reason: reason === 'length' ? 'max_tokens' : reason },
          usage: { output_tokens: output },
        },
        { type: 'message_stop' },
      ]
        .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
        .join(''),
  },
};
const names = Object.keys(makers) as RemoteProviderName[];

interface Ask {
  readonly texts?: string[];
  readonly values?: Partial<ConfigValues>;
  readonly window?: number;
  readonly history?: Turn[];
  readonly signal?: AbortSignal;
}
const answererFor = (name: RemoteProviderName, baseUrl: string, window = 8192): Answerer =>
  createModelAnswerer(parts, makers[name]({ baseUrl, model: 'tiny', key: 'sk-secret' }), async () => window);
async function collect(answerer: Answerer, ask: Ask, into: AnswerEvent[]): Promise<AnswerEvent[]> {
  const request = {
    question: 'Which port?',
    query: 'Which port?',
    history: ask.history ?? [],
    found: foundOf(...(ask.texts ?? ['The port is 7420.'])),
    settings: { ...usual, ...ask.values },
  };
  for await (const event of answerer.answer(request, ask.signal ?? new AbortController().signal)) into.push(event);
  return into;
}
const textOf = (events: readonly AnswerEvent[]): string =>
  events.map((event) => (event.kind === 'delta' ? event.text : '')).join('');
const noticesOf = (events: readonly AnswerEvent[]): string[] =>
  events.flatMap((event) => (event.kind === 'notice' ? [event.notice.code] : []));
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

describe.each(names)('%s', (name) => {
  const { path, delta, end } = dialects[name];
  const begin = (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': name === 'ollama' ? 'application/x-ndjson' : 'text/event-stream' });
  };

  it('sends sources as data, streams, keeps only citations that exist and says how well they are borne out', async () => {
    let seen = '';
    let asked: IncomingMessage | undefined;
    const url = await serve((request, response, body) => {
      seen = body;
      asked = request;
      begin(response);
      const whole = `${['The port', ' is 7420 [', '1]. It runs on Kubernetes [1][9', '].'].map(delta).join('')}${end(40, 4)}`;
      // Cut where no frame ends.
      for (let at = 0; at < whole.length; at += 37) response.write(whole.slice(at, at + 37));
      response.end();
    });
    const events = await collect(answererFor(name, url), {}, []);
    expect(asked?.url).toBe(path);
    expect(asked?.headers[name === 'anthropic' ? 'x-api-key' : 'authorization']).toContain('sk-secret');
    expect(seen).toMatch(/<src-[0-9a-f]{12} n=/);
    expect(events[0]).toMatchObject({ kind: 'sources', sources: [{ n: 1, chunkId: 'c1', strength: 'strong' }] });
    const text = textOf(events);
    expect(text).toBe('The port is 7420 [1]. It runs on Kubernetes [1].');
    expect(events.find((event) => event.kind === 'tokens')).toEqual({
      kind: 'tokens',
      input: 40,
      output: 4,
      estimated: false,
    });
    const made = events.find((event) => event.kind === 'citations');
    const marks = (made?.citations ?? []).map((c) => [
      text.slice(c.answerStart, c.answerEnd),
      text.slice(c.markStart, c.markEnd),
      c.support,
    ]);
    expect(marks).toEqual([
      ['The port is 7420 [1].', '[1]', 'strong'],
      ['It runs on Kubernetes [1].', '[1]', 'unsupported'],
    ]);
  });

  it('abstains at the agreed word, even in pieces', async () => {
    const url = await serve((_request, response) => {
      begin(response);
      response.end(`${['**', 'NO', '_ANS', 'WER**'].map(delta).join('')}${end(9, 3)}`);
    });
    const kinds = (await collect(answererFor(name, url), {}, [])).map((event) => event.kind);
    expect(kinds).toContain('abstain');
    expect(kinds).not.toContain('delta');
  });

  it.each([
    [401, 'no', 'provider-auth'],
    [404, 'no', 'model-not-found'],
    [429, 'no', 'provider-rate-limited'],
    [500, 'no', 'provider-error'],
    [504, 'no', 'provider-timeout'],
    [307, 'no', 'provider-error'],
  ])('names status %i and passes nothing of the body on', async (status, body, code) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, { 'retry-after': '7', location: 'http://127.0.0.1:9/' });
      response.end(`${body} sk-secret leaked by a careless service`);
    });
    const failure = await failureOf(collect(answererFor(name, url), {}, []));
    expect(failure).toMatchObject({ code, ...(status === 429 ? { retryAfter: 7 } : {}) });
    expect(String(failure)).not.toContain('sk-secret');
  });

  it('names a refused connection, what is no answer, an empty answer', async () => {
    await expect(collect(answererFor(name, 'http://127.0.0.1:9/v1'), {}, [])).rejects.toMatchObject({
      code: 'provider-unreachable',
    });
    for (const body of [name === 'ollama' ? '{not json\n' : 'data: {not json\n\n', end(9, 0)]) {
      const url = await serve((_request, response) => {
        begin(response);
        response.end(body);
      });
      await expect(collect(answererFor(name, url), {}, [])).rejects.toMatchObject({ code: 'provider-error' });
      server?.close();
    }
  });

  it('keeps what came before the connection dropped, and what came before an end that was none', async () => {
    for (const drop of [true, false]) {
      const url = await serve((_request, response) => {
        begin(response);
        response.write(delta('The port is 7420 [1'), () => (drop ? response.destroy() : response.end()));
      });
      const events: AnswerEvent[] = [];
      const failure = await failureOf(collect(answererFor(name, url), {}, events));
      expect(failure).toMatchObject({ code: 'provider-error' });
      expect(textOf(events)).toBe('The port is 7420 [1');
      server?.close();
    }
  });

  it('trims and asks once more when the prompt was too long', async () => {
    const bodies: string[] = [];
    const url = await serve((_request, response, body) => {
      bodies.push(body);
      if (bodies.length === 1) {
        response.writeHead(400);
        response.end('{"error":{"message":"prompt is too long: maximum context length is 100 tokens"}}');
        return;
      }
      begin(response);
      response.end(`${delta('So [1].')}${end(40, 2)}`);
    });
    const texts = Array.from({ length: 6 }, (_, at) => `Passage ${at}. ${'The port is 7420. '.repeat(30)}`);
    const history: Turn[] = [{ role: 'user', text: 'An earlier one?' }];
    const events = await collect(answererFor(name, url), { texts, history }, []);
    expect(textOf(events)).toBe('So [1].');
    expect(noticesOf(events)).toContain('context_truncated');
    expect(bodies).toHaveLength(2);
    expect((bodies[1] ?? '').length).toBeLessThan((bodies[0] ?? '').length * 0.7);
    expect(bodies[1]).not.toContain('An earlier one');
    const lists = events.flatMap((event) => (event.kind === 'sources' ? [event.sources.length] : []));
    expect(lists.length).toBe(2);
    expect(lists[1] ?? 9).toBeLessThan(lists[0] ?? 0);

    const always = await serve((_request, response) => {
      response.writeHead(400);
      response.end('{"error":"context length exceeded"}');
    });
    await expect(collect(answererFor(name, always), { texts }, [])).rejects.toMatchObject({ code: 'context-overflow' });
  });

  it('ends when the first word or the next one does not come', async () => {
    for (const first of ['', delta('The port ')]) {
      const url = await serve((_request, response) => {
        begin(response);
        response.write(first === '' ? ' ' : first);
      });
      const events: AnswerEvent[] = [];
      const values = { 'llm.firstTokenTimeoutMs': first === '' ? 60 : 60_000, 'llm.idleTimeoutMs': 60 };
      await expect(collect(answererFor(name, url), { values }, events)).rejects.toMatchObject({
        code: 'provider-timeout',
      });
      expect(textOf(events).trim()).toBe(first === '' ? '' : 'The port');
      server?.closeAllConnections();
      server?.close();
    }
  });

  it('closes the socket within half a second of a stop, before the first word and in the middle', async () => {
    for (const first of ['', delta('One word')]) {
      let resolveClosed: (at: number) => void = () => undefined;
      const closed = new Promise<number>((is) => {
        resolveClosed = is;
      });
      let arrived: () => void = () => undefined;
      const here = new Promise<void>((is) => {
        arrived = is;
      });
      const url = await serve((request, response) => {
        request.socket.on('close', () => resolveClosed(performance.now()));
        if (first !== '') {
          begin(response);
          response.write(first);
        }
        arrived();
      });
      const abort = new AbortController();
      const events: AnswerEvent[] = [];
      const running = failureOf(collect(answererFor(name, url), { signal: abort.signal }, events));
      await here;
      if (first !== '') await expect.poll(() => textOf(events)).toMatch(/^One/);
      const stoppedAt = performance.now();
      abort.abort(new DOMException('stopped', 'AbortError'));
      expect((await closed) - stoppedAt).toBeLessThan(500);
      expect(await running).toMatchObject({ name: 'AbortError' });
      server?.closeAllConnections();
      server?.close();
    }
  });

  it('says when the answer was cut at its longest', async () => {
    const url = await serve((_request, response) => {
      begin(response);
      response.end(`${delta('The port is 7420 [1]. And')}${end(40, 4, 'length')}`);
    });
    expect(noticesOf(await collect(answererFor(name, url), {}, []))).toContain('answer_truncated');
  });

  it('is left when it goes on far beyond what it was allowed', async () => {
    let left = (): void => undefined;
    const gone = new Promise<void>((done) => {
      left = done;
    });
    const url = await serve((_request, response) => {
      begin(response);
      response.on('close', left);
      const timer = setInterval(() => response.write(delta('again and again '.repeat(20))), 1);
      response.on('close', () => clearInterval(timer));
    });
    const events = await collect(answererFor(name, url), { values: { 'llm.maxOutputTokens': 50 } }, []);
    await gone;
    expect(noticesOf(events)).toContain('answer_truncated');
    expect(textOf(events).length).toBeLessThan(50 * 20 + 2000);
  });

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

describe('a fallback', () => {
  const second: Answerer = {
    name: 'embedded',
    model: 'extractive',
    async *answer() {
      yield { kind: 'delta', text: 'from the other' };
    },
  };
  it('takes over before the first word and says so; nobody further away does', async () => {
    const first = answererFor('openai-compatible', 'http://127.0.0.1:9/v1');
    const events = await collect(
      withFallback(first, async () => second),
      {},
      [],
    );
    expect(textOf(events)).toBe('from the other');
    expect(noticesOf(events)).toEqual(['fallback_provider']);
    await expect(
      collect(
        withFallback(first, async () => null),
        {},
        [],
      ),
    ).rejects.toMatchObject({
      code: 'provider-unreachable',
    });
  });
  it('does not hide a wrong key, and does not mix two answers', async () => {
    for (const [status, written] of [
      [401, ''],
      [200, dialects['openai-compatible'].delta('Half ')],
    ] as const) {
      const url = await serve((_request, response) => {
        response.writeHead(status);
        response.end(written);
      });
      const events: AnswerEvent[] = [];
      const failure = await failureOf(
        collect(
          withFallback(answererFor('openai-compatible', url), async () => second),
          {},
          events,
        ),
      );
      expect(failure).toMatchObject({ code: status === 401 ? 'provider-auth' : 'provider-error' });
      expect(textOf(events)).not.toContain('other');
      server?.close();
    }
  });
});

it('counts failures by provider and code', async () => {
  await failureOf(collect(answererFor('anthropic', 'http://127.0.0.1:9'), {}, []));
  expect(await registry.metrics()).toMatch(
    /rag_llm_errors_total\{provider="anthropic",code="provider-unreachable"\} [1-9]/,
  );
});
