/** A ProblemCard whose buttons act. */
import type { ReactNode } from 'react';
import type { Problem } from '../../shared/model/problem.ts';
import { ProblemCard } from '../ui/problem-card.tsx';
import { canRun, runRemedy } from './remedies.ts';

export function LiveProblem({
  problem,
  stack = null,
  retry = null,
  onDismiss,
  quiet = false,
}: {
  readonly problem: Problem;
  /** The stack its remedies act on; null is the bundled one. */
  readonly stack?: string | null;
  /** The call that met it, once more; without it a retry remedy is only words. */
  readonly retry?: (() => void) | null;
  readonly onDismiss?: (() => void) | undefined;
  readonly quiet?: boolean;
}): ReactNode {
  return (
    <ProblemCard
      problem={problem}
      canRun={(remedy) => canRun(remedy, retry)}
      onRemedy={(remedy) => runRemedy(remedy, retry, stack, problem.service ?? null)}
      onDismiss={onDismiss}
      quiet={quiet}
    />
  );
}
