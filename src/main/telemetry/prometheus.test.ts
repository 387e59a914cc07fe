import { describe, expect, it } from 'vitest';
import { bucketsOf, parseMetrics, quantileBetween, sumOf } from './prometheus.ts';

describe('parseMetrics', () => {
  it('reads names, labels, escapes and special values', () => {
    const samples = parseMetrics(
      ['# HELP a b', 'up 1', 'x{a="1",b="say \\"hi\\"\\n"} 2.5 1700000000', 'y{le="+Inf"} +Inf', 'z NaN'].join('\n'),
    );
    expect(samples.map((s) => [s.name, { ...s.labels }, s.value])).toEqual([
      ['up', {}, 1],
      ['x', { a: '1', b: 'say "hi"\n' }, 2.5],
      ['y', { le: '+Inf' }, Number.POSITIVE_INFINITY],
      ['z', {}, Number.NaN],
    ]);
  });

  it.each(['x{a=1} 2', 'x{a="1" 2', '{} 1', 'x', 'x one', `x{a="${'v'.repeat(5000)}"} 1`])(
    'skips the bad line %j',
    (line) => {
      expect(parseMetrics(`${line}\nok 1`).map((s) => s.name)).toEqual(['ok']);
    },
  );

  it('takes no more than 20,000 samples', () => {
    expect(parseMetrics('a 1\n'.repeat(30_000))).toHaveLength(20_000);
  });

  it('keeps a label named __proto__ as data', () => {
    expect(sumOf(parseMetrics('x{__proto__="a"} 3'), 'x')).toBe(3);
  });
});

describe('quantileBetween', () => {
  const buckets = (...counts: number[]) =>
    new Map([0.1, 0.5, 1, Number.POSITIVE_INFINITY].map((le, i) => [le, counts[i] ?? 0]));
  it.each([
    ['half way into the second bucket', buckets(0, 0, 0, 0), buckets(0, 10, 10, 10), 0.5, 0.3],
    ['only the increase counts', buckets(100, 100, 100, 100), buckets(100, 100, 110, 110), 0.5, 0.75],
    ['the highest bucket answers its lower bound', buckets(0, 0, 0, 0), buckets(0, 0, 0, 4), 0.95, 1],
    ['nothing new', buckets(1, 1, 1, 1), buckets(1, 1, 1, 1), 0.5, null],
    ['a restart', buckets(9, 9, 9, 9), buckets(0, 1, 1, 1), 0.5, null],
  ])('%s', (_, before, after, q, expected) => {
    const value = quantileBetween(before, after, q);
    if (expected === null) expect(value).toBeNull();
    else expect(value).toBeCloseTo(expected, 10);
  });

  it('sums buckets over label sets', () => {
    const samples = parseMetrics(
      'h_bucket{mode="a",le="1"} 2\nh_bucket{mode="b",le="1"} 3\nh_bucket{mode="a",le="+Inf"} 4',
    );
    expect([...bucketsOf(samples, 'h')]).toEqual([
      [1, 5],
      [Number.POSITIVE_INFINITY, 4],
    ]);
  });
});
