import { describe, expect, it } from 'vitest';
import { bytes, nanoseconds } from './quantities.ts';

describe('quantities', () => {
  it.each([
    ['1m30s', 90e9],
    ['500ms', 5e8],
    ['1.5h', 5400e9],
    ['0s', 0],
    [7, 7],
  ])('duration %s', (value, expected) => expect(nanoseconds(value)).toBe(expected));
  it('refuses what is no duration', () => expect(() => nanoseconds('soon')).toThrow(RangeError));
  it.each([
    ['52428800', 52428800],
    ['50m', 52428800],
    ['1gb', 1073741824],
    ['-1', -1],
    [5, 5],
  ])('size %s', (value, expected) => expect(bytes(value)).toBe(expected));
  it('refuses what is no size', () => expect(() => bytes('much')).toThrow(RangeError));
});
