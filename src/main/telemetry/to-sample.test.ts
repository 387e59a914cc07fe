import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../engine/engine-client.ts';
import { toCounters, toSample } from './to-sample.ts';

const raw = (over: JsonObject = {}): JsonObject => ({
  read: '2026-11-23T10:00:00.5Z',
  cpu_stats: { cpu_usage: { total_usage: 2_000_000_000 } },
  memory_stats: { usage: 1000, limit: 5000, stats: { total_inactive_file: 300 } },
  networks: { eth0: { rx_bytes: 10, tx_bytes: 20 }, eth1: { rx_bytes: 1, tx_bytes: 2 } },
  ...over,
});

describe('toCounters', () => {
  it('sums networks and takes reclaimable cache off the memory', () => {
    expect(toCounters(raw())).toEqual({
      atMs: Date.parse('2026-11-23T10:00:00.5Z'),
      cpuNs: 2e9,
      rxBytes: 11,
      txBytes: 22,
      memBytes: 700,
      memLimitBytes: 5000,
    });
  });
  it('reads cgroup v2 as well', () => {
    expect(
      toCounters(raw({ memory_stats: { usage: 1000, limit: 2 ** 60, stats: { inactive_file: 1 } } })),
    ).toMatchObject({
      memBytes: 999,
      memLimitBytes: 0,
    });
  });
  it('knows that a limit of all the machine has is none', () => {
    const whole = raw({ memory_stats: { usage: 1000, limit: 25_276_510_208 } });
    expect(toCounters(whole, 25_276_510_208)).toMatchObject({ memLimitBytes: 0 });
    expect(toCounters(whole, 30_000_000_000)).toMatchObject({ memLimitBytes: 25_276_510_208 });
    expect(toCounters(whole, null)).toMatchObject({ memLimitBytes: 25_276_510_208 });
  });
  it.each([{ read: '0001-01-01T00:00:00Z' }, { read: 'soon' }, {}])(
    'answers null for the empty sample %j',
    (sample: JsonObject) => {
      expect(toCounters(sample)).toBeNull();
    },
  );
  it('takes hostile values for nothing', () => {
    expect(
      toCounters(raw({ cpu_stats: 7, memory_stats: [1], networks: { a: null, b: { rx_bytes: -5, tx_bytes: 'x' } } })),
    ).toMatchObject({
      cpuNs: 0,
      memBytes: 0,
      rxBytes: 0,
      txBytes: 0,
    });
  });
});

describe('toSample', () => {
  const before = { atMs: 1000, cpuNs: 1e9, rxBytes: 100, txBytes: 0, memBytes: 5, memLimitBytes: 10 };
  it('turns counters into rates a second', () => {
    expect(
      toSample('redis', 'p-redis-1', before, { ...before, atMs: 3000, cpuNs: 2e9, rxBytes: 500, txBytes: 50 }),
    ).toEqual({
      service: 'redis',
      container: 'p-redis-1',
      atMs: 3000,
      cpuCores: 0.5,
      memBytes: 5,
      memLimitBytes: 10,
      rxBytesPerS: 200,
      txBytesPerS: 25,
    });
  });
  it('gives nothing across a restart or without time', () => {
    expect(toSample('a', 'b', before, { ...before, atMs: 2000, cpuNs: 5 })).toBeNull();
    expect(toSample('a', 'b', before, before)).toBeNull();
  });
});
