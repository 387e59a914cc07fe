/** One of a list at the side of a page: its name, a few facts, whatever else is to be said of it. */
import type { ReactNode } from 'react';
import css from './side-entry.module.css';

export function SideEntry({
  name,
  facts,
  current,
  onChoose,
  children,
}: {
  readonly name: string;
  readonly facts: string;
  readonly current: boolean;
  readonly onChoose: () => void;
  readonly children?: ReactNode;
}): ReactNode {
  return (
    <button type="button" className={css.entry} aria-current={current ? 'true' : undefined} onClick={onChoose}>
      <span className={css.name}>{name}</span>
      <span className={css.facts}>{facts}</span>
      {children}
    </button>
  );
}
