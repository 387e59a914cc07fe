/**
 * The only door of the window to everything else: a typed client over `window.quayside`.
 * Calls answer a value or a Problem and never throw; streams are opened here or with `useStream`.
 */
import { useCallback, useEffect, useState } from 'react';
import type { Bridge } from '../../shared/contract/bridge.ts';
import type { CallName, Input, OfferedFile, Output, StreamName } from '../../shared/contract/contract.ts';
import type { Answer, StreamEnd } from '../../shared/contract/define.ts';
import type { Problem } from '../../shared/model/problem.ts';

declare global {
  interface Window {
    quayside?: Bridge;
  }
}

const noBridge: Problem = {
  code: 'no-bridge',
  title: 'The window has lost its connection to Quayside',
  cause: 'The part of Quayside that talks to the engine is not there. Close this window and open Quayside again.',
  evidence: [],
  remedies: [{ action: 'advice', label: 'Close this window and open Quayside again' }],
};

function broken(error: unknown): Problem {
  return {
    code: 'bridge-broken',
    title: 'Quayside did not answer',
    cause: 'The part of Quayside that talks to the engine broke off before it answered.',
    evidence: [error instanceof Error ? error.message : String(error)],
    remedies: [{ action: 'retry', label: 'Try again' }],
  };
}

/** Asks once. Never rejects: what went wrong is a Problem. */
export async function call<N extends CallName>(name: N, input: Input<N>): Promise<Answer<Output<N>>> {
  if (window.quayside === undefined) return { ok: false, problem: noBridge };
  try {
    return await window.quayside.call(name, input);
  } catch (error) {
    return { ok: false, problem: broken(error) };
  }
}

/** Opens a stream. `onEnd` comes at most once and never after close; closing twice is harmless. */
export function open<N extends StreamName>(
  name: N,
  input: Input<N>,
  onItem: (item: Output<N>) => void,
  onEnd: (end: StreamEnd) => void,
): () => void {
  if (window.quayside === undefined) {
    queueMicrotask(() => onEnd({ problem: noBridge }));
    return () => undefined;
  }
  try {
    return window.quayside.open(name, input, onItem, onEnd);
  } catch (error) {
    queueMicrotask(() => onEnd({ problem: broken(error) }));
    return () => undefined;
  }
}

/** Turns dropped files into tokens the core understands; the window never sees a path. */
export async function offerFiles(files: readonly File[]): Promise<Answer<{ files: OfferedFile[] }>> {
  if (window.quayside === undefined) return { ok: false, problem: noBridge };
  try {
    return await window.quayside.offerFiles(files);
  } catch (error) {
    return { ok: false, problem: broken(error) };
  }
}

const backOffMs = [500, 1000, 2000, 5000] as const;

/**
 * Keeps a stream open: when it ends, opens it again after 0.5, 1, 2, then every 5 s. An item resets the wait.
 * `onProblem` hears why it ended, and null as soon as it flows again.
 */
export function keepOpen<N extends StreamName>(
  name: N,
  input: Input<N>,
  onItem: (item: Output<N>) => void,
  onProblem: (problem: Problem | null) => void = () => undefined,
): () => void {
  let closed = false;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let close: () => void = () => undefined;
  const start = (): void => {
    close = open(
      name,
      input,
      (item) => {
        failures = 0;
        onProblem(null);
        onItem(item);
      },
      (end) => {
        if (closed) return;
        onProblem(end.problem);
        timer = setTimeout(start, backOffMs[Math.min(failures, backOffMs.length - 1)]);
        failures += 1;
      },
    );
  };
  start();
  return () => {
    closed = true;
    clearTimeout(timer);
    close();
  };
}

export interface StreamView<T> {
  /** The newest item; null before the first. */
  readonly item: T | null;
  /** Why the stream is broken right now; it is opened again by itself. */
  readonly problem: Problem | null;
  /** Opens it again at once. */
  readonly retry: () => void;
}

/** The newest item of a stream of low rate, while the component is mounted and `enabled`. Input is compared by content. */
export function useStream<N extends StreamName>(name: N, input: Input<N>, enabled = true): StreamView<Output<N>> {
  const [view, setView] = useState<{ item: Output<N> | null; problem: Problem | null }>({ item: null, problem: null });
  const [attempt, setAttempt] = useState(0);
  const key = JSON.stringify(input);
  // biome-ignore lint/correctness/useExhaustiveDependencies: attempt opens the stream again on request
  useEffect(() => {
    if (!enabled) return;
    return keepOpen(
      name,
      JSON.parse(key) as Input<N>,
      (item) => setView({ item, problem: null }),
      (problem) => {
        if (problem !== null) setView((view) => ({ ...view, problem }));
      },
    );
  }, [name, key, enabled, attempt]);
  const retry = useCallback(() => setAttempt((n) => n + 1), []);
  return { ...view, retry };
}
