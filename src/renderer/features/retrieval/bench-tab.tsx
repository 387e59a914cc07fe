/** Try a search without asking a model: which passages are found, how well each way ranks them, and what it took. */
import { FilePlus2, Search, SearchX } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { KnowledgeBase, SearchHit } from '../../../shared/model/knowledge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { go } from '../../app/navigation.ts';
import { PassageDrawer, type PassagePlace } from '../../parts/documents/passage-drawer.tsx';
import { EmptyState, PageBody, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { BenchForm } from './bench-form.tsx';
import css from './bench-tab.module.css';
import { Compared } from './compared.tsx';
import { HitCard } from './hit-card.tsx';
import { kbsMeant } from './kb-picker.tsx';
import { KeepQuestion } from './keep-question.tsx';
import { type Asked, runSearch, useRetrieval } from './retrieval-store.ts';
import { TimingStrip } from './timing-strip.tsx';

/** Before the first search: what this is for, or what has to come first. */
function Invitation({ kbs }: { readonly kbs: readonly KnowledgeBase[] | null }): ReactNode {
  const kbIds = useRetrieval((state) => state.kbIds);
  const empty = kbs !== null && kbsMeant(kbs, kbIds).every(({ chunks }) => chunks === 0);
  if (empty) {
    return (
      <EmptyState
        icon={FilePlus2}
        title="There is nothing to search yet"
        text="Add documents to this knowledge base, or begin with the samples that come with Quayside."
      >
        <Button kind="primary" onClick={() => go('knowledge')}>
          Go to Knowledge
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={Search}
      title="See what a question finds"
      text="No model is asked. You see the passages that an answer would be made of, in their order, and why they stand there."
    />
  );
}

function Results({
  asked,
  onOpen,
  onKeep,
}: {
  readonly asked: Asked;
  readonly onOpen: (hit: SearchHit) => void;
  readonly onKeep: (hit: SearchHit) => void;
}): ReactNode {
  const { answers, query } = asked;
  const [first, ...others] = answers;
  if (first === undefined) return null;
  if (answers.every(({ hits }) => hits.length === 0)) {
    return (
      <EmptyState
        icon={SearchX}
        title="No passage was found"
        text="Search for other words, take tags away, or look in other knowledge bases."
      />
    );
  }
  if (others.length > 0) return <Compared answers={answers} query={query} onOpen={onOpen} onKeep={onKeep} />;
  return (
    <>
      <TimingStrip answer={first} />
      <ol className={css.hits} aria-label="Passages found">
        {first.hits.map((hit, index) => (
          <HitCard
            key={hit.chunkId}
            hit={hit}
            place={index + 1}
            answer={first}
            query={query}
            onOpen={() => onOpen(hit)}
            onKeep={() => onKeep(hit)}
          />
        ))}
      </ol>
    </>
  );
}

export function BenchTab({ kbs }: { readonly kbs: readonly KnowledgeBase[] | null }): ReactNode {
  const asked = useRetrieval((state) => state.asked);
  const searching = useRetrieval((state) => state.searching);
  const [place, setPlace] = useState<PassagePlace | null>(null);
  const [kept, setKept] = useState<SearchHit | null>(null);
  return (
    <PageBody wide>
      <div className={css.tab}>
        <BenchForm kbs={kbs} />
        <section className={css.results} aria-label="Results" aria-busy={searching} data-searching={searching}>
          {asked === null && searching ? (
            <div className={css.waiting}>
              <Skeleton height={52} label="Searching" />
              <Skeleton height={150} />
              <Skeleton height={150} />
            </div>
          ) : null}
          {asked === null && !searching ? <Invitation kbs={kbs} /> : null}
          {asked?.problem == null ? null : <LiveProblem problem={asked.problem} retry={() => void runSearch()} />}
          {asked === null ? null : <Results asked={asked} onOpen={setPlace} onKeep={setKept} />}
        </section>
      </div>
      <PassageDrawer source={place} onClose={() => setPlace(null)} />
      {kept === null || asked === null ? null : (
        <KeepQuestion query={asked.query} hit={kept} onClose={() => setKept(null)} />
      )}
    </PageBody>
  );
}
