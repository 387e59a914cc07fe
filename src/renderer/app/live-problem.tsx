/** A ProblemCard whose buttons act. */
import type { ReactNode } from 'react';
import type { Problem } from '../../shared/model/problem.ts';
import { ProblemCard } from '../ui/problem-card.tsx';
import { canRun, runRemedy } from './remedies.ts';

export function LiveProblem({
  problem,
  retry = null,
  onDismiss,
  quiet = false,
}: {
  readonly problem: Problem;
  /** The call that met it, once more; without it a retry remedy is only words. */
  readonly retry?: (() => void) | null;
  readonly onDismiss?: (() => void) | undefined;
  readonly quiet?: boolean;
}): ReactNode {
  return (
    <ProblemCard
      problem={problem}
      canRun={(remedy) => canRun(remedy, retry)}
      onRemedy={(remedy) => runRemedy(remedy, retry)}
      onDismiss={onDismiss}
      quiet={quiet}
    />
  );
}
