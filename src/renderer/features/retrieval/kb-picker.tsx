/** Which knowledge bases are searched: none marked means the default one. */
import { ChevronDown, LibraryBig } from 'lucide-react';
import type { ReactNode } from 'react';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { KbMenu } from '../../parts/documents/kb-menu.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import css from './kb-picker.module.css';

/** Those that are meant: the marked ones that are still there, else the default. */
export function kbsMeant(kbs: readonly KnowledgeBase[], kbIds: readonly string[]): KnowledgeBase[] {
  const marked = kbs.filter(({ id }) => kbIds.includes(id));
  return marked.length > 0 ? marked : kbs.filter(({ isDefault }) => isDefault);
}

function words(kbs: readonly KnowledgeBase[] | null, kbIds: readonly string[]): string {
  if (kbs === null) return 'Knowledge bases';
  const [first, ...others] = kbsMeant(kbs, kbIds);
  if (first === undefined) return 'No knowledge base';
  return others.length === 0 ? markHidden(first.name) : `${markHidden(first.name)} and ${others.length} more`;
}

export function KbPicker({
  kbs,
  kbIds,
  onChange,
}: {
  readonly kbs: readonly KnowledgeBase[] | null;
  readonly kbIds: readonly string[];
  readonly onChange: (kbIds: readonly string[]) => void;
}): ReactNode {
  return (
    <KbMenu
      kbs={kbs}
      asked={kbs === null ? [] : kbsMeant(kbs, kbIds)}
      onChange={onChange}
      label={`Knowledge bases: ${words(kbs, kbIds)}`}
      className={css.trigger}
    >
      <LibraryBig size={15} aria-hidden />
      <span>{words(kbs, kbIds)}</span>
      <ChevronDown size={14} aria-hidden />
    </KbMenu>
  );
}
