/**
 * The end of the process, in an order in which nothing is lost: no new work, jobs handed back at once, answers under way
 * brought to their end while there is time, what is left stored as stopped and told to its readers, then the connections.
 */
import type { Server } from 'node:http';
import { Server as Listener } from 'node:net';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import type { Parts } from './app.module.ts';
import { log } from './observability/log.ts';

/** Below the 15 s that the stack gives this service to stop (`stop_grace_period`). */
const answersMs = 10_000;
const repliesMs = 1500;
/** A connection that said nothing for this long is a kept one, and would hold the end up. A new one has asked by then. */
const idleAfterMs = 500;
const idleEveryMs = 50;

export type WindDownParts = Pick<
  Parts,
  'health' | 'events' | 'runs' | 'sourceWatch' | 'worker' | 'extractor' | 'bus' | 'redis' | 'database'
>;

/**
 * From here on connections are refused, so that a gateway asks another replica. `gone` resolves when the last one is
 * closed. Not by the server's own `close`: that drops connections that have not asked yet, whose question would be lost.
 */
async function refuse(server: Server): Promise<{ readonly gone: Promise<void>; readonly stopLooking: () => void }> {
  // Whoever is connected already is taken in by the event loop's next turn.
  await turn();
  const gone = new Promise<void>((resolve) => Listener.prototype.close.call(server, () => resolve()));
  const since = performance.now();
  const looking = setInterval(() => {
    if (performance.now() - since > idleAfterMs) server.closeIdleConnections();
  }, idleEveryMs);
  return { gone, stopLooking: () => clearInterval(looking) };
}

/** Ends everything; safe whatever of it had begun. @param patience shorter in tests */
export async function windDown(
  parts: WindDownParts,
  server: Server,
  patience: { readonly answersMs: number; readonly repliesMs: number } = { answersMs, repliesMs },
): Promise<void> {
  const since = performance.now();
  const { gone, stopLooking } = await refuse(server);
  parts.health.close();
  // Nobody waits at the end of these: their readers connect again, elsewhere or later.
  parts.events.close();
  const jobs = Promise.all([parts.sourceWatch.close(), parts.worker.close()]);
  await Promise.all([parts.runs.close(patience.answersMs), jobs]);
  parts.extractor.close();
  // Answers through OpenAI's door live as long as their connection, and end within the same time.
  const left = patience.answersMs - (performance.now() - since);
  await Promise.race([gone, pause(Math.max(0, left) + patience.repliesMs)]);
  stopLooking();
  server.closeAllConnections();
  await parts.bus.close();
  // What was written last is still on its way.
  await parts.redis.quit().catch(() => parts.redis.disconnect());
  await parts.database.close();
  log.info('stop.done', 'Everything has ended');
}
