/** How far the operation under way is: a line, a bar, and the steps that are no service's. */
import type { ReactNode } from 'react';
import type { Operation } from '../../../shared/model/operation.ts';
import type { StackState } from '../../../shared/model/stack.ts';
import { ProgressBar } from '../../ui/blocks.tsx';
import { formatElapsed } from '../../ui/format.ts';
import { operationFraction, progressWords } from '../../ui/operation-progress.ts';
import { ToneIcon } from '../../ui/status.tsx';
import { useNow } from '../../ui/use-now.ts';
import { stepSaid } from '../../ui/words.ts';
import css from './operation-progress.module.css';
import { readyWords } from './stack-sentence.ts';

export function OperationProgress({
  operation,
  stack,
}: {
  readonly operation: Operation;
  readonly stack: StackState;
}): ReactNode {
  const now = useNow();
  const others = operation.steps.filter((step) => step.service === null);
  return (
    <>
      <p className={css.text}>
        {operation.kind === 'stop' || operation.kind === 'remove'
          ? 'Services end in the reverse of their order'
          : readyWords(stack.services)}
        <time className={css.elapsed}>{formatElapsed(now - operation.startedAtMs)}</time>
      </p>
      <div className={css.progress}>
        <ProgressBar value={operationFraction(operation)} label={operation.title} />
      </div>
      {others.length === 0 ? null : (
        <ul className={css.steps} aria-label="Steps">
          {others.map((step) => (
            <li key={step.id}>
              <ToneIcon tone={stepSaid(step.state).tone} size={13} />
              {step.label}
              <span className="visually-hidden">: {stepSaid(step.state).word}</span>
              {step.state === 'running' && step.progress !== null ? (
                <span className={css.figures}>{progressWords(step.progress)}</span>
              ) : null}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

const underWayWords: Readonly<Partial<Record<Operation['kind'], string>>> = {
  start: 'Starting',
  stop: 'Stopping',
  restart: 'Restarting',
  scale: 'Scaling',
  remove: 'Removing',
};

/** What stands on the button while the operation runs. */
export function underWay(operation: Operation): string {
  return underWayWords[operation.kind] ?? 'Working';
}
