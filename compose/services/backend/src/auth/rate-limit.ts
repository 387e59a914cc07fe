/** How often somebody may ask, counted per minute in Redis for all replicas together; here alone while Redis is away. */
import type { Redis } from 'ioredis';
import { BackendProblem } from '../http/problem.ts';
import { rateLimited } from '../observability/metrics.ts';

export type LimitKind = 'login' | 'chat' | 'request';
export interface RateLimit {
  /** Counts one. @throws {BackendProblem} `rate-limited` with the seconds until the minute is over */
  take(kind: LimitKind, who: string, perMinute: number): Promise<void>;
}

const windowMs = 60_000;

const count = `
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return { n, redis.call('PTTL', KEYS[1]) }
`;

/** @param redis null: only this process counts */
export function createRateLimit(redis: Pick<Redis, 'eval' | 'status'> | null, now: () => number = Date.now): RateLimit {
  const here = new Map<string, { count: number; endsAt: number }>();

  function countHere(key: string): [number, number] {
    const at = now();
    if (here.size > 10_000) for (const [old, entry] of here) if (entry.endsAt <= at) here.delete(old);
    const known = here.get(key);
    const entry = known === undefined || known.endsAt <= at ? { count: 0, endsAt: at + windowMs } : known;
    here.set(key, entry);
    entry.count += 1;
    return [entry.count, entry.endsAt - at];
  }

  async function counted(key: string): Promise<[number, number]> {
    if (redis === null || redis.status !== 'ready') return countHere(key);
    try {
      const answer: unknown = await redis.eval(count, 1, `limit:${key}`, windowMs);
      if (Array.isArray(answer)) return [Number(answer[0]), Number(answer[1])];
    } catch {
      // Counted here instead.
    }
    return countHere(key);
  }

  return {
    async take(kind, who, perMinute) {
      const [taken, leftMs] = await counted(`${kind}:${who}`);
      if (taken <= perMinute) return;
      rateLimited.inc({ route: kind });
      throw new BackendProblem('rate-limited', 'Too many requests within a minute. Wait, then go on.', {
        retryAfter: Math.max(1, Math.ceil(leftMs / 1000)),
      });
    },
  };
}
