/** The HTTP side: OpenAI's chat completions and model list, behind a bearer token. Logs no text of anybody. */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { chatRequest } from './chat-request.ts';
import { type Model, TooBusy, TooLong } from './model.ts';

const maxBodyBytes = 2 * 1024 * 1024;

/** An answer in the shape of OpenAI's errors, which its clients read. */
class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function createLlmServer(options: { model: () => Model | null; token: string }): Server {
  const expected = digest(`Bearer ${options.token}`);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const model = options.model();
    if (pathname === '/health') {
      send(response, model === null ? 503 : 200, {
        status: model === null ? 'loading' : 'healthy',
        model: model?.name,
      });
      return;
    }
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) {
      response.setHeader('www-authenticate', 'Bearer');
      throw new Refusal(401, 'unauthorized', 'Send the token as a bearer token.');
    }
    if (model === null) throw new Refusal(503, 'loading', 'The model is still being loaded.');
    if (pathname === '/v1/models' && request.method === 'GET') {
      const entry = { id: model.name, object: 'model', owned_by: 'quayside', context_length: model.contextSize };
      send(response, 200, { object: 'list', data: [entry] });
      return;
    }
    if (pathname !== '/v1/chat/completions') throw new Refusal(404, 'not-found', 'There is nothing here.');
    if (request.method !== 'POST') throw new Refusal(405, 'method-not-allowed', 'Use POST.');
    await complete(model, request, response);
  }

  return createServer((request, response) => {
    const startedAt = performance.now();
    response.on('close', () => {
      if (request.url === '/health') return;
      const durationMs = Math.round(performance.now() - startedAt);
      log('request', {
        method: request.method,
        status: response.statusCode,
        durationMs,
        ended: response.writableEnded,
      });
    });
    handle(request, response).catch((error: unknown) => fail(response, error));
  });
}

async function complete(model: Model, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parsed = chatRequest.safeParse(await readJson(request));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Refusal(400, 'invalid-request', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  const asked = parsed.data;
  // Who goes away ends the generation; nobody pays for tokens that nobody reads.
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: model.name };
  const startedAt = performance.now();
  let firstAt: number | null = null;

  const write = (choice: unknown, more: object = {}): void => {
    if (!response.headersSent) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    }
    const choices = choice === null ? [] : [choice];
    response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...more })}\n\n`);
  };
  let text = '';
  const answer = await model.answer(
    asked,
    (piece) => {
      firstAt ??= performance.now();
      if (asked.stream === true) write({ index: 0, delta: { role: 'assistant', content: piece }, finish_reason: null });
      else text += piece;
    },
    gone.signal,
  );
  const usage = {
    prompt_tokens: answer.promptTokens,
    completion_tokens: answer.answerTokens,
    total_tokens: answer.promptTokens + answer.answerTokens,
  };
  const seconds = (performance.now() - (firstAt ?? startedAt)) / 1000;
  log('answered', {
    promptTokens: answer.promptTokens,
    answerTokens: answer.answerTokens,
    firstTokenMs: firstAt === null ? null : Math.round(firstAt - startedAt),
    tokensPerSecond: seconds > 0 ? Math.round((answer.answerTokens / seconds) * 10) / 10 : null,
  });
  if (asked.stream === true) {
    write({ index: 0, delta: {}, finish_reason: answer.finish });
    if (asked.stream_options?.include_usage === true) write(null, { usage });
    response.end('data: [DONE]\n\n');
    return;
  }
  const message = { role: 'assistant', content: text };
  const choices = [{ index: 0, message, finish_reason: answer.finish }];
  send(response, 200, { ...head, object: 'chat.completion', choices, usage });
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBodyBytes) throw new Refusal(413, 'request-too-large', 'A request holds at most 2 MiB.');
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    throw new Refusal(400, 'malformed-json', 'The body is not JSON.');
  }
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return;
  const known = refusalOf(error);
  if (known.status === 500) log('failed', { error: error instanceof Error ? error.message : String(error) });
  const body = { error: { message: known.message, type: known.code, code: known.code } };
  if (response.headersSent) {
    response.end(`data: ${JSON.stringify(body)}\n\n`);
    return;
  }
  if (known.status === 503) response.setHeader('retry-after', '5');
  send(response, known.status, body);
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof TooBusy) return new Refusal(503, 'too-busy', error.message);
  if (error instanceof TooLong) return new Refusal(400, 'context_length_exceeded', error.message);
  return new Refusal(500, 'internal', 'The log of this service says more.');
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

export function log(event: string, fields: object): void {
  process.stdout.write(`${JSON.stringify({ ts: new Date().toISOString(), service: 'llm', event, ...fields })}\n`);
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
