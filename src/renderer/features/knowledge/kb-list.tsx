/** The knowledge bases at the side: how much each holds, and whether something is under way or went wrong in it. */
import { Plus } from 'lucide-react';
import type { ReactNode } from 'react';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { Button } from '../../ui/button.tsx';
import { count } from '../../ui/format.ts';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import css from './kb-list.module.css';
import { showKb } from './knowledge-store.ts';

function Entry({ kb, current }: { readonly kb: KnowledgeBase; readonly current: boolean }): ReactNode {
  return (
    <button
      type="button"
      className={css.entry}
      aria-current={current ? 'true' : undefined}
      onClick={() => showKb(kb.id)}
    >
      <span className={css.name}>{markHidden(kb.name)}</span>
      <span className={css.facts}>
        {kb.documents === 0 ? 'Empty' : `${count(kb.documents, 'document')}, ${count(kb.chunks, 'passage')}`}
      </span>
      {kb.pending > 0 ? (
        <Status said={{ word: `${kb.pending.toLocaleString('en')} being read in`, tone: 'busy' }} />
      ) : null}
      {kb.failed > 0 ? (
        <Status said={{ word: `${kb.failed.toLocaleString('en')} could not be added`, tone: 'bad' }} />
      ) : null}
    </button>
  );
}

export function KbList({
  kbs,
  currentId,
  onCreate,
}: {
  readonly kbs: readonly KnowledgeBase[];
  readonly currentId: string | null;
  readonly onCreate: () => void;
}): ReactNode {
  return (
    <nav className={css.side} aria-label="Knowledge bases">
      <Button icon={Plus} className={css.new} onClick={onCreate}>
        New knowledge base
      </Button>
      <ul className={css.list}>
        {kbs.map((kb) => (
          <li key={kb.id}>
            <Entry kb={kb} current={kb.id === currentId} />
          </li>
        ))}
      </ul>
    </nav>
  );
}
