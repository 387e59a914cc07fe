/** The optional parts of the stack, looked at again whenever the stack changes. */
import { useCallback, useEffect, useState } from 'react';
import type { Problem } from '../../../shared/model/problem.ts';
import type { Capability } from '../../../shared/model/workflows.ts';
import { call } from '../../app/bridge.ts';
import { useLive } from '../../app/live-store.ts';

export interface Capabilities {
  /** null until they were looked at once. */
  readonly list: readonly Capability[] | null;
  readonly problem: Problem | null;
  readonly retry: () => void;
  /** Remembered; the next start applies it. Answers whether it was. */
  readonly set: (name: Capability['name'], on: boolean) => Promise<boolean>;
}

export function useCapabilities(): Capabilities {
  const status = useLive((state) => state.stack?.status ?? null);
  const [list, setList] = useState<readonly Capability[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const load = useCallback(async (): Promise<void> => {
    const answer = await call('capabilities.list', {});
    setProblem(answer.ok ? null : answer.problem);
    if (answer.ok) setList(answer.value.capabilities);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a start or a stop changes what is applied
  useEffect(() => void load(), [load, status]);
  const set = useCallback(async (name: Capability['name'], on: boolean): Promise<boolean> => {
    const answer = await call('capabilities.set', { name, on });
    setProblem(answer.ok ? null : answer.problem);
    if (answer.ok) setList(answer.value.capabilities);
    return answer.ok;
  }, []);
  return { list, problem, retry: () => void load(), set };
}
