/** Sets of questions whose right passages are known, and how well each way of searching finds them. */
import { ClipboardList, FileInput, FlaskConical, Plus } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import type { EvalSet } from '../../../shared/model/evaluation.ts';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { useActions } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { LiveProblem } from '../../app/live-problem.tsx';
import { EmptyState, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { count } from '../../ui/format.ts';
import { markHidden } from '../../ui/plain-text.ts';
import { SideEntry } from '../../ui/side-entry.tsx';
import { addSampleSet, importSet, isUnderWay, loadRuns, loadSets, useEval } from './eval-store.ts';
import css from './evaluation-tab.module.css';
import { QuestionEditor } from './question-editor.tsx';
import { change, useRetrieval } from './retrieval-store.ts';
import { SetPanel } from './set-panel.tsx';

/** How often runs under way are looked at. */
const lookMs = 1000;

/** Keeps runs current while one is under way, wherever it was begun. */
function useFollowedRuns(): void {
  const underWay = useEval((state) => state.runs.some(isUnderWay));
  useEffect(() => {
    if (!underWay) return;
    const timer = setInterval(() => void loadRuns(), lookMs);
    return () => clearInterval(timer);
  }, [underWay]);
}

function SetList({
  sets,
  currentId,
  onNew,
}: {
  readonly sets: readonly EvalSet[];
  readonly currentId: string | null;
  readonly onNew: () => void;
}): ReactNode {
  const pending = useActions((state) => state.pending.has('evaluation'));
  return (
    <nav className={css.side} aria-label="Question sets">
      <div className={css.add}>
        <Button icon={Plus} onClick={onNew}>
          New set
        </Button>
        <Button icon={FileInput} disabled={pending} onClick={() => void importSet()}>
          Import
        </Button>
      </div>
      <ul className={css.list}>
        {sets.map((set) => (
          <li key={set.id}>
            <SideEntry
              name={markHidden(set.name)}
              facts={count(set.items, 'question')}
              current={set.id === currentId}
              onChoose={() => change({ setId: set.id })}
            />
          </li>
        ))}
      </ul>
      <Button kind="quiet" icon={FlaskConical} disabled={pending} onClick={() => void addSampleSet()}>
        Add the samples’ set
      </Button>
    </nav>
  );
}

function NoSets({ onNew }: { readonly onNew: () => void }): ReactNode {
  return (
    <EmptyState
      icon={ClipboardList}
      title="Measure how well things are found"
      text="A set is a list of questions with the passages that answer them, and some that your documents do not answer. The samples bring one along; a file or your own searches make others."
    >
      <Button kind="primary" icon={FlaskConical} onClick={() => void addSampleSet()}>
        Add the samples’ set
      </Button>
      <Button icon={FileInput} onClick={() => void importSet()}>
        Import a file
      </Button>
      <Button icon={Plus} onClick={onNew}>
        New set
      </Button>
    </EmptyState>
  );
}

export function EvaluationTab({ kbs }: { readonly kbs: readonly KnowledgeBase[] | null }): ReactNode {
  const { sets, problem } = useEval();
  const setId = useRetrieval((state) => state.setId);
  /** The set whose questions are edited; null: a new one. undefined: none. */
  const [editing, setEditing] = useState<EvalSet | null | undefined>(undefined);
  useEffect(() => {
    void loadSets();
    void loadRuns();
  }, []);
  useFollowedRuns();
  const current = sets?.find(({ id }) => id === setId) ?? sets?.[0];
  if (editing !== undefined) return <QuestionEditor set={editing} onDone={() => setEditing(undefined)} />;
  return (
    <div className={css.tab} data-alone={sets === null || sets.length === 0}>
      {sets === null || sets.length === 0 ? null : (
        <SetList sets={sets} currentId={current?.id ?? null} onNew={() => setEditing(null)} />
      )}
      <div className={css.main}>
        <div className={css.problems}>
          {problem === null ? null : (
            <LiveProblem
              problem={problem}
              retry={() => {
                void loadSets();
                void loadRuns();
              }}
            />
          )}
          <AreaProblem area="evaluation" />
        </div>
        {sets === null && problem === null ? (
          <div className={css.waiting}>
            <Skeleton height={60} label="Loading question sets" />
            <Skeleton height={220} />
          </div>
        ) : null}
        {sets !== null && sets.length === 0 ? <NoSets onNew={() => setEditing(null)} /> : null}
        {current === undefined ? null : (
          <SetPanel key={current.id} set={current} kbs={kbs} onEdit={() => setEditing(current)} />
        )}
      </div>
    </div>
  );
}
