/** Engine stats JSON to a StatSample. Pure: two raw samples in, one rate out. */

import { asObject } from '../../shared/model/json.ts';
import type { StatSample } from '../../shared/model/telemetry.ts';
import type { Json, JsonObject } from '../engine/engine-client.ts';

/** 0 for whatever is not a finite, non-negative number: the engine's word is untrusted. */
function count(value: Json | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;
}

export interface Counters {
  readonly atMs: number;
  /** Nanoseconds of CPU since the container started. */
  readonly cpuNs: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly memBytes: number;
  readonly memLimitBytes: number;
}

/**
 * The counters of one raw sample, or null when it is the empty one a stopped container gives.
 * Memory is usage less the page cache the kernel can take back, as `docker stats` shows it: `inactive_file`
 * on cgroup v2, `total_inactive_file` on v1 (docs.docker.com/reference/cli/docker/container/stats).
 * A container without a limit is given the machine's memory for one, or on cgroup v1 its address space: 0.
 * @param machineBytes the engine's memory; null while unknown
 */
export function toCounters(raw: JsonObject, machineBytes: number | null = null): Counters | null {
  const atMs = Date.parse(String(raw.read ?? ''));
  if (!Number.isFinite(atMs) || atMs <= 0) return null;
  const cpuNs = count(asObject(asObject(raw.cpu_stats).cpu_usage).total_usage);
  const memory = asObject(raw.memory_stats);
  const detail = asObject(memory.stats);
  const cache = count(detail.total_inactive_file ?? detail.inactive_file);
  let rxBytes = 0;
  let txBytes = 0;
  for (const network of Object.values(asObject(raw.networks))) {
    rxBytes += count(asObject(network).rx_bytes);
    txBytes += count(asObject(network).tx_bytes);
  }
  const limit = count(memory.limit);
  return {
    atMs,
    cpuNs,
    rxBytes,
    txBytes,
    memBytes: Math.max(count(memory.usage) - cache, 0),
    memLimitBytes: limit >= Math.min(2 ** 50, machineBytes ?? 2 ** 50) ? 0 : limit,
  };
}

/** Rates between two samples of one container; null when time did not move or a counter went back (it restarted). */
export function toSample(service: string, container: string, before: Counters, after: Counters): StatSample | null {
  const seconds = (after.atMs - before.atMs) / 1000;
  if (seconds <= 0 || after.cpuNs < before.cpuNs || after.rxBytes < before.rxBytes || after.txBytes < before.txBytes)
    return null;
  return {
    service,
    container,
    atMs: after.atMs,
    cpuCores: (after.cpuNs - before.cpuNs) / 1e9 / seconds,
    memBytes: after.memBytes,
    memLimitBytes: after.memLimitBytes,
    rxBytesPerS: (after.rxBytes - before.rxBytes) / seconds,
    txBytesPerS: (after.txBytes - before.txBytes) / seconds,
  };
}
