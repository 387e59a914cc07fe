/** Redis, a cache and nothing more: when it is away every look-up is a miss and the answer comes all the same. */
import type { Redis } from 'ioredis';

export interface Cache {
  /** One value per key, null where there is none or Redis is away. Never rejects. */
  getMany(keys: readonly string[]): Promise<{ values: (Buffer | null)[]; reachable: boolean }>;
  /** Best effort. Never rejects. */
  setMany(entries: readonly { key: string; value: Buffer }[], ttlSeconds: number): Promise<void>;
  /** @throws when Redis does not answer */
  ping(): Promise<void>;
}

export function createCache(redis: Redis): Cache {
  return {
    async getMany(keys) {
      if (keys.length === 0) return { values: [], reachable: true };
      try {
        return { values: await redis.mgetBuffer(...keys), reachable: true };
      } catch {
        return { values: keys.map(() => null), reachable: false };
      }
    },
    async setMany(entries, ttlSeconds) {
      if (entries.length === 0 || redis.status !== 'ready') return;
      const pipeline = redis.pipeline();
      for (const { key, value } of entries) pipeline.set(key, value, 'EX', ttlSeconds);
      await pipeline.exec().catch(() => undefined);
    },
    async ping() {
      await redis.ping();
    },
  };
}
