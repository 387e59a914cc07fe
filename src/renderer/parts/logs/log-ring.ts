/** The newest log rows, outside React: bounded, with a mark where lines were dropped on the way. */
import type { LogLine } from '../../../shared/model/telemetry.ts';

export interface LineRow {
  readonly id: number;
  readonly line: LogLine;
}
/** `dropped` lines are missing here. */
export interface GapRow {
  readonly id: number;
  readonly dropped: number;
}
export type LogRow = LineRow | GapRow;

export interface LogRing {
  push(lines: readonly LogLine[], dropped: number): void;
  clear(): void;
  /** Oldest first. Ids grow by one, so the row with id n is at `n - firstId()`. Do not keep or change it. */
  rows(): readonly LogRow[];
  firstId(): number;
  /** Grows with each change. */
  version(): number;
  subscribe(listener: () => void): () => void;
}

export function createLogRing(capacity: number): LogRing {
  let rows: LogRow[] = [];
  let nextId = 0;
  let version = 0;
  const listeners = new Set<() => void>();
  const changed = (): void => {
    version += 1;
    for (const listener of listeners) listener();
  };
  return {
    push(lines, dropped) {
      if (lines.length === 0 && dropped === 0) return;
      if (dropped > 0) rows.push({ id: nextId++, dropped });
      for (const line of lines) rows.push({ id: nextId++, line });
      // Cut in blocks: shifting 50,000 entries for each batch would cost more than the batch.
      if (rows.length > capacity * 1.1) rows = rows.slice(rows.length - capacity);
      changed();
    },
    clear() {
      rows = [];
      changed();
    },
    rows: () => rows,
    firstId: () => nextId - rows.length,
    version: () => version,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
