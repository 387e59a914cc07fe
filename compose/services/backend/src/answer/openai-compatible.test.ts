import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { resolve } from '../config/resolve.ts';
import type { Passage } from '../retrieval/search.ts';
import { createOpenAiCompatible } from './openai-compatible.ts';
import type { AnswerEvent } from './provider.ts';

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
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

const passage: Passage = {
  chunkId: 'c1',
  documentId: 'd1',
  title: 'Handbook',
  sourceName: 'handbook.md',
  page: null,
  headingPath: ['Ports'],
  text: 'The port is 7420.',
  start: 0,
  end: 17,
  tokens: 6,
  scores: { fused: 1, dense: 0.7, bm25: 3 },
};
const found = {
  hits: [passage],
  vector: new Float32Array(384),
  dropped: 0,
  timings: { embedMs: 0, qdrantMs: 0, hydrateMs: 0, totalMs: 0 },
};
const settings = resolve({ commandLine: {}, environment: {}, envFile: {}, database: {} }).values;
const delta = (content: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;

async function ask(baseUrl: string, signal: AbortSignal = new AbortController().signal): Promise<AnswerEvent[]> {
  const events: AnswerEvent[] = [];
  const answerer = createOpenAiCompatible({ baseUrl, model: 'tiny', key: 'sk-secret' });
  for await (const event of answerer.answer({ question: 'Which port?', history: [], found, settings }, signal))
    events.push(event);
  return events;
}
const textOf = (events: readonly AnswerEvent[]): string =>
  events.map((e) => (e.kind === 'delta' ? e.text : '')).join('');

describe('the OpenAI-compatible provider', () => {
  it('sends sources as data and streams the answer with only citations that exist', async () => {
    let seen = '';
    let authorization: string | undefined;
    const url = await serve((request, response, body) => {
      seen = body;
      authorization = request.headers.authorization;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const part of ['The port', ' is 7420 [', '1] and [9', '].']) response.write(delta(part));
      response.end(
        `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 4 } })}\n\ndata: [DONE]\n\n`,
      );
    });
    const events = await ask(url);
    expect(events[0]).toMatchObject({ kind: 'sources', sources: [{ n: 1, chunkId: 'c1', strength: 'strong' }] });
    expect(textOf(events)).toBe('The port is 7420 [1] and.');
    expect(events.at(-1)).toEqual({ kind: 'tokens', input: 9, output: 4, estimated: false });
    expect(authorization).toBe('Bearer sk-secret');
    expect(JSON.parse(seen)).toMatchObject({ model: 'tiny', stream: true });
    expect(seen).toMatch(/<src-[0-9a-f]{12} n=/);
  });

  it('turns NO_ANSWER into an abstention, even in pieces', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const part of ['NO', '_ANS', 'WER']) response.write(delta(part));
      response.end('data: [DONE]\n\n');
    });
    expect((await ask(url)).map((event) => event.kind)).toEqual(['sources', 'abstain']);
  });

  it.each([
    [401, 'provider-auth'],
    [404, 'model-not-found'],
    [429, 'provider-rate-limited'],
    [500, 'provider-error'],
  ])('names status %i %s and passes nothing of the body on', async (status, code) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, { 'retry-after': '7' });
      response.end('sk-secret leaked by a careless service');
    });
    const failure = await ask(url).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code });
    expect(String(failure)).not.toContain('sk-secret');
  });

  it('names a refused connection and a malformed stream', async () => {
    await expect(ask('http://127.0.0.1:9/v1')).rejects.toMatchObject({ code: 'provider-unreachable' });
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('data: {not json\n\n');
    });
    await expect(ask(url)).rejects.toMatchObject({ code: 'provider-error' });
  });

  it('closes the socket when it is stopped', async () => {
    let resolveClosed: (at: number) => void = () => undefined;
    const closed = new Promise<number>((resolve) => {
      resolveClosed = resolve;
    });
    const url = await serve((request, response) => {
      request.socket.on('close', () => resolveClosed(performance.now()));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(delta('One word'));
    });
    const abort = new AbortController();
    const events: AnswerEvent[] = [];
    let stoppedAt = 0;
    const answerer = createOpenAiCompatible({ baseUrl: url, model: 'tiny', key: null });
    await expect(
      (async () => {
        for await (const event of answerer.answer({ question: 'q', history: [], found, settings }, abort.signal)) {
          events.push(event);
          if (event.kind === 'delta') {
            stoppedAt = performance.now();
            abort.abort(new DOMException('stopped', 'AbortError'));
          }
        }
      })(),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect((await closed) - stoppedAt).toBeLessThan(500);
    expect(textOf(events)).toMatch(/^One/);
  });
});
