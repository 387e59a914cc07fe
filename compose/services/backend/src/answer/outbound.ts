/**
 * Requests to language model services. On node:http: an aborted signal destroys the socket at once, and the address that
 * a name leads to is looked at when connecting. Redirects are not followed: one would carry prompt and key to where nobody chose.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { createParser } from 'eventsource-parser';
import { BackendProblem } from '../http/problem.ts';
import { guardedLookup, isRefusedHost, RefusedAddress } from './addresses.ts';
import { failed, notAnAnswer, problemOfStatus } from './failures.ts';
import type { ChatPart, Limits } from './port.ts';
import type { ServiceName } from './provider-names.ts';

const agents = {
  'http:': new HttpAgent({ keepAlive: true, noDelay: true, maxFreeSockets: 4 }),
  'https:': new HttpsAgent({ keepAlive: true, noDelay: true, maxFreeSockets: 4 }),
};
const maxJsonBytes = 8 * 1024 * 1024;
const maxErrorBytes = 8 * 1024;

export interface Outgoing {
  readonly provider: ServiceName;
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The address of an endpoint under the base address, whether or not that ends with a slash. */
export const endpoint = (baseUrl: string, path: string): URL =>
  new URL(path, baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);

function once(outgoing: Outgoing, json: string | undefined, signal: AbortSignal) {
  const { url, method, headers } = outgoing;
  const secure = url.protocol === 'https:';
  const request = (secure ? httpsRequest : httpRequest)(url, {
    method,
    agent: agents[secure ? 'https:' : 'http:'],
    lookup: guardedLookup,
    signal,
    headers: {
      ...headers,
      ...(json === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(json)) }),
    },
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve);
    // Stays: the socket may also fail after the answer began.
    request.on('error', reject);
  });
  request.end(json);
  return { answer, reused: () => request.reusedSocket };
}

async function readText(response: IncomingMessage, limit: number): Promise<{ text: string; whole: boolean }> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    parts.push(part);
    if (bytes > limit) {
      response.destroy();
      break;
    }
  }
  return { text: Buffer.concat(parts).subarray(0, limit).toString('utf8'), whole: bytes <= limit };
}

/** An answer of status 2xx. @throws {BackendProblem} for any other; socket errors as they are */
async function open(outgoing: Outgoing, signal: AbortSignal): Promise<IncomingMessage> {
  signal.throwIfAborted();
  if (isRefusedHost(outgoing.url.hostname)) throw new RefusedAddress('a metadata address');
  const json = outgoing.body === undefined ? undefined : JSON.stringify(outgoing.body);
  const first = once(outgoing, json, signal);
  const response = await first.answer.catch((error: unknown) => {
    // A kept connection that the other side closed meanwhile: nothing was read of it.
    if (signal.aborted || !first.reused()) throw error;
    return once(outgoing, json, signal).answer;
  });
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return response;
  const { text } = await readText(response, maxErrorBytes);
  throw problemOfStatus(status, response.headers['retry-after'], text);
}

function named(error: unknown): BackendProblem {
  if (error instanceof BackendProblem) return error;
  if (error instanceof SyntaxError) return notAnAnswer();
  if (error instanceof RefusedAddress)
    return new BackendProblem('provider-unreachable', 'The address leads to a metadata service, which is never asked.');
  return new BackendProblem('provider-unreachable', 'The language model service cannot be reached.', { cause: error });
}

/** One JSON document. Not counted among failed answers: probes ask for it all the time. @throws {BackendProblem}; the signal's reason when it was aborted */
export async function askJson(outgoing: Outgoing, timeoutMs: number, signal: AbortSignal): Promise<unknown> {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const response = await open(outgoing, AbortSignal.any([signal, late]));
    const { text, whole } = await readText(response, maxJsonBytes);
    if (!whole) throw notAnAnswer();
    return JSON.parse(text);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (late.aborted)
      throw new BackendProblem('provider-timeout', 'The language model service did not answer in time.');
    throw named(error);
  }
}

/** Times out when nothing arrives: up to `firstTokenMs` to the first piece, `idleMs` between two. */
function watchdog(signal: AbortSignal, limits: Limits) {
  const abort = new AbortController();
  let late = false;
  const expire = (): void => {
    late = true;
    abort.abort();
  };
  let timer = setTimeout(expire, limits.firstTokenMs);
  return {
    signal: AbortSignal.any([signal, abort.signal]),
    alive() {
      clearTimeout(timer);
      timer = setTimeout(expire, limits.idleMs);
    },
    late: () => late,
    stop: () => clearTimeout(timer),
  };
}

/** Splits a body into the texts of its frames. */
function framer(format: 'sse' | 'lines'): { push(text: string): string[]; flush(): string[] } {
  if (format === 'sse') {
    const queue: string[] = [];
    const parser = createParser({ onEvent: (event) => queue.push(event.data) });
    return {
      push(text) {
        parser.feed(text);
        return queue.splice(0);
      },
      flush: () => [],
    };
  }
  let held = '';
  const filled = (line: string): boolean => line.trim() !== '';
  return {
    push(text) {
      const lines = (held + text).split('\n');
      held = lines.pop() ?? '';
      return lines.filter(filled);
    },
    flush: () => [held].filter(filled),
  };
}

/**
 * A streamed answer, up to its `end`. A stream that stops before its model said that it finished is a failure.
 * @param parse one frame; throws SyntaxError or BackendProblem for what is no part of an answer
 */
export async function* streamParts(
  outgoing: Outgoing,
  format: 'sse' | 'lines',
  parse: (frame: string) => readonly ChatPart[],
  limits: Limits,
  signal: AbortSignal,
): AsyncGenerator<ChatPart> {
  const guard = watchdog(signal, limits);
  let response: IncomingMessage | null = null;
  let ended = false;
  try {
    response = await open(outgoing, guard.signal);
    const frames = framer(format);
    const decoder = new TextDecoder();
    let began = false;
    let finished = false;
    const take = function* (texts: readonly string[]): Generator<ChatPart> {
      // One after the other: what came before a bad frame is handed on.
      for (const text of texts)
        for (const part of parse(text)) {
          if (part.kind === 'finish') finished = true;
          if (part.kind === 'text' || part.kind === 'progress') began = true;
          if (part.kind === 'end') ended = true;
          yield part;
          if (ended) return;
        }
    };
    try {
      // What comes before the first word, as comments that keep a connection open, does not count as one.
      for await (const bytes of response as AsyncIterable<Buffer>) {
        if (began) guard.alive();
        yield* take(frames.push(decoder.decode(bytes, { stream: true })));
        if (began) guard.alive();
        if (ended) return;
      }
      yield* take(frames.flush());
    } catch (error) {
      if (error instanceof BackendProblem || error instanceof SyntaxError || guard.signal.aborted) throw error;
      throw new BackendProblem('provider-error', 'The language model service broke the answer off.', { cause: error });
    }
    if (ended) return;
    if (!finished) throw new BackendProblem('provider-error', 'The language model service broke the answer off.');
    yield { kind: 'end' };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (guard.late())
      throw failed(
        outgoing.provider,
        new BackendProblem('provider-timeout', 'The language model service went silent.'),
      );
    throw failed(outgoing.provider, named(error));
  } finally {
    guard.stop();
    // Also when the reader leaves in the middle.
    response?.destroy();
  }
}
