import { describe, expect, it } from 'vitest';
import type { StatSample } from '../../shared/model/telemetry.ts';
import { createStatsHistory } from './stats-history.ts';

function sample(atMs: number, cpuCores: number, container = 'a-1', service = 'a'): StatSample {
  return { service, container, atMs, cpuCores, memBytes: 10, memLimitBytes: 100, rxBytesPerS: 0, txBytesPerS: 0 };
}

describe('createStatsHistory', () => {
  it('sums the containers of a service', () => {
    const history = createStatsHistory(100);
    history.add([sample(10_000, 0.5), sample(10_300, 0.25, 'a-2')]);
    expect(history.latest('a')).toMatchObject({ cpuCores: 0.75, memBytes: 20, memLimitBytes: 200 });
    expect(history.latest('b')).toBeNull();
  });

  it('leaves a gap where nothing was measured, never a zero', () => {
    const history = createStatsHistory(100);
    history.add([sample(10_000, 1), sample(11_000, 1), sample(20_000, 1)]);
    const values = history.rows('cpuCores', 12_000, ['a']).map((row) => row.a);
    expect(values).toEqual([null, null, 1, 1, 1, 1, null, null, null, null, null, null, 1]);
  });

  it('does not flicker when a sample comes late by part of a second', () => {
    const history = createStatsHistory(100);
    history.add([sample(10_010, 1), sample(11_990, 1), sample(13_020, 1)]);
    expect(history.rows('cpuCores', 3000, ['a']).map((row) => row.a)).toEqual([1, 1, 1, 1]);
  });

  it('takes a replay once', () => {
    const history = createStatsHistory(100);
    history.add([sample(1000, 1), sample(2000, 2)]);
    history.add([sample(1000, 9), sample(2000, 9), sample(3000, 3)]);
    expect(history.rows('cpuCores', 2000, ['a']).map((row) => row.a)).toEqual([1, 2, 3]);
  });

  it('stays bounded', () => {
    const history = createStatsHistory(10);
    for (let i = 1; i <= 1000; i += 1) history.add([sample(i * 1000, i)]);
    const rows = history.rows('cpuCores', 1_000_000, ['a']);
    expect(rows.filter((row) => row.a !== null).length).toBeLessThan(20);
  });
});
