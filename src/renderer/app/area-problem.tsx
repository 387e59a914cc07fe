/** What went wrong in one area and is not put right yet: a refused call, else the newest operation that failed. */
import type { ReactNode } from 'react';
import type { Operation, OperationKind } from '../../shared/model/operation.ts';
import type { Problem } from '../../shared/model/problem.ts';
import { type Area, dismissOperation, dismissRefusal, failedOperation, retryOf, useActions } from './actions.ts';
import css from './area-problem.module.css';
import { LiveProblem } from './live-problem.tsx';
import { projectOf, useLive } from './live-store.ts';

const none: readonly OperationKind[] = [];
/** More cards than this say no more than the list of steps does. */
const mostOthers = 4;

/** Problems of single services that the operation's own does not tell. */
function othersOf(operation: Operation): Problem[] {
  const told = new Set([keyOf(operation.problem)]);
  return operation.steps.flatMap(({ problem }) => {
    if (problem === null || told.has(keyOf(problem))) return [];
    told.add(keyOf(problem));
    return [problem];
  });
}
const keyOf = (problem: Problem | null): string =>
  problem === null ? '' : `${problem.code} ${problem.service ?? ''} ${problem.title}`;

export function AreaProblem({
  area,
  kinds = none,
  stack = null,
}: {
  readonly area: Area;
  readonly kinds?: readonly OperationKind[];
  /** Whose operations count; null is the bundled stack. */
  readonly stack?: string | null;
}): ReactNode {
  const refusal = useActions((state) => state.refusals[area]);
  const dismissed = useActions((state) => state.dismissed);
  const operations = useLive((state) => state.operations);
  const project = useLive((state) => projectOf(state, stack));
  if (refusal !== undefined) {
    return (
      <LiveProblem
        problem={refusal.problem}
        stack={stack}
        retry={refusal.retry}
        onDismiss={() => dismissRefusal(area)}
      />
    );
  }
  const failed = failedOperation(operations, kinds, dismissed, project);
  if (failed === null || failed.problem === null) return null;
  return (
    <div className={css.problems}>
      <LiveProblem
        problem={failed.problem}
        stack={stack}
        retry={retryOf(failed)}
        onDismiss={() => dismissOperation(failed.id)}
        quiet={failed.state === 'interrupted'}
      />
      {othersOf(failed)
        .slice(0, mostOthers)
        .map((problem) => (
          <LiveProblem key={keyOf(problem)} problem={problem} stack={stack} quiet />
        ))}
    </div>
  );
}
