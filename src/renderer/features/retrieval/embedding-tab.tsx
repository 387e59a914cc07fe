/** Which model turns text into vectors: what it is, a change to another while people go on asking, and the way back. */
import { Cpu, RotateCcw, Undo2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { EmbeddingState, KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { perform, useActions } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { useStream } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { Card, Hero, PageBody, ProgressBar, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { count, formatDate, formatDuration } from '../../ui/format.ts';
import { Confirm } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import css from './embedding-tab.module.css';

function modelFacts({ dim, maxTokens }: { readonly dim: number; readonly maxTokens: number }): string {
  return `${dim.toLocaleString('en')} numbers a vector, reads ${maxTokens.toLocaleString('en')} tokens of a text at once`;
}

function Active({ state }: { readonly state: EmbeddingState }): ReactNode {
  const { active, undo } = state;
  const pending = useActions((actions) => actions.pending.has('embedding'));
  return (
    <Hero label="Model in use" className={css.active}>
      <span className={css.disc}>
        <Cpu size={20} aria-hidden />
      </span>
      <div className={css.words}>
        <h2>
          {markHidden(active.model)} <Status said={{ word: 'In use', tone: 'good' }} pill />
        </h2>
        <p>{`${modelFacts(active)}. ${count(active.chunks, 'passage')} in its index.`}</p>
        {undo === null ? null : (
          <p className={css.undo}>
            {`The index of ${markHidden(undo.model)} is still kept${
              undo.untilMs === null ? '' : ` until ${formatDate(undo.untilMs)}`
            }: going back takes a moment.`}
          </p>
        )}
      </div>
      {undo === null ? null : (
        <Button
          icon={Undo2}
          disabled={pending || state.change?.state === 'building'}
          onClick={() => void perform('embedding', 'embedding.undo', {})}
        >
          {`Go back to ${markHidden(undo.model)}`}
        </Button>
      )}
    </Hero>
  );
}

function Change({ change }: { readonly change: NonNullable<EmbeddingState['change']> }): ReactNode {
  const pending = useActions((actions) => actions.pending.has('embedding'));
  const { to, progress, documentsDone, documentsTotal, remainingMs, error } = change;
  const cancel = (): void => void perform('embedding', 'embedding.cancel', {});
  if (change.state === 'failed') {
    return (
      <LiveProblem
        problem={{
          code: error?.code ?? 'embedding-change-failed',
          title: `The change to ${markHidden(to)} did not come through`,
          cause: `${markHidden(error?.message ?? 'Its index could not be built.')}\nThe model before is still in use, and everything can be found as it was.`,
          evidence: [],
          remedies: [{ action: 'retry', label: 'Try again' }],
        }}
        retry={() => void perform('embedding', 'embedding.change', { model: to })}
        onDismiss={cancel}
      />
    );
  }
  return (
    <section className={css.change} aria-label={`Change to ${to}`}>
      <header>
        <h3>{`A second index is being built with ${markHidden(to)}`}</h3>
        <Button size="sm" disabled={pending} onClick={cancel}>
          Cancel
        </Button>
      </header>
      <ProgressBar value={progress} label={`Building the index of ${to}`} />
      <p role="status">
        {`${documentsDone.toLocaleString('en')} of ${count(documentsTotal, 'document')}`}
        {remainingMs === null || remainingMs < 1000 ? '' : `, ${formatDuration(remainingMs)} left`}
      </p>
      {error === null ? null : (
        <p className={css.again}>
          <RotateCcw size={14} aria-hidden />
          <span>{`It was held up and is being tried again. ${markHidden(error.message)}`}</span>
        </p>
      )}
      <p className={css.note}>
        People go on asking meanwhile: answers come from the index before, until this one takes its place in one step.
      </p>
    </section>
  );
}

/** What a change to it would mean, before anything is done. */
function ChangeQuestion({
  model,
  state,
  documents,
  onClose,
}: {
  readonly model: string | null;
  readonly state: EmbeddingState;
  readonly documents: number | null;
  readonly onClose: () => void;
}): ReactNode {
  const [last, setLast] = useState(model);
  if (model !== null && model !== last) setLast(model);
  const work =
    documents === null
      ? count(state.active.chunks, 'passage')
      : `${count(documents, 'document')} with ${count(state.active.chunks, 'passage')}`;
  return (
    <Confirm
      open={model !== null}
      danger={false}
      title={`Change to ${markHidden(last ?? '')}?`}
      text={`The vectors of ${work} are computed anew, in the background. People can go on asking all the while; when all is done, searching changes over in one step. You can cancel before that, and go back after it.`}
      action="Change"
      onConfirm={() => {
        if (last !== null) void perform('embedding', 'embedding.change', { model: last });
      }}
      onClose={onClose}
    />
  );
}

export function EmbeddingTab({ kbs }: { readonly kbs: readonly KnowledgeBase[] | null }): ReactNode {
  const { item, problem, retry } = useStream('embedding.watch', {});
  const pending = useActions((actions) => actions.pending.has('embedding'));
  const [wanted, setWanted] = useState<string | null>(null);
  const documents = kbs?.reduce((sum, kb) => sum + kb.documents, 0) ?? null;
  if (item === null) {
    return (
      <PageBody>
        <div className={css.tab}>
          {problem === null ? (
            <>
              <Skeleton height={96} label="Asking for the embedding model" />
              <Skeleton height={140} />
            </>
          ) : (
            <LiveProblem problem={problem} retry={retry} />
          )}
        </div>
      </PageBody>
    );
  }
  const others = item.models.filter(({ active }) => !active);
  const building = item.change?.state === 'building';
  return (
    <PageBody>
      <div className={css.tab}>
        <Active state={item} />
        {problem === null ? null : <LiveProblem problem={problem} retry={retry} quiet />}
        <AreaProblem area="embedding" />
        {item.change === null ? null : <Change change={item.change} />}
        <Card title="Others to change to">
          <p className={css.about}>
            A model puts texts that mean the same close together. A larger one may find more and takes longer. Run an
            evaluation before and after a change: it shows whether finding got better on your own questions.
          </p>
          {others.length === 0 ? (
            <p className={css.none}>This stack brings no other model along.</p>
          ) : (
            <ul className={css.models} aria-label="Other models">
              {others.map(({ model, dim, maxTokens }) => (
                <li key={model}>
                  <div>
                    <h3>{markHidden(model)}</h3>
                    <p>{modelFacts({ dim, maxTokens })}</p>
                  </div>
                  <Button
                    disabled={pending || building}
                    onClick={() => setWanted(model)}
                    aria-label={`Change to ${model}`}
                  >
                    Change to it
                  </Button>
                </li>
              ))}
            </ul>
          )}
        </Card>
      </div>
      <ChangeQuestion model={wanted} state={item} documents={documents} onClose={() => setWanted(null)} />
    </PageBody>
  );
}
