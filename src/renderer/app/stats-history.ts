/**
 * Stat samples kept outside React: one bounded series per container, read as sums per service on a grid of whole
 * seconds. A sample holds for at most `holdMs`; after that the service has a gap, never a zero.
 */
import type { StatSample } from '../../shared/model/telemetry.ts';

export type StatFigure = 'cpuCores' | 'memBytes' | 'rxBytesPerS' | 'txBytesPerS';

export interface ServiceFigures {
  readonly cpuCores: number;
  readonly memBytes: number;
  /** 0 when any container has no limit. */
  readonly memLimitBytes: number;
  readonly rxBytesPerS: number;
  readonly txBytesPerS: number;
}

/** `t` in epoch ms; one key per service, null where there was no sample. */
export interface SeriesRow {
  readonly t: number;
  readonly [series: string]: number | null;
}

export const holdMs = 2600;

export interface StatsHistory {
  /** Samples of a container must come oldest first; ones already held are ignored, so a replay is harmless. */
  add(samples: readonly StatSample[]): void;
  /** Newest sample's time; 0 before the first. */
  newestMs(): number;
  /** Sums over a service's containers right now; null when none has a fresh sample. */
  latest(service: string, nowMs?: number): ServiceFigures | null;
  /** One row a second over the window that ends with the newest sample. */
  rows(figure: StatFigure, windowMs: number, services: readonly string[]): SeriesRow[];
}

export function createStatsHistory(capacity: number): StatsHistory {
  const byService = new Map<string, Map<string, StatSample[]>>();
  let newest = 0;

  function add(samples: readonly StatSample[]): void {
    for (const sample of samples) {
      let containers = byService.get(sample.service);
      if (containers === undefined) {
        containers = new Map();
        byService.set(sample.service, containers);
      }
      let series = containers.get(sample.container);
      if (series === undefined) {
        series = [];
        containers.set(sample.container, series);
      }
      const last = series.at(-1);
      if (last !== undefined && sample.atMs <= last.atMs) continue;
      series.push(sample);
      newest = Math.max(newest, sample.atMs);
    }
    // Cut in blocks, so that a full series does not shift on each sample; forget containers gone from the window.
    for (const containers of byService.values()) {
      for (const [name, series] of containers) {
        if (series.length > capacity * 1.25) series.splice(0, series.length - capacity);
        const last = series.at(-1);
        if (last === undefined || last.atMs < newest - capacity * 1000) containers.delete(name);
      }
    }
  }

  function latest(service: string, nowMs = newest): ServiceFigures | null {
    const fresh: StatSample[] = [];
    for (const series of byService.get(service)?.values() ?? []) {
      const last = series.at(-1);
      if (last !== undefined && last.atMs >= nowMs - 2 * holdMs) fresh.push(last);
    }
    if (fresh.length === 0) return null;
    const sum = (pick: (sample: StatSample) => number): number =>
      fresh.reduce((total, sample) => total + pick(sample), 0);
    return {
      cpuCores: sum((sample) => sample.cpuCores),
      memBytes: sum((sample) => sample.memBytes),
      memLimitBytes: fresh.every((sample) => sample.memLimitBytes > 0) ? sum((sample) => sample.memLimitBytes) : 0,
      rxBytesPerS: sum((sample) => sample.rxBytesPerS),
      txBytesPerS: sum((sample) => sample.txBytesPerS),
    };
  }

  function rows(figure: StatFigure, windowMs: number, services: readonly string[]): SeriesRow[] {
    if (newest === 0) return [];
    const end = Math.floor(newest / 1000);
    const start = end - Math.floor(windowMs / 1000);
    const out: Record<string, number | null>[] = [];
    for (let s = start; s <= end; s += 1) out.push({ t: s * 1000 });
    for (const service of services) {
      for (const row of out) row[service] = null;
      for (const series of byService.get(service)?.values() ?? []) {
        let at = 0;
        for (const row of out) {
          // A second shows the last sample that began before the second was over.
          const until = (row.t ?? 0) + 1000;
          while (at < series.length && (series[at]?.atMs ?? 0) < until) at += 1;
          const sample = series[at - 1];
          if (sample !== undefined && sample.atMs >= until - 1000 - holdMs) {
            row[service] = (row[service] ?? 0) + sample[figure];
          }
        }
      }
    }
    return out as unknown as SeriesRow[];
  }

  return { add, newestMs: () => newest, latest, rows };
}
