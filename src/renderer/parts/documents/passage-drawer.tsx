/** A found or cited passage in its place: what stands before it, the passage marked, what stands after. */
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Passage } from '../../../shared/model/chat.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { call } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { Skeleton } from '../../ui/blocks.tsx';
import { Drawer } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import css from './passage-drawer.module.css';

/** Which passage, and what is known of it before it is loaded. */
export type PassagePlace = Pick<Passage, 'chunkId' | 'title' | 'sourceName' | 'page' | 'headingPath'>;

export function PassageDrawer({
  source,
  onClose,
}: {
  readonly source: PassagePlace | null;
  readonly onClose: () => void;
}): ReactNode {
  const [last, setLast] = useState(source);
  // Keeps the words on screen while the drawer slides out.
  if (source !== null && source !== last) setLast(source);
  return (
    <Drawer open={source !== null} onClose={onClose} title={markHidden((source ?? last)?.title ?? '')}>
      {last === null ? null : <PassageBody key={last.chunkId} source={last} />}
    </Drawer>
  );
}

function PassageBody({ source }: { readonly source: PassagePlace }): ReactNode {
  const [passage, setPassage] = useState<Passage | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: attempt asks again
  useEffect(() => {
    let gone = false;
    setProblem(null);
    void call('documents.passage', { chunkId: source.chunkId }).then((answer) => {
      if (gone) return;
      if (answer.ok) setPassage(answer.value);
      else setProblem(answer.problem);
    });
    return () => {
      gone = true;
    };
  }, [source.chunkId, attempt]);
  const cited = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    if (passage !== null) cited.current?.scrollIntoView({ block: 'center' });
  }, [passage]);
  const where = [
    source.sourceName === source.title ? null : source.sourceName,
    source.page === null ? null : `page ${source.page}`,
    ...source.headingPath,
  ].filter((part) => part !== null);
  return (
    <>
      {where.length === 0 ? null : <p className={css.where}>{markHidden(where.join(' › '))}</p>}
      {problem === null ? null : <LiveProblem problem={problem} retry={() => setAttempt(attempt + 1)} />}
      {passage === null && problem === null ? (
        <div className={css.waiting}>
          <Skeleton label="Loading the passage" />
          <Skeleton width="92%" />
          <Skeleton width="96%" />
          <Skeleton width="60%" />
        </div>
      ) : null}
      {passage === null ? null : (
        <div className={css.passage}>
          {passage.before.trim() === '' ? null : <p className={css.around}>{markHidden(passage.before.trimEnd())}</p>}
          <mark ref={cited} className={css.cited}>
            {markHidden(passage.text.trim())}
          </mark>
          {passage.after.trim() === '' ? null : <p className={css.around}>{markHidden(passage.after.trimStart())}</p>}
        </div>
      )}
    </>
  );
}
