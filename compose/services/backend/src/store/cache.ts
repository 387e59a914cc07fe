/** Redis, a cache and nothing more: when it is away every look-up is a miss and the answer comes all the same. */
import { Redis } from 'ioredis';
import type { Settings } from '../config/settings.ts';
import { log } from '../observability/log.ts';

export interface Cache {
  /** One value per key, null where there is none or Redis is away. Never rejects. */
  getMany(keys: readonly string[]): Promise<{ values: (Buffer | null)[]; reachable: boolean }>;
  /** Best effort. Never rejects. */
  setMany(entries: readonly { key: string; value: Buffer }[], ttlSeconds: number): Promise<void>;
  /** @throws when Redis does not answer */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export const CACHE = Symbol('cache');

export function openCache(settings: Settings): Cache {
  const redis = new Redis({
    host: settings.REDIS_HOST,
    port: settings.REDIS_PORT,
    ...(settings.redisPassword === '' ? {} : { password: settings.redisPassword }),
    connectTimeout: 2000,
    commandTimeout: 1000,
    // A cache that queues while it is down would slow every question down.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 200, 5000),
    lazyConnect: false,
  });
  let reported = false;
  redis.on('error', (error: Error) => {
    if (!reported) log.warn('redis.unreachable', 'The cache does not answer; going on without it', {}, error);
    reported = true;
  });
  redis.on('ready', () => {
    if (reported) log.info('redis.back', 'The cache answers again');
    reported = false;
  });
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
    async close() {
      redis.disconnect();
    },
  };
}
