/** What a start with these options would do, asked anew whenever the stack, the options or the files may have changed. */
import { useCallback, useEffect, useState } from 'react';
import type { PlanView } from '../../../shared/model/plan.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { naming } from '../../app/actions.ts';
import { call } from '../../app/bridge.ts';

/** Only what is switched on, so that the call reads as it is meant. */
export interface PlanOptions {
  readonly removeOrphans?: true;
  readonly forceRecreate?: true;
}

export interface PlanNow {
  /** The newest plan; null before the first. It stays while the next is asked for. */
  readonly view: PlanView | null;
  /** Why there is none. */
  readonly problem: Problem | null;
  readonly asking: boolean;
  readonly again: () => void;
}

/** `revision` is the stack's: a plan of an older state is no plan. Not asked while `busy`. */
export function usePlan(stack: string | null, options: PlanOptions, revision: number, busy: boolean): PlanNow {
  const [now, setNow] = useState<{ view: PlanView | null; problem: Problem | null }>({ view: null, problem: null });
  const [asking, setAsking] = useState(true);
  const [attempt, setAttempt] = useState(0);
  const key = JSON.stringify({ ...naming(stack), ...options });
  const again = useCallback(() => setAttempt((n) => n + 1), []);
  // Files are edited in another window: coming back to this one is the moment to read them again.
  useEffect(() => {
    window.addEventListener('focus', again);
    return () => window.removeEventListener('focus', again);
  }, [again]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: attempt and revision ask anew on purpose
  useEffect(() => {
    if (busy) return;
    let gone = false;
    setAsking(true);
    void call('stack.plan', JSON.parse(key) as { stack?: string }).then((answer) => {
      if (gone) return;
      setAsking(false);
      setNow(answer.ok ? { view: answer.value, problem: null } : { view: null, problem: answer.problem });
    });
    return () => {
      gone = true;
    };
  }, [key, revision, attempt, busy]);
  return { ...now, asking, again };
}
