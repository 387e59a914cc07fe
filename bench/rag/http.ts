/** JSON over kept connections, as the floors and the clients of the benchmarks send it. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { performance } from 'node:perf_hooks';

export interface Answer {
  readonly status: number;
  readonly json: unknown;
  /** From the request's first byte to the answer's last, in ms. */
  readonly ms: number;
}
export interface Endpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}
export interface Client {
  /** @throws socket errors; a status is an answer */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Calls back for every server-sent event, with the ms since the request left. Resolves at the stream's end. */
  stream(path: string, body: unknown, onEvent: (name: string, data: unknown, ms: number) => void): Promise<number>;
  close(): void;
}

class ClosedMeanwhile extends Error {}

export function createClient(endpoint: Endpoint): Client {
  const agent = new Agent({ keepAlive: true, noDelay: true, maxSockets: 64 });

  const once = (method: string, path: string, text: string | undefined, more: Record<string, string>) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const length =
        text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
      const headers = { ...endpoint.headers, ...length, ...more };
      const sent = request(new URL(path, endpoint.url), { method, agent, headers }, resolve);
      sent.once('error', (error) => reject(sent.reusedSocket ? new ClosedMeanwhile(String(error)) : error)).end(text);
    });
  /** A kept connection may be closed by the other side in the very moment in which it is used again. */
  const send = (method: string, path: string, text: string | undefined, more: Record<string, string> = {}) =>
    once(method, path, text, more).catch((error: unknown) => {
      if (!(error instanceof ClosedMeanwhile)) throw error;
      return once(method, path, text, more);
    });

  return {
    async call(method, path, body) {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const began = performance.now();
      const response = await send(method, path, text);
      const parts: Buffer[] = [];
      for await (const part of response) parts.push(part as Buffer);
      const ms = performance.now() - began;
      const answer = Buffer.concat(parts).toString('utf8');
      return { status: response.statusCode ?? 0, json: answer === '' ? null : (JSON.parse(answer) as unknown), ms };
    },
    async stream(path, body, onEvent) {
      const began = performance.now();
      const response = await send('POST', path, JSON.stringify(body), { accept: 'text/event-stream' });
      let rest = '';
      for await (const part of response.setEncoding('utf8')) {
        const ms = performance.now() - began;
        const blocks = (rest + String(part)).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const name = /^event: (.*)$/m.exec(block)?.[1];
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (name !== undefined && data !== undefined) onEvent(name, JSON.parse(data), ms);
        }
      }
      return response.statusCode ?? 0;
    },
    close: () => agent.destroy(),
  };
}

/** The answer's JSON. @throws Error unless the status is one of success */
export function must<T>(answer: Answer, what: string): T {
  if (answer.status >= 200 && answer.status < 300) return answer.json as T;
  throw new Error(`${what}: ${answer.status} ${JSON.stringify(answer.json).slice(0, 300)}`);
}
