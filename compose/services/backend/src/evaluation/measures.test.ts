import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrapInterval, mean, ndcgAt, percentile, recallAt, reciprocalRankAt } from './measures.ts';

describe('measures of a ranking, computed by hand', () => {
  it.each([
    // found at, k, recall, nDCG, reciprocal rank
    [[1], 10, 1, 1, 1],
    [[2], 10, 1, 0.63093, 0.5], // 1 / log2(3)
    [[3], 10, 1, 0.5, 1 / 3], // 1 / log2(4)
    [[10], 10, 1, 0.289065, 0.1], // 1 / log2(11)
    [[11], 10, 0, 0, 0],
    [[null], 10, 0, 0, 0],
    [[1, 2], 10, 1, 1, 1],
    [[1, 3], 10, 1, 0.919721, 1], // (1 + 1/2) / (1 + 1/log2(3))
    [[3, null], 5, 0.5, 0.306574, 1 / 3], // (1/2) / (1 + 1/log2(3))
    [[1, 1], 10, 1, 1, 1], // one passage holds both
    [[2, 4, null], 3, 1 / 3, 0.296082, 0.5], // 0.63093 / (1 + 0.63093 + 0.5)
    [[1, 2, 3], 1, 1 / 3, 1, 1], // the best ranking has one place at rank 1
    [[1, 1, 1], 1, 1, 1, 1],
  ] as const)('found at %j among the first %i', (foundAt, k, recall, ndcg, reciprocalRank) => {
    expect(recallAt(foundAt, k)).toBeCloseTo(recall, 5);
    expect(ndcgAt(foundAt, k)).toBeCloseTo(ndcg, 5);
    expect(reciprocalRankAt(foundAt, k)).toBeCloseTo(reciprocalRank, 5);
  });
  it('are 0 where nothing was expected', () => {
    expect([recallAt([], 10), ndcgAt([], 10), reciprocalRankAt([], 10)]).toEqual([0, 0, 0]);
  });

  const foundAt = fc.array(fc.option(fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 8 });
  const k = fc.integer({ min: 1, max: 20 });
  it('lie between 0 and 1 and never fall when a place moves up (property)', () => {
    fc.assert(
      fc.property(foundAt, k, fc.nat(), (places, depth, pick) => {
        const at = pick % places.length;
        const better = places.map((rank, index) => (index === at ? Math.max(1, (rank ?? 31) - 1) : rank));
        for (const measure of [recallAt, ndcgAt, reciprocalRankAt]) {
          const before = measure(places, depth);
          expect(before).toBeGreaterThanOrEqual(0);
          expect(before).toBeLessThanOrEqual(1 + 1e-12);
          expect(measure(better, depth)).toBeGreaterThanOrEqual(before - 1e-12);
        }
      }),
    );
  });
  it('are 1 for the best ranking, whatever the order of the places (property)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), (places) => {
        const best = Array.from({ length: places }, (_, at) => places - at);
        expect(ndcgAt(best, 10)).toBeCloseTo(1, 12);
        expect(recallAt(best, 10)).toBe(1);
        expect(reciprocalRankAt(best, 10)).toBe(1);
      }),
    );
  });
});

describe('intervals', () => {
  it('agree with the normal approximation for many values', () => {
    // 400 values, mean 0.7: the standard error is sqrt(0.7 * 0.3 / 400) = 0.0229.
    const values = Array.from({ length: 400 }, (_, at) => (at < 280 ? 1 : 0));
    const { low, high } = bootstrapInterval(values);
    expect(low).toBeGreaterThan(0.7 - 1.96 * 0.0229 - 0.01);
    expect(low).toBeLessThan(0.7 - 1.96 * 0.0229 + 0.01);
    expect(high).toBeGreaterThan(0.7 + 1.96 * 0.0229 - 0.01);
    expect(high).toBeLessThan(0.7 + 1.96 * 0.0229 + 0.01);
  });
  it('are as wide as nothing for equal values, and empty without values', () => {
    expect(bootstrapInterval([0.5, 0.5, 0.5])).toEqual({ low: 0.5, high: 0.5 });
    expect(bootstrapInterval([])).toEqual({ low: 0, high: 0 });
  });
  it('repeat for the same seed, hold the mean, and stay within the values (property)', () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 40 });
    fc.assert(
      fc.property(values, fc.integer(), (list, seed) => {
        const interval = bootstrapInterval(list, seed, 400);
        expect(bootstrapInterval(list, seed, 400)).toEqual(interval);
        expect(interval.low).toBeLessThanOrEqual(mean(list) + 1e-9);
        expect(interval.high).toBeGreaterThanOrEqual(mean(list) - 1e-9);
        expect(interval.low).toBeGreaterThanOrEqual(Math.min(...list) - 1e-9);
        expect(interval.high).toBeLessThanOrEqual(Math.max(...list) + 1e-9);
      }),
      { numRuns: 50 },
    );
  });
  it('percentiles are by nearest rank', () => {
    const values = [15, 20, 35, 40, 50];
    expect([0.05, 0.3, 0.4, 0.5, 1].map((share) => percentile(values, share))).toEqual([15, 20, 20, 35, 50]);
    expect(percentile([], 0.5)).toBe(0);
  });
});
