/** Calls whose refusal belongs to the very place that asked: a dialog, a drawer, a form. */
import { useState } from 'react';
import type { CallName, Input, Output } from '../../shared/contract/contract.ts';
import type { Answer } from '../../shared/contract/define.ts';
import type { Problem } from '../../shared/model/problem.ts';
import { call } from './bridge.ts';

export interface OwnCalls {
  /** One is under way. */
  readonly busy: boolean;
  /** Why the last one was refused; null again as soon as the next begins. */
  readonly problem: Problem | null;
  readonly run: <N extends CallName>(name: N, input: Input<N>) => Promise<Answer<Output<N>>>;
}

export function useCall(): OwnCalls {
  const [state, setState] = useState<{ busy: boolean; problem: Problem | null }>({ busy: false, problem: null });
  return {
    ...state,
    run: async (name, input) => {
      setState({ busy: true, problem: null });
      const answer = await call(name, input);
      setState({ busy: false, problem: answer.ok ? null : answer.problem });
      return answer;
    },
  };
}
