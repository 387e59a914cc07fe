/** Form fields of the settings: a labelled row, a switch. */
import { Switch } from '@base-ui/react/switch';
import type { ReactNode } from 'react';
import css from './settings.module.css';

export function Row({
  title,
  text,
  children,
}: {
  readonly title: string;
  readonly text?: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <div className={css.row}>
      <div className={css.rowWords}>
        <p className={css.rowTitle}>{title}</p>
        {text === undefined ? null : <p className={css.rowText}>{text}</p>}
      </div>
      <div className={css.rowField}>{children}</div>
    </div>
  );
}

export function Toggle({
  label,
  checked,
  disabled = false,
  onChange,
}: {
  readonly label: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}): ReactNode {
  return (
    <Switch.Root
      className={css.switch}
      aria-label={label}
      checked={checked}
      disabled={disabled}
      onCheckedChange={onChange}
    >
      <Switch.Thumb className={css.thumb} />
    </Switch.Root>
  );
}
