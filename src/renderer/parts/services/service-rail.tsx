/** A service on its rail during an operation: where it is, the figures of the moment, how long it has taken. */
import { Check, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { OperationKind, OperationStep } from '../../../shared/model/operation.ts';
import { ProgressBar } from '../../ui/blocks.tsx';
import { cx } from '../../ui/cx.ts';
import { formatElapsed } from '../../ui/format.ts';
import { progressWords } from '../../ui/operation-progress.ts';
import { plainText } from '../../ui/plain-text.ts';
import { useNow } from '../../ui/use-now.ts';
import { phaseWord, stepSaid } from '../../ui/words.ts';
import { railStops } from './phase-rail.ts';
import css from './service-rail.module.css';

const readOut = { passed: 'done', now: 'under way', ahead: 'to come', failed: 'failed' } as const;

export function ServiceRail({ kind, step }: { readonly kind: OperationKind; readonly step: OperationStep }): ReactNode {
  const now = useNow();
  const words =
    step.state === 'running' || (step.state === 'done' && step.phase !== null)
      ? phaseWord(step.phase ?? 'waiting')
      : stepSaid(step.state).word;
  // Figures say more than the engine's own word for the moment, "Downloading".
  const figures = step.progress?.unit === 'bytes' ? progressWords(step.progress) : '';
  const detail = step.problem?.title ?? (figures === '' ? (step.detail ?? progressWords(step.progress)) : figures);
  const stalled = step.state === 'running' && step.progress?.stalled === true;
  const known = step.progress !== null && step.progress.total !== null && step.progress.total > 0;
  return (
    <div className={css.rail}>
      <ol className={css.stops} aria-label={`Progress of ${step.label}`}>
        {railStops(kind, step).map((stop) => (
          <li
            key={stop.key}
            className={cx(css.stop, css[stop.state])}
            aria-current={stop.state === 'now' ? 'step' : undefined}
          >
            <span className={css.mark}>
              {stop.state === 'passed' ? <Check size={10} strokeWidth={3.5} aria-hidden /> : null}
              {stop.state === 'failed' ? <X size={10} strokeWidth={3.5} aria-hidden /> : null}
            </span>
            <span className={css.label}>{stop.label}</span>
            <span className="visually-hidden">: {readOut[stop.state]}</span>
          </li>
        ))}
      </ol>
      <p className={css.words}>
        <span className={css.phase}>{words}</span>
        <span className={cx(css.detail, stalled && css.stalled)} title={plainText(step.detail ?? detail)}>
          {detail === words ? '' : plainText(detail)}
        </span>
        {step.startedAtMs === null ? null : (
          <time className={css.elapsed}>{formatElapsed((step.endedAtMs ?? now) - step.startedAtMs)}</time>
        )}
      </p>
      <div className={css.bar}>
        {step.state === 'running' && step.progress !== null ? (
          <ProgressBar
            value={known ? step.progress.done / (step.progress.total ?? 1) : null}
            label={`${step.label}: ${words}`}
            tone={step.progress.stalled === true ? 'warn' : 'accent'}
          />
        ) : null}
      </div>
    </div>
  );
}
