/** A button that opens a short list of rarer actions. */
import { Menu as BaseMenu } from '@base-ui/react/menu';
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import button from './button.module.css';
import { cx } from './cx.ts';
import css from './menu.module.css';

export interface MenuAction {
  readonly label: string;
  readonly icon: LucideIcon;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly run: () => void;
}

export function ActionMenu({
  label,
  icon: Icon,
  actions,
  className = cx(button.iconButton, button.md),
}: {
  readonly label: string;
  readonly icon: LucideIcon;
  readonly actions: readonly MenuAction[];
  /** How the button looks where an icon button of the usual size does not fit. */
  readonly className?: string | undefined;
}): ReactNode {
  return (
    <BaseMenu.Root>
      <BaseMenu.Trigger aria-label={label} title={label} className={className}>
        <Icon size={16} aria-hidden />
      </BaseMenu.Trigger>
      <BaseMenu.Portal>
        <BaseMenu.Positioner align="end" sideOffset={6} className={css.place}>
          <BaseMenu.Popup className={css.menu}>
            {actions.map(({ label: words, icon: ItemIcon, danger = false, disabled = false, run }) => (
              <BaseMenu.Item
                key={words}
                disabled={disabled}
                className={cx(css.item, danger && css.danger)}
                onClick={run}
              >
                <ItemIcon size={15} aria-hidden />
                {words}
              </BaseMenu.Item>
            ))}
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  );
}
