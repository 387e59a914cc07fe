/**
 * Sessions live in Redis. A refresh token is good for one use; one that comes a second time was stolen from somebody,
 * and ends the whole session, since nobody can tell which of the two is the thief.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { BackendProblem } from '../http/problem.ts';

const ttlSeconds = 30 * 24 * 3600;

export interface Sessions {
  /** A new session's first refresh token. @throws {BackendProblem} `session-store-unavailable` */
  open(userId: string): Promise<string>;
  /** @throws {BackendProblem} `session-invalid`, `session-store-unavailable` */
  refresh(token: string): Promise<{ userId: string; token: string }>;
  /** Ends the session of this token; one that is none changes nothing. */
  close(token: string): Promise<void>;
  /** Ends all sessions of a user. */
  closeAll(userId: string): Promise<void>;
}

const digest = (secret: string): string => createHash('sha256').update(secret).digest('base64url');
const sessionKey = (family: string): string => `session:${family}`;
const userKey = (userId: string): string => `sessions:${userId}`;

/** Swaps the secret if it is the newest; otherwise the session is over. One step, so that two uses cannot both win. */
const swap = `
local known = redis.call('HMGET', KEYS[1], 'secret', 'user')
if not known[1] then return false end
if known[1] ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
  return false
end
redis.call('HSET', KEYS[1], 'secret', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return known[2]
`;

function partsOf(token: string): { family: string; secret: string } {
  const match = /^rt_([A-Za-z0-9_-]{22})_([A-Za-z0-9_-]{43})$/.exec(token);
  if (match === null) throw new BackendProblem('session-invalid', 'Sign in again.');
  return { family: match[1] ?? '', secret: match[2] ?? '' };
}

export function createSessions(redis: Redis): Sessions {
  async function stored<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new BackendProblem('session-store-unavailable', 'Sessions are kept in Redis, and it does not answer.', {
        cause: error,
        retryAfter: 5,
      });
    }
  }
  return {
    open: (userId) =>
      stored(async () => {
        const family = randomBytes(16).toString('base64url');
        const secret = randomBytes(32).toString('base64url');
        await redis
          .multi()
          .hset(sessionKey(family), { user: userId, secret: digest(secret) })
          .expire(sessionKey(family), ttlSeconds)
          .sadd(userKey(userId), family)
          .expire(userKey(userId), ttlSeconds)
          .exec();
        return `rt_${family}_${secret}`;
      }),
    async refresh(token) {
      const { family, secret } = partsOf(token);
      const next = randomBytes(32).toString('base64url');
      const userId = await stored(() =>
        redis.eval(swap, 1, sessionKey(family), digest(secret), digest(next), ttlSeconds),
      );
      if (typeof userId !== 'string') throw new BackendProblem('session-invalid', 'Sign in again.');
      return { userId, token: `rt_${family}_${next}` };
    },
    async close(token) {
      const { family } = partsOf(token);
      await stored(() => redis.del(sessionKey(family)));
    },
    closeAll: (userId) =>
      stored(async () => {
        const families = await redis.smembers(userKey(userId));
        await redis.del(userKey(userId), ...families.map(sessionKey));
      }),
  };
}
