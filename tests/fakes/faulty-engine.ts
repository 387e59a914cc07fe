/**
 * A unix socket in front of a real engine that understands HTTP, so that exactly one call can go wrong: the third
 * create is refused, the answer to the second start is lost. tests/fakes/engine-proxy.ts is for engines wrong as a whole.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';

export type Fault =
  /** Answered here, never heard by the engine. */
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  /** The connection ends; the engine never heard of it. */
  | { readonly kind: 'reset' }
  /** The engine did it, and the answer is lost. */
  | { readonly kind: 'lost-answer' }
  /** Taken, and nothing ever said. */
  | { readonly kind: 'hang' }
  /** The head and so many bytes of the body come, then the connection is cut. */
  | { readonly kind: 'cut-body'; readonly afterBytes: number }
  /** These very bytes instead of an HTTP answer; `forEver` repeats the last of them. */
  | { readonly kind: 'bytes'; readonly bytes: string; readonly forEver?: string }
  /** Something else happens first; then the engine is asked as if nothing had. */
  | { readonly kind: 'first'; readonly act: () => Promise<void> }
  /** The engine is asked; before its answer is passed on, something else happens. */
  | { readonly kind: 'then'; readonly act: () => Promise<void> };

export interface Call {
  readonly method: string;
  /** Without the API version: `/containers/create?name=x`. */
  readonly path: string;
  /** Calls that change something are counted from 1 since the last `reset`; null for one that only asks. */
  readonly change: number | null;
}

export interface FaultyEngine {
  readonly url: string;
  /** What happens to a call; null: nothing. */
  rule(choose: ((call: Call) => Fault | null) | null): void;
  /** Forgets the calls and counts anew. */
  reset(): void;
  readonly calls: readonly Call[];
  close(): Promise<void>;
}

export async function createFaultyEngine(target = '/var/run/docker.sock'): Promise<FaultyEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'quayside-faulty-'));
  const path = join(folder, 'engine.sock');
  const sockets = new Set<Duplex>();
  let choose: ((call: Call) => Fault | null) | null = null;
  let calls: Call[] = [];
  let changes = 0;

  function note(incoming: IncomingMessage): { call: Call; fault: Fault | null } {
    const call = {
      method: incoming.method ?? 'GET',
      path: (incoming.url ?? '/').replace(/^\/v\d+\.\d+/, ''),
      change: null as number | null,
    };
    // A probe inside a container changes nothing, and how many there are is chance.
    const asks = call.method === 'GET' || call.method === 'HEAD' || /\/exec\b|\/exec\//.test(call.path);
    if (!asks) call.change = ++changes;
    calls.push(call);
    return { call, fault: choose?.(call) ?? null };
  }

  async function serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { fault } = note(incoming);
    const client = incoming.socket;
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') {
      client.destroy();
      return;
    }
    if (fault?.kind === 'answer') {
      incoming.resume();
      answer.writeHead(fault.status, { 'Content-Type': 'application/json' }).end(fault.body);
      return;
    }
    if (fault?.kind === 'bytes') {
      client.write(fault.bytes);
      const more = fault.forEver;
      if (more === undefined) client.end();
      else {
        const timer = setInterval(() => client.write(more), 5);
        client.once('close', () => clearInterval(timer));
      }
      return;
    }
    if (fault?.kind === 'first') await fault.act();
    const { method, url, headers } = incoming;
    const asked = request({ socketPath: target, method, path: url, headers }, async (got) => {
      if (fault?.kind === 'lost-answer') {
        got.resume();
        client.destroy();
        return;
      }
      if (fault?.kind === 'then') await fault.act();
      answer.writeHead(got.statusCode ?? 502, got.headers);
      answer.flushHeaders();
      if (fault?.kind === 'cut-body') {
        let left = fault.afterBytes;
        got.on('data', (chunk: Buffer) => {
          if (left > 0) answer.write(chunk.subarray(0, left));
          left -= chunk.length;
          if (left <= 0) setImmediate(() => client.destroy());
        });
        got.once('end', () => client.destroy());
        return;
      }
      got.once('error', () => client.destroy());
      got.once('close', () => {
        if (!got.complete) client.destroy();
      });
      got.pipe(answer);
    });
    asked.once('error', () => client.destroy());
    answer.once('close', () => asked.destroy());
    incoming.pipe(asked);
  }

  /** exec: a raw two-way stream after the head. */
  function upgrade(incoming: IncomingMessage, client: Duplex, head: Buffer): void {
    const { fault } = note(incoming);
    client.on('error', () => undefined);
    if (fault !== null && fault.kind !== 'hang') {
      client.destroy();
      return;
    }
    if (fault !== null) return;
    const engine: Socket = connect(target);
    sockets.add(engine);
    engine.on('error', () => client.destroy());
    const lines = incoming.rawHeaders.reduce(
      (text, word, index) => `${text}${word}${index % 2 === 0 ? ': ' : '\r\n'}`,
      `${incoming.method} ${incoming.url} HTTP/1.1\r\n`,
    );
    engine.write(`${lines}\r\n`);
    engine.write(head);
    client.pipe(engine);
    engine.pipe(client);
    client.once('close', () => engine.destroy());
    engine.once('close', () => {
      sockets.delete(engine);
      client.destroy();
    });
  }

  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (incoming, answer) => {
    void serve(incoming, answer).catch(() => incoming.socket.destroy());
  });
  server.on('upgrade', upgrade);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });

  return {
    url: `unix://${path}`,
    rule(next) {
      choose = next;
    },
    reset() {
      calls = [];
      changes = 0;
    },
    get calls() {
      return calls;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The engine's own way to say no. */
export function engineSays(status: number, message: string): Fault {
  return { kind: 'answer', status, body: JSON.stringify({ message }) };
}
