/** Who may write answers, looked at again now and then while the page is open. */
import { useCallback, useState } from 'react';
import type { Answer } from '../../../shared/contract/define.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import type { Providers } from '../../../shared/model/providers.ts';
import { call } from '../../app/bridge.ts';
import { useLookAgain } from '../../ui/use-look-again.ts';

/** The backend looks at each service itself twice a minute. */
const lookEveryMs = 15_000;

export interface ProvidersView {
  /** null until they were looked at once. */
  readonly providers: Providers | null;
  readonly problem: Problem | null;
  readonly load: () => Promise<void>;
  /** Keeps what a change answers. */
  readonly take: (answer: Answer<Providers>) => boolean;
}

export function useProviders(enabled: boolean): ProvidersView {
  const [providers, setProviders] = useState<Providers | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const take = useCallback((answer: Answer<Providers>): boolean => {
    setProblem(answer.ok ? null : answer.problem);
    if (answer.ok) setProviders(answer.value);
    return answer.ok;
  }, []);
  const load = useCallback(async (): Promise<void> => void take(await call('providers.get', {})), [take]);
  useLookAgain(load, lookEveryMs, enabled);
  return { providers, problem, load, take };
}
