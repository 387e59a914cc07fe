/** Which knowledge bases a conversation asks: the chosen ones as chips, all of them in a list. Not there while there is but one. */
import { Library, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { KbMenu } from '../../parts/documents/kb-menu.tsx';
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
            <button
              type="button"
              aria-label={`Do not ask ${markHidden(kb.name)}`}
              onClick={() => onChoose(asked.filter((one) => one !== kb).map(({ id }) => id))}
            >
              <X size={12} aria-hidden />
            </button>
          )}
        </span>
      ))}
      {asked.length > shown.length ? (
        <span className={css.more}>{`and ${asked.length - shown.length} more`}</span>
      ) : null}
      <KbMenu
        kbs={kbs}
        asked={asked}
        onChange={onChoose}
        label="Choose knowledge bases"
        className={css.open}
        side="top"
      >
        <Library size={13} aria-hidden /> Choose
      </KbMenu>
    </fieldset>
  );
}
