/**
 * The followed log stream of a stack: belongs to the window, not to the page. It outlives a page change by a minute; the
 * bundled stack's ring stays for good, another's goes with its stream.
 */
import type { Problem } from '../../../shared/model/problem.ts';
import type { LogLine } from '../../../shared/model/telemetry.ts';
import { naming } from '../../app/actions.ts';
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

/** `onIdle`: nobody has held it for a minute. */
function createLogSession(stack: string | null, onIdle: () => void): LogSession {
  const ring = createLogRing(capacity);
  const guard = createReplayGuard();
  const readers = new Set<(problem: Problem | null) => void>();
  let close: (() => void) | null = null;
  let lingering: ReturnType<typeof setTimeout> | undefined;

  function open(tail: number): void {
    guard.reopened();
    close = keepOpen(
      'logs.follow',
      { ...naming(stack), services: [], tail },
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
          onIdle();
        }, lingerMs);
      };
    },
  };
}

const sessions = new Map<string | null, LogSession>();

/** null is the bundled stack. */
export function logSessionOf(stack: string | null): LogSession {
  const held = sessions.get(stack);
  if (held !== undefined) return held;
  const session = createLogSession(stack, () => {
    if (stack !== null) sessions.delete(stack);
  });
  sessions.set(stack, session);
  return session;
}
