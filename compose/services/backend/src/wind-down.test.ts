import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type WindDownParts, windDown } from './wind-down.ts';

let server: Server;
afterEach(() => server.closeAllConnections());

/** Parts that write down when they are asked to end, and end when they are told. */
function partsOf(order: string[], ends: { readonly runs: Promise<void> }): WindDownParts {
  const note =
    (name: string, until: Promise<unknown> = Promise.resolve()) =>
    async (): Promise<void> => {
      order.push(name);
      await until;
    };
  return {
    health: { close: () => order.push('health') },
    events: { close: () => order.push('events') },
    runs: { close: note('runs', ends.runs) },
    sourceWatch: { close: note('watch') },
    worker: { close: note('jobs') },
    extractor: { close: () => order.push('extractor') },
    bus: { close: note('bus') },
    redis: { quit: note('redis') },
    database: { close: note('database') },
  } as unknown as WindDownParts;
}

async function listening(handler: Parameters<typeof createServer>[1]): Promise<number> {
  server = createServer(handler as never);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('the end', () => {
  it('refuses connections and hands jobs back while an answer goes on to its last word, and closes the stores last', async () => {
    const order: string[] = [];
    let answered = (): void => undefined;
    const answer = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const port = await listening((_request, response) => {
      response.write('first ');
      void answer.then(() => response.end('last'));
    });
    const reading = fetch(`http://127.0.0.1:${port}/`).then((response) => response.text());
    await once(server, 'request');
    const ending = windDown(partsOf(order, { runs: answer }), server, { answersMs: 5000, repliesMs: 5000 });
    await pause(20);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    expect(order).toEqual(['health', 'events', 'watch', 'jobs', 'runs']);
    answered();
    await ending;
    expect(await reading).toBe('first last');
    expect(order.slice(5)).toEqual(['extractor', 'bus', 'redis', 'database']);
  });

  it('is not held up by a connection that is kept, or by a reader who never lets go', async () => {
    const port = await listening((incoming, response) => {
      if (incoming.url === '/endless') response.write('on and ');
      else response.end('done');
    });
    await fetch(`http://127.0.0.1:${port}/`).then((response) => response.text());
    const endless = request({ port, path: '/endless' });
    endless.on('error', () => undefined);
    endless.end();
    await once(endless, 'response');
    const ending = windDown(partsOf([], { runs: Promise.resolve() }), server, { answersMs: 50, repliesMs: 50 });
    await expect(Promise.race([ending.then(() => 'ended'), pause(4000, 'held up')])).resolves.toBe('ended');
  });
});
