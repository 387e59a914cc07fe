/** The backend's samples kept outside React, bounded, as rows for the charts. */
import type { BackendMetrics } from '../../../shared/model/telemetry.ts';
import type { SeriesRow } from '../../app/stats-history.ts';

export interface BackendHistory {
  /** Samples already held are ignored, so a replay is harmless. */
  add(samples: readonly BackendMetrics[]): void;
  /** `p50` and `p95` in ms, null where no question was asked; `queries` and `errors` per second. */
  rows(windowMs: number): SeriesRow[];
}

export function createBackendHistory(capacity: number): BackendHistory {
  let held: BackendMetrics[] = [];
  return {
    add(samples) {
      for (const sample of samples) if (sample.atMs > (held.at(-1)?.atMs ?? 0)) held.push(sample);
      if (held.length > capacity * 1.25) held = held.slice(-capacity);
    },
    rows(windowMs) {
      const from = (held.at(-1)?.atMs ?? 0) - windowMs;
      return held
        .filter((sample) => sample.atMs >= from)
        .map((sample) => ({
          t: sample.atMs,
          p50: sample.queryP50S === null ? null : sample.queryP50S * 1000,
          p95: sample.queryP95S === null ? null : sample.queryP95S * 1000,
          queries: sample.queriesPerS,
          errors: sample.errorsPerS,
        }));
    },
  };
}
