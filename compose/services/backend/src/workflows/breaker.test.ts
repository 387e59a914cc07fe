import { describe, expect, it } from 'vitest';
import { createBreaker } from './breaker.ts';

describe('a breaker', () => {
  it('opens after failures in a row, lets one through after a while, and closes when that one succeeds', () => {
    let now = 0;
    const breaker = createBreaker({ failures: 2, openMs: 100 }, () => now);
    breaker.failed();
    expect(breaker.allows()).toBe(true);
    breaker.succeeded();
    breaker.failed();
    expect(breaker.allows()).toBe(true);
    breaker.failed();
    expect(breaker.allows()).toBe(false);
    now = 100;
    expect([breaker.allows(), breaker.allows()]).toEqual([true, false]);
    breaker.failed();
    now = 199;
    expect(breaker.allows()).toBe(false);
    now = 200;
    expect(breaker.allows()).toBe(true);
    breaker.succeeded();
    expect([breaker.allows(), breaker.allows()]).toEqual([true, true]);
  });
});
