/** The knowledge bases at the side: how much each holds, and whether something is under way or went wrong in it. */
import { Plus } from 'lucide-react';
import type { ReactNode } from 'react';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { Button } from '../../ui/button.tsx';
import { count } from '../../ui/format.ts';
import { markHidden } from '../../ui/plain-text.ts';
import { SideEntry } from '../../ui/side-entry.tsx';
import { Status } from '../../ui/status.tsx';
import css from './kb-list.module.css';
import { showKb } from './knowledge-store.ts';

function Entry({ kb, current }: { readonly kb: KnowledgeBase; readonly current: boolean }): ReactNode {
  return (
    <SideEntry
      name={markHidden(kb.name)}
      facts={kb.documents === 0 ? 'Empty' : `${count(kb.documents, 'document')}, ${count(kb.chunks, 'passage')}`}
      current={current}
      onChoose={() => showKb(kb.id)}
    >
      {kb.pending > 0 ? (
        <Status said={{ word: `${kb.pending.toLocaleString('en')} being read in`, tone: 'busy' }} />
      ) : null}
      {kb.failed > 0 ? (
        <Status said={{ word: `${kb.failed.toLocaleString('en')} could not be added`, tone: 'bad' }} />
      ) : null}
    </SideEntry>
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
