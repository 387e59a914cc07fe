/** What of the ring is shown: services switched on, matches of the search. Kept up by reading only new rows. */
import { visibleText } from './ansi.ts';
import type { LineRow, LogRing, LogRow } from './log-ring.ts';
import type { Matcher } from './search.ts';

export interface LogFilter {
  readonly hidden: ReadonlySet<string>;
  readonly matcher: Matcher | null;
  /** Show only lines that match; otherwise matches are highlighted among the others. */
  readonly onlyMatches: boolean;
}

export interface LogView {
  readonly filter: LogFilter;
  /** Rows in order. Do not keep it over an update. */
  rows(): readonly LogRow[];
  /** Ids of matching rows, in order. */
  matches(): readonly number[];
  /** Lines held per service, whether shown or not. */
  counts(): ReadonlyMap<string, number>;
  /** Rows ever shown by this view; grows. */
  shown(): number;
  /** Takes in what the ring has gained and lost; answers how many shown rows fell off the top. */
  update(): number;
}

export function isLine(row: LogRow): row is LineRow {
  return 'line' in row;
}

/** Index of the first element not below `id` in ascending ids. */
export function lowerBound(length: number, idAt: (index: number) => number, id: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (idAt(middle) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function createLogView(ring: LogRing, filter: LogFilter): LogView {
  let rows: LogRow[] = [];
  let matches: number[] = [];
  let counts = new Map<string, number>();
  let seen = -1;
  let counted = ring.firstId();
  let shown = 0;

  function evict(first: number): number {
    const gone = lowerBound(rows.length, (i) => rows[i]?.id ?? 0, first);
    if (gone > 0) rows = rows.slice(gone);
    const goneMatches = lowerBound(matches.length, (i) => matches[i] ?? 0, first);
    if (goneMatches > 0) matches = matches.slice(goneMatches);
    return gone;
  }

  function take(row: LogRow): void {
    if (!isLine(row)) {
      rows.push(row);
      shown += 1;
      return;
    }
    const { line } = row;
    counts.set(line.service, (counts.get(line.service) ?? 0) + 1);
    if (filter.hidden.has(line.service)) return;
    const hit = filter.matcher?.test(visibleText(line.text)) ?? false;
    if (hit) matches.push(row.id);
    if (filter.matcher !== null && filter.onlyMatches && !hit) return;
    rows.push(row);
    shown += 1;
  }

  function update(): number {
    const all = ring.rows();
    const first = ring.firstId();
    let gone = 0;
    if (first > counted || all.length === 0) {
      gone = evict(first);
      counted = first;
      // What fell off is no longer at hand to subtract, so the rest is counted anew (rare: the ring is cut in blocks).
      counts = new Map();
      for (const row of all) {
        if (isLine(row) && row.id <= seen) counts.set(row.line.service, (counts.get(row.line.service) ?? 0) + 1);
      }
    }
    for (let i = Math.max(0, seen + 1 - first); i < all.length; i += 1) {
      const row = all[i];
      if (row !== undefined) take(row);
    }
    seen = Math.max(seen, first + all.length - 1);
    return gone;
  }

  update();
  return { filter, rows: () => rows, matches: () => matches, counts: () => counts, shown: () => shown, update };
}
