/** What a run measured: figures of each way with their intervals, what was rightly left unanswered, and each question. */
import type { ReactNode } from 'react';
import type { EvalRun, EvalRunSummary } from '../../../shared/model/evaluation.ts';
import { formatDuration } from '../../ui/format.ts';
import { MetricsTable } from './metrics-table.tsx';
import { QuestionTable } from './question-table.tsx';
import css from './run-result.module.css';

function Abstention({ run, earlier }: { readonly run: EvalRun; readonly earlier: EvalRunSummary | null }): ReactNode {
  const { abstention } = run;
  if (abstention === null) return null;
  const before = earlier?.abstention ?? null;
  const { unanswerable, abstained, answerable, wronglyAbstained } = abstention;
  return (
    <dl className={css.abstention} aria-label="Saying that the documents do not answer">
      <div>
        <dt>Rightly not answered</dt>
        <dd>
          <b>{abstained}</b> of {unanswerable}
        </dd>
        <dd className={css.note}>
          questions that the documents do not answer
          {before === null ? '' : `; ${before.abstained} of ${before.unanswerable} before`}
        </dd>
      </div>
      <div>
        <dt>Wrongly not answered</dt>
        <dd>
          <b>{wronglyAbstained}</b> of {answerable}
        </dd>
        <dd className={css.note}>
          questions that they do answer
          {before === null ? '' : `; ${before.wronglyAbstained} of ${before.answerable} before`}
        </dd>
      </div>
      {run.startedAtMs === null || run.endedAtMs === null ? null : (
        <div>
          <dt>The whole run</dt>
          <dd>
            <b>{formatDuration(run.endedAtMs - run.startedAtMs)}</b>
          </dd>
          <dd
            className={css.note}
          >{`for ${run.questions.toLocaleString('en')} questions, ${run.topK} passages each`}</dd>
        </div>
      )}
    </dl>
  );
}

export function RunResult({
  run,
  earlier,
}: {
  readonly run: EvalRun;
  readonly earlier: EvalRunSummary | null;
}): ReactNode {
  return (
    <>
      <MetricsTable run={run} earlier={earlier} />
      <Abstention run={run} earlier={earlier} />
      <QuestionTable run={run} />
    </>
  );
}
