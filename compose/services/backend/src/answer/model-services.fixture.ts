/** For unit tests: an HTTP server that plays the service of every provider, in its own words, and an answerer that asks it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ConfigValues } from '../config/keys.ts';
import { resolve } from '../config/resolve.ts';
import { firstProfile } from '../embedding/profiles.ts';
import { BackendProblem } from '../http/problem.ts';
import type { Passage, SearchParts } from '../retrieval/search.ts';
import { createAnthropic } from './anthropic.ts';
import { createModelAnswerer } from './model-answerer.ts';
import { createOllama } from './ollama.ts';
import { createOpenAiCompatible } from './openai-compatible.ts';
import type { ModelService, ServiceSettings, Turn } from './port.ts';
import type { AnswerEvent, Answerer } from './provider.ts';
import type { RemoteProviderName } from './provider-names.ts';

/** Those that listen; a test may leave several behind. */
const servers = new Set<Server>();

/** Plays a service at an address of its own until `endServices`; `handle` gets each request with its whole body. */
export async function serve(
  handle: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => handle(request, response, body));
  });
  servers.add(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

/** Closes all services that were played, with what is still connected to them. */
export function endServices(): void {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers.clear();
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
export const parts = {
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

export const makers: Record<RemoteProviderName, (settings: ServiceSettings) => ModelService> = {
  'openai-compatible': createOpenAiCompatible,
  ollama: createOllama,
  anthropic: createAnthropic,
};
const beginAs = (type: string) => (response: ServerResponse) => void response.writeHead(200, { 'content-type': type });
/** How each service words the same things. */
export const dialects: Record<
  RemoteProviderName,
  {
    path: string;
    begin(response: ServerResponse): void;
    delta(text: string): string;
    end(input: number, output: number, reason?: string): string;
  }
> = {
  'openai-compatible': {
    path: '/v1/chat/completions',
    begin: beginAs('text/event-stream'),
    delta: (content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`,
    end: (input, output, reason = 'stop') =>
      `data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: reason }] })}\n\ndata: ${JSON.stringify({
        choices: [],
        usage: { prompt_tokens: input, completion_tokens: output },
      })}\n\ndata: [DONE]\n\n`,
  },
  ollama: {
    path: '/v1/api/chat',
    begin: beginAs('application/x-ndjson'),
    delta: (content) => `${JSON.stringify({ message: { role: 'assistant', content }, done: false })}\n`,
    end: (input, output, reason = 'stop') =>
      `${JSON.stringify({ message: { content: '' }, done: true, done_reason: reason, prompt_eval_count: input, eval_count: output })}\n`,
  },
  anthropic: {
    path: '/v1/v1/messages',
    begin: beginAs('text/event-stream'),
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
export const names = Object.keys(makers) as RemoteProviderName[];

/** What is asked, and over which passages; all that is left out is usual. */
interface Ask {
  readonly texts?: string[];
  readonly values?: Partial<ConfigValues>;
  readonly window?: number;
  readonly history?: Turn[];
  readonly signal?: AbortSignal;
}
/** An answerer that asks the model of the service at `baseUrl`; `window` in tokens. */
export const answererFor = (name: RemoteProviderName, baseUrl: string, window = 8192): Answerer =>
  createModelAnswerer(parts, makers[name]({ baseUrl, model: 'tiny', key: 'sk-secret' }), async () => window);
/** Asks, and puts what happens into `into` while it does: what came before a failure is there after it. */
export async function collect(answerer: Answerer, ask: Ask, into: AnswerEvent[]): Promise<AnswerEvent[]> {
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
export const textOf = (events: readonly AnswerEvent[]): string =>
  events.map((event) => (event.kind === 'delta' ? event.text : '')).join('');
export const noticesOf = (events: readonly AnswerEvent[]): string[] =>
  events.flatMap((event) => (event.kind === 'notice' ? [event.notice.code] : []));
/** What the work failed with; null when it did not. */
export const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );
