/** The passages of a document in order, as they are searched; more are fetched when asked for. */
import { type ReactNode, useEffect, useState } from 'react';
import type { Chunk } from '../../../shared/model/knowledge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useCall } from '../../app/use-call.ts';
import { Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { count } from '../../ui/format.ts';
import { markHidden } from '../../ui/plain-text.ts';
import css from './document-passages.module.css';

function Passage({ chunk }: { readonly chunk: Chunk }): ReactNode {
  const where = [chunk.page === null ? null : `page ${chunk.page}`, ...chunk.headingPath].filter(
    (part) => part !== null,
  );
  return (
    <li className={css.passage}>
      <p className={css.head}>
        <b>{chunk.no + 1}</b>
        <span className={css.where}>{markHidden(where.join(' › '))}</span>
        <span title="Word-pieces of the embedding model">{count(chunk.tokens, 'token')}</span>
      </p>
      <p className={css.text}>{markHidden(chunk.text.trim())}</p>
    </li>
  );
}

/** `version` changes when the document was read in anew: its passages are others then. */
export function DocumentPassages({
  id,
  total,
  version,
}: {
  readonly id: string;
  readonly total: number;
  readonly version: string;
}): ReactNode {
  const [chunks, setChunks] = useState<readonly Chunk[] | null>(null);
  const [next, setNext] = useState<number | null>(null);
  const { busy, problem, run } = useCall();

  const load = async (from: number, gone: () => boolean = () => false): Promise<void> => {
    const answer = await run('documents.chunks', { id, from });
    if (!answer.ok || gone()) return;
    setChunks((before) => [...(from === 0 ? [] : (before ?? [])), ...answer.value.chunks]);
    setNext(answer.value.next);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks again for another document or version alone
  useEffect(() => {
    let gone = false;
    if (total > 0) void load(0, () => gone);
    return () => {
      gone = true;
    };
  }, [id, version]);

  if (total === 0) return null;
  return (
    <section className={css.passages} aria-label="Passages">
      <h3>{count(total, 'passage')}, as they are searched</h3>
      {problem === null ? null : <LiveProblem problem={problem} retry={() => void load(next ?? 0)} />}
      {chunks === null && problem === null ? (
        <div className={css.waiting}>
          <Skeleton height={64} label="Loading the passages" />
          <Skeleton height={64} />
        </div>
      ) : null}
      <ol>
        {chunks?.map((chunk) => (
          <Passage key={chunk.id} chunk={chunk} />
        ))}
      </ol>
      {next === null ? null : (
        <Button disabled={busy} onClick={() => void load(next)}>
          {`Show more (${(total - next).toLocaleString('en')} left)`}
        </Button>
      )}
    </section>
  );
}
