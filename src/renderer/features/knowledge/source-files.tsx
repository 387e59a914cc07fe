/** What a source holds: those that could not be added first, each with its reason. */

import { FileX2 } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { formatBytes } from '../../../shared/model/bytes.ts';
import type { Source, SourceItem } from '../../../shared/model/knowledge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useCall } from '../../app/use-call.ts';
import { documentSaid } from '../../parts/documents/document-words.ts';
import { EmptyState, Skeleton } from '../../ui/blocks.tsx';
import { count } from '../../ui/format.ts';
import { Drawer } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import type { Said } from '../../ui/words.ts';
import css from './source-files.module.css';

/** More than this says no more to a person who looks through them. */
const maxShown = 500;

const isBad = ({ state }: SourceItem): boolean => state === 'failed' || state === 'refused';

function itemSaid({ state }: SourceItem): Said {
  return state === 'refused' ? { word: 'Was not taken', tone: 'bad' } : documentSaid({ state });
}

function Files({ source }: { readonly source: Source }): ReactNode {
  const [items, setItems] = useState<readonly SourceItem[] | null>(null);
  const { problem, run } = useCall();
  const load = async (gone: () => boolean = () => false): Promise<void> => {
    const answer = await run('sources.items', { id: source.id });
    if (answer.ok && !gone()) setItems(answer.value.items);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks again when it was looked at again
  useEffect(() => {
    let gone = false;
    void load(() => gone);
    return () => {
      gone = true;
    };
  }, [source.id, source.lastSyncAtMs, source.failedItems]);
  if (problem !== null) return <LiveProblem problem={problem} retry={() => void load()} />;
  if (items === null) {
    return (
      <div className={css.waiting}>
        <Skeleton height={36} label="Loading the files" />
        <Skeleton height={36} />
      </div>
    );
  }
  if (items.length === 0) return <EmptyState compact icon={FileX2} title="Nothing was found in it" />;
  const sorted = [...items.filter(isBad), ...items.filter((item) => !isBad(item))];
  const shown = sorted.slice(0, maxShown);
  return (
    <>
      <ul className={css.files} aria-label="Its files">
        {shown.map((item) => (
          <li key={item.path}>
            <span className={css.path}>{markHidden(item.path)}</span>
            <span className={css.size}>{formatBytes(item.bytes)}</span>
            <Status said={itemSaid(item)} />
            {item.error === null ? null : <span className={css.reason}>{markHidden(item.error.message)}</span>}
          </li>
        ))}
      </ul>
      {sorted.length > shown.length ? (
        <p className={css.more}>{`and ${count(sorted.length - shown.length, 'more file')}`}</p>
      ) : null}
    </>
  );
}

export function SourceFiles({
  source,
  open,
  onClose,
}: {
  readonly source: Source;
  readonly open: boolean;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <Drawer open={open} onClose={onClose} title={markHidden(source.name)}>
      <Files source={source} />
    </Drawer>
  );
}
