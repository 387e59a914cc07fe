/** One question set: run it, follow the run, read its results and set them beside an earlier one. */
import { Ellipsis, Pencil, Play, Trash2 } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import type { EvalRunSummary, EvalSet } from '../../../shared/model/evaluation.ts';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { cancelOperation, useActions } from '../../app/actions.ts';
import { useLive } from '../../app/live-store.ts';
import { EmptyState, ProgressBar, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { SelectField } from '../../ui/field.tsx';
import { count, formatDate } from '../../ui/format.ts';
import { ActionMenu } from '../../ui/menu.tsx';
import { Confirm } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import { deleteSet, isUnderWay, loadResult, startRun, useEval } from './eval-store.ts';
import { mainMode, metricOf, runSaid } from './eval-words.ts';
import { KbPicker } from './kb-picker.tsx';
import { RunResult } from './run-result.tsx';
import css from './set-panel.module.css';

function UnderWay({ run }: { readonly run: EvalRunSummary }): ReactNode {
  const operationId = useEval((state) => state.operations[run.id]);
  const operation = useLive((state) => state.operations?.find(({ id }) => id === operationId));
  return (
    <section className={css.running} aria-label="Evaluation under way">
      <Status said={runSaid(run.state)} />
      <span className={css.asked}>
        {run.state === 'queued'
          ? run.error === null
            ? 'It begins as soon as the backend has a hand free'
            : `${markHidden(run.error.message)} It goes on by itself.`
          : `${Math.round(run.progress * run.questions)} of ${count(run.questions, 'question')} asked`}
      </span>
      <ProgressBar value={run.state === 'queued' ? null : run.progress} label="Evaluation" />
      {operation?.state === 'running' && operation.cancellable ? (
        <Button size="sm" disabled={operation.cancelling} onClick={() => cancelOperation(operation.id)}>
          {operation.cancelling ? 'Cancelling' : 'Cancel'}
        </Button>
      ) : null}
    </section>
  );
}

/** "26 Nov 2026, 18:20: nDCG@10 0.912" */
function runWords(run: EvalRunSummary): string {
  const date = run.startedAtMs === null ? 'Not begun' : formatDate(run.startedAtMs);
  const metric = metricOf(
    run.modes.find(({ mode }) => mode === mainMode(run)),
    'ndcg@10',
  );
  return metric === undefined ? date : `${date}: nDCG@10 ${metric.value.toFixed(3)}`;
}

function Results({ runs }: { readonly runs: readonly EvalRunSummary[] }): ReactNode {
  const [runId, setRunId] = useState<string | null>(null);
  const [earlierId, setEarlierId] = useState('');
  const results = useEval((state) => state.results);
  const shown = runs.find(({ id }) => id === runId) ?? runs[0];
  const earlier = runs.find(({ id }) => id === earlierId && id !== shown?.id) ?? null;
  const id = shown?.id;
  useEffect(() => {
    if (id !== undefined) void loadResult(id);
  }, [id]);
  if (shown === undefined) return null;
  const result = results[shown.id];
  return (
    <>
      <div className={css.history}>
        <SelectField
          label="Run"
          value={shown.id}
          options={runs.map((run) => ({ value: run.id, label: runWords(run) }))}
          onChange={setRunId}
        />
        <SelectField
          label="Compare with"
          value={earlier?.id ?? ''}
          options={[
            { value: '', label: runs.length < 2 ? 'No other run yet' : 'No other run' },
            ...runs.filter((run) => run.id !== shown.id).map((run) => ({ value: run.id, label: runWords(run) })),
          ]}
          onChange={setEarlierId}
        />
      </div>
      {result === undefined ? (
        <Skeleton height={240} label="Loading the results" />
      ) : (
        <RunResult run={result} earlier={earlier} />
      )}
    </>
  );
}

export function SetPanel({
  set,
  kbs,
  onEdit,
}: {
  readonly set: EvalSet;
  readonly kbs: readonly KnowledgeBase[] | null;
  readonly onEdit: () => void;
}): ReactNode {
  const allRuns = useEval((state) => state.runs);
  const pending = useActions((state) => state.pending.has('evaluation'));
  const [kbIds, setKbIds] = useState<readonly string[]>([]);
  const [deleting, setDeleting] = useState(false);
  const runs = allRuns.filter(({ setId }) => setId === set.id);
  const underWay = runs.find(isUnderWay);
  const done = runs.filter(({ state }) => state === 'done');
  const [newest] = runs;
  const name = markHidden(set.name);
  return (
    <div className={css.panel}>
      <header className={css.head}>
        <div className={css.words}>
          <h2>{name}</h2>
          <p className={css.facts}>
            {`${count(set.items, 'question')}, ${set.unanswerable.toLocaleString('en')} of them not answered by the documents`}
          </p>
          {set.description === '' ? null : <p className={css.facts}>{markHidden(set.description)}</p>}
        </div>
        <div className={css.actions}>
          <KbPicker kbs={kbs} kbIds={kbIds} onChange={setKbIds} />
          <Button
            kind="primary"
            icon={Play}
            disabled={pending || underWay !== undefined || set.items === 0}
            onClick={() => void startRun(set.id, kbIds)}
          >
            Run
          </Button>
          <ActionMenu
            label={`More about ${set.name}`}
            icon={Ellipsis}
            actions={[
              { label: 'Edit the questions', icon: Pencil, run: onEdit },
              { label: 'Delete the set', icon: Trash2, danger: true, run: () => setDeleting(true) },
            ]}
          />
        </div>
      </header>
      {underWay === undefined ? null : <UnderWay run={underWay} />}
      {newest?.state === 'failed' || newest?.state === 'cancelled' ? (
        <p className={css.ended}>
          <Status said={runSaid(newest.state)} label="Last run" />
          <span>{newest.error === null ? '' : markHidden(newest.error.message)}</span>
        </p>
      ) : null}
      {done.length > 0 ? (
        <Results runs={done} />
      ) : underWay === undefined ? (
        <EmptyState
          compact
          icon={Play}
          title="Not run yet"
          text="A run asks every question in each of the three ways and sees at which place a right passage stands. No model is asked."
        />
      ) : null}
      <Confirm
        open={deleting}
        title={`Delete “${name}”?`}
        text={`Its ${count(set.items, 'question')} are deleted for good. Your documents stay.`}
        action="Delete"
        onConfirm={() => void deleteSet(set.id)}
        onClose={() => setDeleting(false)}
      />
    </div>
  );
}
