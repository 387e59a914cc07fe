/**
 * Thins rows to at most `limit` and keeps every spike: time is cut into buckets on a fixed grid (so that points do not
 * dance while the window moves), and each bucket yields two rows that hold each series' least and greatest value in the
 * order they came. A bucket without a value in a series stays a gap there.
 */
import type { SeriesRow } from '../../app/stats-history.ts';

interface Extremes {
  min: number;
  max: number;
  minFirst: boolean;
}

/** `rows` ascending in t with the same series in each. `limit` at least 2. */
export function thin(rows: readonly SeriesRow[], limit: number, series: readonly string[]): readonly SeriesRow[] {
  const first = rows[0];
  const last = rows.at(-1);
  if (rows.length <= limit || first === undefined || last === undefined) return rows;
  const bucketMs = Math.ceil((last.t - first.t + 1) / Math.max(1, Math.floor(limit / 2) - 1));
  const out: Record<string, number | null>[] = [];
  let bucket: SeriesRow[] = [];
  const flush = (): void => {
    const from = bucket[0];
    const to = bucket.at(-1);
    if (from === undefined || to === undefined) return;
    const a: Record<string, number | null> = { t: from.t };
    const b: Record<string, number | null> = { t: to.t };
    for (const name of series) {
      const seen = extremes(bucket, name);
      a[name] = seen === null ? null : seen.minFirst ? seen.min : seen.max;
      b[name] = seen === null ? null : seen.minFirst ? seen.max : seen.min;
    }
    out.push(a);
    if (to.t !== from.t) out.push(b);
    bucket = [];
  };
  let number = Math.floor(first.t / bucketMs);
  for (const row of rows) {
    const own = Math.floor(row.t / bucketMs);
    if (own !== number) {
      flush();
      number = own;
    }
    bucket.push(row);
  }
  flush();
  return out as unknown as SeriesRow[];
}

function extremes(rows: readonly SeriesRow[], name: string): Extremes | null {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let minFirst = true;
  for (const row of rows) {
    const value = row[name];
    if (value === null || value === undefined) continue;
    const started = max >= min;
    if (value < min) {
      min = value;
      minFirst = !started;
    }
    if (value > max) {
      max = value;
      minFirst = started;
    }
  }
  return max >= min ? { min, max, minFirst } : null;
}
