import { describe, expect, it } from 'vitest';
import type { Progress } from './operation.ts';
import { secondsLeft } from './time-left.ts';

const left = (progress: Partial<Progress>) =>
  secondsLeft({ done: 50, total: 100, unit: 'bytes', ratePerS: 10, ...progress });

describe('the time that is left', () => {
  it.each<[Partial<Progress>, number]>([
    [{}, 5],
    [{ ratePerS: 0.5 }, 100],
    [{ done: 99 }, 0.1],
  ])('of %j is %d s', (progress, expected) => {
    expect(left(progress)).toBeCloseTo(expected);
  });

  it.each<Partial<Progress>>([
    { total: null },
    { total: 0 },
    { ratePerS: null },
    { ratePerS: 0 },
    { stalled: true },
    { done: 100 },
    { done: 0.5 },
    { ratePerS: 0.0001 },
  ])('cannot be told of %j', (progress) => {
    expect(left(progress)).toBeNull();
  });
});
