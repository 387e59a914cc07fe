/** The followed log stream: belongs to the window, not to the page. It outlives a page change by a minute, its ring for good. */
import type { Problem } from '../../../shared/model/problem.ts';
import type { LogLine } from '../../../shared/model/telemetry.ts';
import { keepOpen } from '../../app/bridge.ts';
import { createLogRing, type LogRing } from './log-ring.ts';

const capacity = 50_000;
const lingerMs = 60_000;

export interface LogSession {
  readonly ring: LogRing;
  /** Follows while at least one reader holds it. The answer lets go. */
  hold(tail: number, onProblem: (problem: Problem | null) => void): () => void;
}

/** Lines a reopened stream replays are told by their time: nothing up to the last one held per container is taken twice. */
export function createReplayGuard(): { reopened(): void; fresh(lines: readonly LogLine[]): LogLine[] } {
  const newest = new Map<string, number>();
  let held = new Map<string, number>();
  return {
    reopened() {
      held = new Map(newest);
    },
    fresh(lines) {
      return lines.filter((line) => {
        if (line.atMs <= (held.get(line.container) ?? Number.NEGATIVE_INFINITY)) return false;
        newest.set(line.container, Math.max(line.atMs, newest.get(line.container) ?? 0));
        return true;
      });
    },
  };
}

export function createLogSession(): LogSession {
  const ring = createLogRing(capacity);
  const guard = createReplayGuard();
  const readers = new Set<(problem: Problem | null) => void>();
  let close: (() => void) | null = null;
  let lingering: ReturnType<typeof setTimeout> | undefined;

  function open(tail: number): void {
    guard.reopened();
    close = keepOpen(
      'logs.follow',
      { services: [], tail },
      ({ lines, dropped }) => ring.push(guard.fresh(lines), dropped),
      (problem) => {
        if (problem !== null) guard.reopened();
        for (const reader of readers) reader(problem);
      },
    );
  }

  return {
    ring,
    hold(tail, onProblem) {
      readers.add(onProblem);
      clearTimeout(lingering);
      if (close === null) open(tail);
      return () => {
        readers.delete(onProblem);
        if (readers.size > 0) return;
        lingering = setTimeout(() => {
          close?.();
          close = null;
        }, lingerMs);
      };
    },
  };
}

export const logSession = createLogSession();
