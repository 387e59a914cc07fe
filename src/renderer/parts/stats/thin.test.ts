import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SeriesRow } from '../../app/stats-history.ts';
import { niceTop } from './nice-top.ts';
import { thin } from './thin.ts';

const rows = (values: readonly (number | null)[]): SeriesRow[] => values.map((a, i) => ({ t: i * 1000, a }));

describe('thin', () => {
  it('leaves few rows alone', () => {
    const few = rows([1, 2, 3]);
    expect(thin(few, 3, ['a'])).toBe(few);
  });

  it('keeps every spike and the order of time, within the limit', () => {
    const value = fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { freq: 6 });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 40, maxLength: 900 }),
        fc.integer({ min: 10, max: 300 }),
        (values, limit) => {
          const thinned = thin(rows(values), limit, ['a']);
          expect(thinned.length).toBeLessThanOrEqual(limit);
          const numbers = (list: readonly (number | null | undefined)[]): number[] =>
            list.filter((one): one is number => typeof one === 'number');
          const before = numbers(values);
          const after = numbers(thinned.map((row) => row.a));
          if (before.length > 0) {
            expect(Math.max(...after)).toBe(Math.max(...before));
            expect(Math.min(...after)).toBe(Math.min(...before));
          }
          const times = thinned.map((row) => row.t);
          expect(times).toEqual([...times].sort((x, y) => x - y));
        },
      ),
    );
  });

  it('keeps a long gap a gap', () => {
    const thinned = thin(rows([...Array(300).fill(1), ...Array(300).fill(null), ...Array(300).fill(1)]), 90, ['a']);
    expect(thinned.some((row) => row.a === null)).toBe(true);
  });

  it('puts the extremes in the order they came', () => {
    const thinned = thin(rows([5, 1, 9, 5, 5, 9, 1, 5]), 4, ['a']);
    expect(thinned.map((row) => row.a)).toContain(9);
    expect(thinned.map((row) => row.a).indexOf(1)).toBeLessThan(thinned.map((row) => row.a).indexOf(9));
  });
});

it.each([
  [0, false, 1],
  [0.13, false, 0.15],
  [2.05, false, 3],
  [7, false, 8],
  [100, false, 100],
  [600, true, 1024],
])('niceTop of %s (bytes: %s) is %s', (max, binary, top) => {
  expect(niceTop(max, binary)).toBeCloseTo(top, 9);
});
