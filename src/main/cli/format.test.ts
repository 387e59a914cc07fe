import { describe, expect, it } from 'vitest';
import { clip, duration, table } from './format.ts';

describe('duration', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [12_340, '12.3 s'],
    [245_000, '4 min 05 s'],
    [11_520_000, '3 h 12 min'],
    [183_600_000, '2 d 3 h'],
  ])('%i', (ms, text) => expect(duration(ms)).toBe(text));
});

describe('table', () => {
  it('aligns and leaves nothing at the end of a line', () => {
    expect(
      table([
        ['A', 'LONG', ''],
        ['abc', 'x', ''],
      ]),
    ).toBe('A    LONG\nabc  x');
  });
});

describe('clip', () => {
  it('marks what it cut', () => expect(clip('abcdef', 4)).toBe('abc…'));
});
