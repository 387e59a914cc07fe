/** Which knowledge bases a conversation asks: the chosen ones as chips, all of them in a list. Not there while there is but one. */
import { Menu } from '@base-ui/react/menu';
import { Check, Library, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { count } from '../../ui/format.ts';
import { markHidden } from '../../ui/plain-text.ts';
import css from './kb-choice.module.css';

/** Chips for so many; the rest are a number. */
const mostChips = 3;

export function KbChoice({
  kbs,
  chosen,
  onChoose,
}: {
  readonly kbs: readonly KnowledgeBase[];
  readonly chosen: readonly string[];
  readonly onChoose: (kbIds: string[]) => void;
}): ReactNode {
  if (kbs.length < 2) return null;
  const asked = kbs.filter((kb) => chosen.includes(kb.id));
  const without = (id: string): string[] => asked.map((kb) => kb.id).filter((one) => one !== id);
  const toggle = (id: string): void => {
    const next = chosen.includes(id) ? without(id) : [...asked.map((kb) => kb.id), id];
    // A question is asked of something.
    if (next.length > 0) onChoose(next);
  };
  const shown = asked.slice(0, mostChips);
  return (
    <fieldset className={css.choice}>
      <legend className="visually-hidden">Knowledge bases that this conversation asks</legend>
      <span aria-hidden className={css.label}>
        Asks
      </span>
      {shown.map((kb) => (
        <span key={kb.id} className={css.chip}>
          <span className={css.name}>{markHidden(kb.name)}</span>
          {asked.length === 1 ? null : (
            <button type="button" aria-label={`Do not ask ${markHidden(kb.name)}`} onClick={() => toggle(kb.id)}>
              <X size={12} aria-hidden />
            </button>
          )}
        </span>
      ))}
      {asked.length > shown.length ? (
        <span className={css.more}>{`and ${asked.length - shown.length} more`}</span>
      ) : null}
      <Menu.Root>
        <Menu.Trigger className={css.open} aria-label="Choose knowledge bases">
          <Library size={13} aria-hidden /> Choose
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner className={css.place} align="start" side="top" sideOffset={6}>
            <Menu.Popup className={css.menu}>
              {kbs.map((kb) => (
                <Menu.CheckboxItem
                  key={kb.id}
                  className={css.item}
                  checked={asked.includes(kb)}
                  disabled={asked.length === 1 && asked[0] === kb}
                  closeOnClick={false}
                  onCheckedChange={() => toggle(kb.id)}
                >
                  <span className={css.box}>
                    <Menu.CheckboxItemIndicator>
                      <Check size={13} aria-hidden />
                    </Menu.CheckboxItemIndicator>
                  </span>
                  <span className={css.itemName}>{markHidden(kb.name)}</span>
                  <span className={css.facts}>{count(kb.documents, 'document')}</span>
                </Menu.CheckboxItem>
              ))}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
    </fieldset>
  );
}
