/** A button that opens the list of knowledge bases, those that are asked marked. One of them always is. */
import { Menu } from '@base-ui/react/menu';
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { count } from '../../ui/format.ts';
import menu from '../../ui/menu.module.css';
import { markHidden } from '../../ui/plain-text.ts';
import css from './kb-menu.module.css';

export function KbMenu({
  kbs,
  asked,
  onChange,
  label,
  className,
  side = 'bottom',
  children,
}: {
  /** null while they are not known. */
  readonly kbs: readonly KnowledgeBase[] | null;
  readonly asked: readonly KnowledgeBase[];
  /** Never with none of them. */
  readonly onChange: (kbIds: string[]) => void;
  /** The accessible name of the button; `className` is its look, `children` what it shows. */
  readonly label: string;
  readonly className: string | undefined;
  readonly side?: 'top' | 'bottom';
  readonly children: ReactNode;
}): ReactNode {
  const toggle = (kb: KnowledgeBase): void => {
    const ids = asked.map(({ id }) => id);
    onChange(asked.includes(kb) ? ids.filter((id) => id !== kb.id) : [...ids, kb.id]);
  };
  return (
    <Menu.Root>
      <Menu.Trigger className={className} aria-label={label} disabled={kbs === null}>
        {children}
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className={menu.place} align="start" side={side} sideOffset={6}>
          <Menu.Popup className={css.menu}>
            {kbs?.map((kb) => (
              <Menu.CheckboxItem
                key={kb.id}
                className={menu.item}
                checked={asked.includes(kb)}
                disabled={asked.length === 1 && asked[0] === kb}
                closeOnClick={false}
                onCheckedChange={() => toggle(kb)}
              >
                <span className={css.box}>
                  <Menu.CheckboxItemIndicator>
                    <Check size={13} aria-hidden />
                  </Menu.CheckboxItemIndicator>
                </span>
                <span className={css.name}>{markHidden(kb.name)}</span>
                <span className={css.facts}>{count(kb.documents, 'document')}</span>
              </Menu.CheckboxItem>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
