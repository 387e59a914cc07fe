import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuse } from './fusion.ts';

const leg = (...ids: string[]) => ids.map((id, at) => ({ id, score: 1 - at / 10 }));

describe('fuse', () => {
  it('puts first what both legs found, and sums 1 / (k + place)', () => {
    const fused = fuse([leg('a', 'b', 'c'), leg('b', 'd')], 2, 10);
    expect(fused.map(({ id }) => id)).toEqual(['b', 'a', 'd', 'c']);
    expect(fused[0]?.score).toBeCloseTo(1 / 3 + 1 / 2);
    expect(fused[1]?.score).toBeCloseTo(1 / 2);
  });
  it('keeps the order of a leg that is alone', () => {
    expect(fuse([leg('x', 'y', 'z'), []], 2, 2).map(({ id }) => id)).toEqual(['x', 'y']);
  });
  it('answers the same whatever leg comes first, each passage once', () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 2 }), { maxLength: 20 });
    fc.assert(
      fc.property(ids, ids, fc.integer({ min: 1, max: 100 }), (a, b, k) => {
        const [one, other] = [leg(...a), leg(...b)];
        const fused = fuse([one, other], k, 50);
        expect(fuse([other, one], k, 50)).toEqual(fused);
        expect(new Set(fused.map(({ id }) => id))).toEqual(new Set([...a, ...b]));
      }),
    );
  });
});
