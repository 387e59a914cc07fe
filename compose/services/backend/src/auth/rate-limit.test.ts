import { describe, expect, it } from 'vitest';
import { createRateLimit } from './rate-limit.ts';

describe('rate limit', () => {
  it('lets so many through per minute and person, then says how long to wait', async () => {
    let now = 1_000_000;
    const limit = createRateLimit(null, () => now);
    for (let at = 0; at < 10; at += 1) await limit.take('login', 'a', 10);
    await limit.take('login', 'b', 10);
    await limit.take('chat', 'a', 10);
    now += 20_000;
    await expect(limit.take('login', 'a', 10)).rejects.toMatchObject({ code: 'rate-limited', retryAfter: 40 });
    now += 40_000;
    await limit.take('login', 'a', 10);
  });

  it('goes on counting here when Redis does not answer', async () => {
    const redis = { status: 'ready' as const, eval: () => Promise.reject(new Error('away')) };
    const limit = createRateLimit(redis as never);
    await limit.take('login', 'a', 1);
    await expect(limit.take('login', 'a', 1)).rejects.toMatchObject({ code: 'rate-limited' });
  });
});
