/** Operations under way and past ones, each with its steps and how long they took. */
import { ChevronRight, History } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Operation, OperationStep } from '../../shared/model/operation.ts';
import { EmptyState } from '../ui/blocks.tsx';
import { formatDate, formatDuration } from '../ui/format.ts';
import { plainText } from '../ui/plain-text.ts';
import { Status, ToneIcon } from '../ui/status.tsx';
import { useNow } from '../ui/use-now.ts';
import { operationSaid, stepSaid } from '../ui/words.ts';
import { placeOfOperation } from './actions.ts';
import css from './activity-list.module.css';

function Step({ step, now }: { readonly step: OperationStep; readonly now: number }): ReactNode {
  const took = step.startedAtMs === null ? null : (step.endedAtMs ?? now) - step.startedAtMs;
  return (
    <li className={css.step}>
      <ToneIcon tone={stepSaid(step.state).tone} size={14} />
      <span className={css.stepLabel}>
        {step.label}
        <span className="visually-hidden">: {stepSaid(step.state).word}</span>
        {step.detail === null ? null : <span className={css.stepDetail}>{plainText(step.detail)}</span>}
      </span>
      <span className={css.took}>{took === null ? '' : formatDuration(took)}</span>
    </li>
  );
}

export function ActivityList({ operations }: { readonly operations: readonly Operation[] }): ReactNode {
  const now = useNow();
  if (operations.length === 0) {
    return (
      <EmptyState
        icon={History}
        title="Nothing has happened yet"
        text="Starts, stops, backups and added documents are listed here."
        compact
      />
    );
  }
  return (
    <ul className={css.list}>
      {operations.map((operation) => (
        <li key={operation.id}>
          <details className={css.operation} open={operation.state === 'running' ? true : undefined}>
            <summary className={css.summary}>
              <ChevronRight size={14} aria-hidden className={css.chevron} />
              <span className={css.title}>
                {operation.title}
                {placeOfOperation(operation) === null ? null : ` in ${placeOfOperation(operation)}`}
              </span>
              <Status said={operationSaid(operation.state)} />
              <span className={css.meta}>
                {formatDate(operation.startedAtMs)} ·{' '}
                {formatDuration((operation.endedAtMs ?? now) - operation.startedAtMs)}
              </span>
            </summary>
            {operation.problem === null ? null : (
              <p className={css.problem}>
                {operation.problem.title}. {operation.problem.cause}
              </p>
            )}
            {operation.outcome === null ? null : <p className={css.outcome}>{operation.outcome}</p>}
            <ul className={css.steps}>
              {operation.steps.map((step) => (
                <Step key={step.id} step={step} now={now} />
              ))}
            </ul>
          </details>
        </li>
      ))}
    </ul>
  );
}
