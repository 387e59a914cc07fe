import { describe, expect, it } from 'vitest';
import { formatBytes } from './bytes.ts';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KB'],
    [1024, '1.0 KB'],
    [1536, '1.5 KB'],
    [15 * 1024, '15 KB'],
    [1024 ** 2 * 3.25, '3.3 MB'],
    [1024 ** 3 * 12.34, '12.3 GB'],
    [1024 ** 5, '1024 TB'],
    [-1, 'unknown'],
    [Number.NaN, 'unknown'],
  ])('%d is %s', (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });
});
