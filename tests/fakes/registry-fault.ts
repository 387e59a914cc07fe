/** Stands between an engine and a real registry, and breaks what it is told to break. */
import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';

export interface RegistryFaults {
  /** Answers every request for a manifest with this status. */
  status: number | null;
  /** Of each blob so many bytes are sent, then nothing; null lets all through. */
  stallAfter: number | null;
  /** The next blob is cut after so many bytes, once. */
  cutOnceAfter: number | null;
  /** Bytes a second of each blob. */
  bytesPerS: number | null;
}

export interface RegistryProxy {
  readonly host: string;
  readonly faults: RegistryFaults;
  /** "GET /v2/a/manifests/1", in order. */
  readonly asked: string[];
  /** Blobs under way right now, and the most there ever were. */
  readonly blobs: { now: number; most: number };
  close(): Promise<void>;
}

/** Of the distribution specification. */
const codes: Readonly<Record<number, string>> = {
  403: 'DENIED',
  404: 'MANIFEST_UNKNOWN',
  429: 'TOOMANYREQUESTS',
};

export async function startRegistryProxy(target: string): Promise<RegistryProxy> {
  const faults: RegistryFaults = { status: null, stallAfter: null, cutOnceAfter: null, bytesPerS: null };
  const asked: string[] = [];
  const blobs = { now: 0, most: 0 };

  async function pass(body: AsyncIterable<Buffer>, to: ServerResponse): Promise<void> {
    let sent = 0;
    const gone = new AbortController();
    const goneForGood = new Promise<void>((resolve) => {
      to.once('close', () => {
        resolve();
        gone.abort();
      });
    });
    for await (const chunk of body) {
      for (let from = 0; from < chunk.length; from += 8192) {
        const part = chunk.subarray(from, from + 8192);
        if (to.destroyed) return;
        if (faults.cutOnceAfter !== null && sent + part.length > faults.cutOnceAfter) {
          faults.cutOnceAfter = null;
          to.destroy();
          return;
        }
        if (faults.stallAfter !== null && sent >= faults.stallAfter) {
          await goneForGood;
          return;
        }
        sent += part.length;
        if (!to.write(part)) await Promise.race([once(to, 'drain', { signal: gone.signal }), goneForGood]);
        if (faults.bytesPerS !== null) {
          const pauseMs = (part.length / faults.bytesPerS) * 1000;
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
      }
    }
    to.end();
  }

  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    if (faults.status !== null && incoming.url?.includes('/manifests/')) {
      const error = { code: codes[faults.status] ?? 'UNKNOWN', message: `made to answer ${faults.status}` };
      const body = JSON.stringify({ errors: [error] });
      outgoing.writeHead(faults.status, { 'content-type': 'application/json' }).end(body);
      return;
    }
    const [host, port] = target.split(':');
    const { url: path, method, headers } = incoming;
    const upstream = request({ host, port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (!path?.includes('/blobs/sha256:')) {
        answer.pipe(outgoing);
        return;
      }
      blobs.now += 1;
      blobs.most = Math.max(blobs.most, blobs.now);
      pass(answer as AsyncIterable<Buffer>, outgoing)
        .catch(() => outgoing.destroy())
        .finally(() => {
          blobs.now -= 1;
        });
    });
    upstream.once('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    host: `127.0.0.1:${address.port}`,
    faults,
    asked,
    blobs,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
