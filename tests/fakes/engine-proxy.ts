/** A unix socket in front of an engine (or of nothing) that misbehaves on demand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * `pass`: to the real engine. `hang`: takes everything, says nothing; streams already open stay open and silent, as with
 * a stopped process. `cut`: hangs up at once. `raw`: answers every request with the given bytes, then ends.
 * `drip`: lets one byte through every `everyMs`.
 */
export type ProxyMode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'raw'; readonly bytes: string | Buffer }
  | { readonly kind: 'drip'; readonly everyMs: number };

export interface EngineProxy {
  readonly url: string;
  readonly path: string;
  mode(mode: ProxyMode): void;
  /** Ends every open connection, as a killed engine does. */
  cutAll(): void;
  /** Connections open now. */
  readonly open: number;
  /** Stops listening and removes the socket; `listen` comes back. */
  vanish(): Promise<void>;
  listen(): Promise<void>;
  close(): Promise<void>;
}

/** An HTTP answer with a length. */
export function httpAnswer(status: number, body: string, type = 'application/json'): string {
  return `HTTP/1.1 ${status} X\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}

export async function createEngineProxy(target = '/var/run/docker.sock'): Promise<EngineProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'quayside-proxy-'));
  const path = join(folder, 'engine.sock');
  let mode: ProxyMode = { kind: 'pass' };
  const sockets = new Set<Socket>();
  let server: Server;

  function serve(client: Socket): void {
    track(client);
    const now = mode;
    if (now.kind === 'cut') {
      client.destroy();
      return;
    }
    if (now.kind === 'raw') {
      client.once('data', () => client.end(now.bytes));
      return;
    }
    if (now.kind === 'hang') return;
    const engine = connect(target);
    track(engine);
    // Asked per chunk, so that a stream under way stalls too when the mode changes.
    client.on('data', (chunk) => {
      if (mode.kind !== 'hang') engine.write(chunk);
    });
    engine.on('data', (chunk) => {
      if (mode.kind === 'hang') return;
      if (mode.kind === 'drip') drip(client, chunk, mode.everyMs);
      else client.write(chunk);
    });
    client.once('close', () => engine.destroy());
    engine.once('close', () => client.end());
  }

  function drip(client: Socket, chunk: Buffer, everyMs: number): void {
    let at = 0;
    const timer = setInterval(() => {
      if (client.destroyed || at >= chunk.length) clearInterval(timer);
      else client.write(chunk.subarray(at, ++at));
    }, everyMs);
  }

  function track(socket: Socket): void {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  }

  const proxy: EngineProxy = {
    url: `unix://${path}`,
    path,
    mode(next) {
      mode = next;
    },
    cutAll() {
      for (const socket of sockets) socket.destroy();
    },
    get open() {
      return sockets.size;
    },
    async listen() {
      server = createServer(serve);
      await new Promise<void>((resolve) => {
        server.listen(path, resolve);
      });
    },
    async vanish() {
      proxy.cutAll();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
    async close() {
      if (server.listening) await proxy.vanish();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await proxy.listen();
  return proxy;
}
