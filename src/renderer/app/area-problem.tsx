/** What went wrong in one area and is not put right yet: a refused call, else the newest operation that failed. */
import type { ReactNode } from 'react';
import type { OperationKind } from '../../shared/model/operation.ts';
import { type Area, dismissOperation, dismissRefusal, failedOperation, retryOf, useActions } from './actions.ts';
import { LiveProblem } from './live-problem.tsx';
import { useLive } from './live-store.ts';

const none: readonly OperationKind[] = [];

export function AreaProblem({
  area,
  kinds = none,
}: {
  readonly area: Area;
  readonly kinds?: readonly OperationKind[];
}): ReactNode {
  const refusal = useActions((state) => state.refusals[area]);
  const dismissed = useActions((state) => state.dismissed);
  const operations = useLive((state) => state.operations);
  if (refusal !== undefined) {
    return <LiveProblem problem={refusal.problem} retry={refusal.retry} onDismiss={() => dismissRefusal(area)} />;
  }
  const failed = failedOperation(operations, kinds, dismissed);
  if (failed === null || failed.problem === null) return null;
  return (
    <LiveProblem
      problem={failed.problem}
      retry={retryOf(failed)}
      onDismiss={() => dismissOperation(failed.id)}
      quiet={failed.state === 'interrupted'}
    />
  );
}
