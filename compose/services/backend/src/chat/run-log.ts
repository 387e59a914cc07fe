/**
 * The events of runs in Redis, so that any replica can send them. What stands there is always a beginning without gaps:
 * after a write that failed nothing more of that run is written.
 */
import type { Redis } from 'ioredis';
import { log } from '../observability/log.ts';
import type { RunEvent } from './runs.ts';

export interface RunLog {
  /** In the order of the calls. Never rejects and keeps nobody waiting. */
  append(runId: string, event: RunEvent): void;
  /** The last event that is there. @throws when Redis does not answer */
  last(runId: string): Promise<RunEvent | undefined>;
  /**
   * Events after `since`, those that are there and those to come, in groups; an empty group each time a while passed
   * without any. Says all the while that somebody reads. @throws when Redis does not answer
   */
  read(runId: string, since: number, signal: AbortSignal): AsyncGenerator<readonly RunEvent[]>;
  /** Whether somebody reads at another replica. */
  isRead(runId: string): Promise<boolean>;
}

const maxEvents = 5000;
const ttlSeconds = 15 * 60;
const blockMs = 2000;
const readerSeconds = 5;
const keyOf = (runId: string): string => `run:${runId}`;
const readerOf = (runId: string): string => `run-reader:${runId}`;

type Entry = [id: string, fields: string[]];

function eventOf([id, fields]: Entry): RunEvent {
  const at = fields.indexOf('e');
  const { name, data } = JSON.parse(fields[at + 1] ?? '{}') as Pick<RunEvent, 'name' | 'data'>;
  return { seq: Number(id.split('-')[0]), name, data };
}

export function createRunLog(redis: Redis): RunLog {
  const broken = new Set<string>();
  return {
    append(runId, event) {
      if (broken.has(runId)) {
        if (event.name === 'done') broken.delete(runId);
        return;
      }
      const json = JSON.stringify({ name: event.name, data: event.data });
      redis
        .pipeline()
        .xadd(keyOf(runId), 'MAXLEN', '~', maxEvents, `${event.seq}-0`, 'e', json)
        .expire(keyOf(runId), ttlSeconds)
        .exec()
        .then((results) => {
          const failure = results?.[0]?.[0];
          if (failure != null) throw failure;
        })
        .catch((error: unknown) => {
          if (!broken.has(runId) && event.name !== 'done') broken.add(runId);
          log.debug('run.log', `An event was not kept: ${String(error)}`, { runId });
        });
    },
    async last(runId) {
      const [entry] = (await redis.xrevrange(keyOf(runId), '+', '-', 'COUNT', 1)) as Entry[];
      return entry === undefined ? undefined : eventOf(entry);
    },
    async *read(runId, since, signal) {
      // Its own connection: a waiting read keeps all others of a connection waiting too.
      const own = redis.duplicate({
        commandTimeout: blockMs + 3000,
        enableOfflineQueue: true,
        maxRetriesPerRequest: 1,
      });
      own.on('error', () => undefined);
      const leave = (): void => own.disconnect();
      signal.addEventListener('abort', leave, { once: true });
      try {
        let at = since;
        while (!signal.aborted) {
          await redis.set(readerOf(runId), '1', 'EX', readerSeconds);
          const answer = await own.xread('COUNT', 200, 'BLOCK', blockMs, 'STREAMS', keyOf(runId), `${at}-0`);
          const events = ((answer?.[0]?.[1] ?? []) as Entry[]).map(eventOf);
          at = events.at(-1)?.seq ?? at;
          yield events;
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        signal.removeEventListener('abort', leave);
        own.disconnect();
      }
    },
    async isRead(runId) {
      return (await redis.exists(readerOf(runId)).catch(() => 0)) > 0;
    },
  };
}
