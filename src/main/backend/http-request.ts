/** One HTTP request to the backend, with its body as a stream. Plain node:http: it can be aborted at any byte. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: { readonly stream: Readable; readonly length: number; onSent?(bytes: number): void } | string;
  /** Milliseconds without a byte either way after which it is given up. */
  readonly idleMs: number;
  readonly signal?: AbortSignal;
}

/** Thrown when nothing moved for `idleMs`. */
export class IdleError extends Error {
  constructor(idleMs: number) {
    super(`nothing moved for ${Math.round(idleMs / 1000)} s`);
    this.name = 'IdleError';
  }
}

/** Resolves with the response's head. @throws IdleError, the socket's error, or the signal's reason */
export function sendRequest(options: HttpRequest): Promise<IncomingMessage> {
  const { url, body, idleMs, signal } = options;
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const length = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    const request = send(url, {
      method: options.method,
      headers: { ...options.headers, ...(body === undefined ? {} : { 'content-length': String(length) }) },
      agent: false,
      ...(signal === undefined ? {} : { signal }),
    });
    let answered = false;
    request.setTimeout(idleMs, () => request.destroy(new IdleError(idleMs)));
    request.once('response', (response) => {
      answered = true;
      resolve(response);
    });
    request.on('error', (error) => {
      // After the head the response's own error tells the reader.
      if (!answered) reject(signal?.aborted === true ? signal.reason : error);
    });
    if (body === undefined || typeof body === 'string') {
      request.end(body);
      return;
    }
    let sent = 0;
    const counter = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        sent += chunk.length;
        body.onSent?.(sent);
        next(null, chunk);
      },
    });
    pipeline(body.stream, counter, request).catch((error: unknown) => {
      // The server may answer and close before it has read everything (a file that is too large): the answer counts.
      if (!answered) setTimeout(() => (answered ? undefined : reject(error)), 500).unref();
      request.on('response', () => undefined);
    });
  });
}

/** The whole body as text. @throws {Error} when it has more than `limit` bytes */
export async function readText(response: IncomingMessage, limit: number): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    bytes += (part as Buffer).length;
    if (bytes > limit) {
      response.destroy();
      throw new Error(`the answer has more than ${limit} bytes`);
    }
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}
