import { describe, expect, it } from 'vitest';
import { formatBytes } from '../../shared/model/bytes.ts';
import { formatAgo, formatCores, formatDuration, formatElapsed, formatLatency } from './format.ts';

describe('format', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1024, '1.0 KB'],
    [43 * 2 ** 20, '43 MB'],
    [1023 * 2 ** 20, '1.0 GB'],
    [1.44 * 2 ** 30, '1.4 GB'],
    [12.34 * 2 ** 30, '12.3 GB'],
    [-1, 'unknown'],
  ])('%s bytes is %s', (bytes, words) => expect(formatBytes(bytes)).toBe(words));
  it.each([
    [0.004, '0.4 %'],
    [0.5, '50 %'],
    [2, '200 %'],
  ])('%s cores is %s', (cores, words) => expect(formatCores(cores)).toBe(words));
  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [65_000, '1 min 5 s'],
    [11.5 * 3_600_000, '11 h 30 min'],
    [50 * 3_600_000, '2 d 2 h'],
  ])('%s ms lasts %s', (ms, words) => expect(formatDuration(ms)).toBe(words));
  it('shows a clock, an age and a latency', () => {
    expect(formatElapsed(3_723_000)).toBe('1:02:03');
    expect(formatElapsed(7000)).toBe('0:07');
    expect(formatAgo(0, 44_000)).toBe('just now');
    expect(formatAgo(0, 300_000)).toBe('5 min ago');
    expect(formatLatency(0.4)).toBe('< 1 ms');
    expect(formatLatency(1340)).toBe('1.3 s');
  });
});
