/** Which knowledge bases are searched: none marked means the default one. */
import { Menu } from '@base-ui/react/menu';
import { Check, ChevronDown, LibraryBig } from 'lucide-react';
import type { ReactNode } from 'react';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
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
  const meant = kbs === null ? [] : kbsMeant(kbs, kbIds).map(({ id }) => id);
  return (
    <Menu.Root>
      <Menu.Trigger
        className={css.trigger}
        aria-label={`Knowledge bases: ${words(kbs, kbIds)}`}
        disabled={kbs === null}
      >
        <LibraryBig size={15} aria-hidden />
        <span>{words(kbs, kbIds)}</span>
        <ChevronDown size={14} aria-hidden />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className={css.place} align="start" sideOffset={4}>
          <Menu.Popup className={css.menu}>
            {kbs?.map((kb) => (
              <Menu.CheckboxItem
                key={kb.id}
                className={css.item}
                checked={meant.includes(kb.id)}
                closeOnClick={false}
                onCheckedChange={(on) => onChange(on ? [...meant, kb.id] : meant.filter((id) => id !== kb.id))}
              >
                <span className={css.box}>
                  <Menu.CheckboxItemIndicator>
                    <Check size={13} aria-hidden />
                  </Menu.CheckboxItemIndicator>
                </span>
                <span className={css.name}>{markHidden(kb.name)}</span>
                <span className={css.count}>{kb.documents.toLocaleString('en')}</span>
              </Menu.CheckboxItem>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
