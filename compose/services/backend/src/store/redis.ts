/** Redis: sessions, counters, streams of runs, and a cache. Never the only place of anything that must not be lost. */
import { Redis } from 'ioredis';
import type { Settings } from '../config/settings.ts';
import { log } from '../observability/log.ts';

export function openRedis(settings: Settings): Redis {
  const redis = new Redis({
    host: settings.REDIS_HOST,
    port: settings.REDIS_PORT,
    ...(settings.redisPassword === '' ? {} : { password: settings.redisPassword }),
    connectTimeout: 2000,
    commandTimeout: 1000,
    // What queues while it is down would slow every question down.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 200, 5000),
    lazyConnect: false,
  });
  let reported = false;
  redis.on('error', (error: Error) => {
    if (!reported) log.warn('redis.unreachable', 'Redis does not answer; going on without it', {}, error);
    reported = true;
  });
  redis.on('ready', () => {
    if (reported) log.info('redis.back', 'Redis answers again');
    reported = false;
  });
  return redis;
}
