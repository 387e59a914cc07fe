import { describe, expect, it } from 'vitest';
import { highlight } from './highlight.ts';
import { levelOf } from './level.ts';
import { createMatcher } from './search.ts';

describe('createMatcher', () => {
  it('takes text literally and without regard to case', () => {
    const result = createMatcher('a.b(', false);
    expect(result.ok && result.matcher?.ranges('xA.B( a.b(')).toEqual([
      [1, 5],
      [6, 10],
    ]);
    expect(result.ok && result.matcher?.test('axb(')).toBe(false);
  });

  it('takes expressions when asked to', () => {
    const result = createMatcher('err\\w+\\d', true);
    expect(result.ok && result.matcher?.ranges('no, error7')).toEqual([[4, 10]]);
  });

  it.each(['(', '(a+)+$', '(a|aa)*b', 'x*', '(\\w{2,})+'])('refuses %s with a reason', (query) => {
    const result = createMatcher(query, true);
    expect(result.ok).toBe(false);
    expect(result.ok ? '' : result.why).not.toBe('');
  });

  it('has no matcher for an empty query', () => {
    expect(createMatcher('', true)).toEqual({ ok: true, matcher: null });
  });
});

describe('highlight', () => {
  it('cuts spans at match borders and keeps their colours', () => {
    const pieces = highlight([{ text: 'ab', fg: 1 }, { text: 'cd' }], [[1, 3]]);
    expect(pieces).toEqual([
      { text: 'a', fg: 1, hit: false },
      { text: 'b', fg: 1, hit: true },
      { text: 'c', hit: true },
      { text: 'd', hit: false },
    ]);
  });

  it('loses no text, whatever the ranges', () => {
    const spans = [{ text: 'hello ' }, { text: 'wor' }, { text: 'ld' }];
    for (const ranges of [
      [],
      [[0, 11]],
      [[10, 11]],
      [
        [0, 1],
        [1, 2],
      ],
      [[5, 20]],
    ] as [number, number][][]) {
      expect(
        highlight(spans, ranges)
          .map((piece) => piece.text)
          .join(''),
      ).toBe('hello world');
    }
  });
});

describe('levelOf', () => {
  it.each([
    ['{"level":50,"msg":"x"}', 'error'],
    ['{"level":"warning"}', 'warn'],
    ['{"level":30,"msg":"an ERROR in words"}', null],
    ['2026-11-23 20:00:00 UTC [1] FATAL:  no', 'error'],
    ['1:M 23 Nov 2026 20:12:03.220 # Warning: x', 'warn'],
    ['WARNING:  cut', 'warn'],
    ['[error] 31#31: upstream', 'error'],
    ['DEBUG x', 'debug'],
    ['errors=0', null],
    ['', null],
  ])('%s is %s', (text, level) => {
    expect(levelOf(text)).toBe(level);
  });
});
