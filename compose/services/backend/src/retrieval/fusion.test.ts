import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fusion, fuse } from './fusion.ts';

const leg = (...ids: string[]) => ids.map((id, at) => ({ id, score: 1 - at / 100 }));
const ids = (fused: readonly { id: string }[]): string[] => fused.map(({ id }) => id);
const scores = { kind: 'scores', bm25Weight: 0.12 } as const;

describe('fuse by scores', () => {
  const near = (entries: Record<string, number>) => Object.entries(entries).map(([id, score]) => ({ id, score }));
  it('lets meaning decide where it sets passages apart', () => {
    const legs = { dense: near({ a: 0.8, b: 0.5 }), bm25: near({ b: 9, a: 1 }) };
    expect(ids(fuse(legs, scores, 10))).toEqual(['a', 'b']);
  });
  it('lets words decide among passages that are equally near, found by meaning or not', () => {
    const legs = { dense: near({ a: 0.34, b: 0.32, c: 0.3 }), bm25: near({ d: 9, c: 3 }) };
    expect(ids(fuse(legs, scores, 10))).toEqual(['d', 'a', 'c', 'b']);
    expect(fuse(legs, scores, 1)[0]?.score).toBeCloseTo(0.42);
  });
  it('keeps the order of a leg that is alone', () => {
    expect(ids(fuse({ dense: leg('x', 'y'), bm25: [] }, scores, 10))).toEqual(['x', 'y']);
    expect(ids(fuse({ dense: [], bm25: leg('x', 'y') }, scores, 1))).toEqual(['x']);
    expect(fuse({ dense: [], bm25: [] }, scores, 1)).toEqual([]);
  });
});

describe('fuse by places', () => {
  it('puts first what both legs found, and sums 1 / (k + place)', () => {
    const fused = fuse({ dense: leg('a', 'b', 'c'), bm25: leg('b', 'd') }, { kind: 'rrf', k: 2 }, 10);
    expect(ids(fused)).toEqual(['b', 'a', 'd', 'c']);
    expect(fused[0]?.score).toBeCloseTo(1 / 3 + 1 / 2);
  });
});

it('answers every passage of the legs once, best first', () => {
  const some = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 2 }), { maxLength: 20 });
  const how = fc.oneof(
    fc.record({ kind: fc.constant('rrf' as const), k: fc.integer({ min: 1, max: 100 }) }),
    fc.record({ kind: fc.constant('scores' as const), bm25Weight: fc.double({ min: 0, max: 2, noNaN: true }) }),
  ) as fc.Arbitrary<Fusion>;
  fc.assert(
    fc.property(some, some, how, (a, b, fusion) => {
      const fused = fuse({ dense: leg(...a), bm25: leg(...b) }, fusion, 50);
      expect(new Set(ids(fused))).toEqual(new Set([...a, ...b]));
      expect(fused.length).toBe(new Set([...a, ...b]).size);
      for (const [at, { score }] of fused.entries())
        expect(score).toBeLessThanOrEqual(fused[at - 1]?.score ?? Infinity);
    }),
  );
});
