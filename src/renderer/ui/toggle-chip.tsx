/** Something of several that is shown or not, in its colour: pressed while it is shown. */
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import css from './toggle-chip.module.css';

export function ToggleChip({
  on,
  colour,
  children,
  ...rest
}: Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'style'> & {
  readonly on: boolean;
  /** As CSS names it. */
  readonly colour: string;
}): ReactNode {
  return (
    <button type="button" className={css.chip} aria-pressed={on} {...rest}>
      <span className={css.dot} style={{ background: colour }} />
      {children}
    </button>
  );
}
