/** Tabs below the head of a page: arrow keys move between them. */
import { Tabs as BaseTabs } from '@base-ui/react/tabs';
import type { ReactNode } from 'react';
import css from './tabs.module.css';

export interface TabChoice<T extends string> {
  readonly value: T;
  readonly label: string;
  /** A number beside the label. */
  readonly count?: number | null;
}

/** The row of tabs; panels are `TabPanel`s with the same values, inside the same `Tabs`. */
export function TabList<T extends string>({
  label,
  tabs,
}: {
  readonly label: string;
  readonly tabs: readonly TabChoice<T>[];
}): ReactNode {
  return (
    <BaseTabs.List className={css.tabs} aria-label={label}>
      {tabs.map(({ value, label: words, count = null }) => (
        <BaseTabs.Tab key={value} value={value} className={css.tab}>
          {words}
          {count === null ? null : <span className={css.count}>{count.toLocaleString('en')}</span>}
        </BaseTabs.Tab>
      ))}
    </BaseTabs.List>
  );
}

export function Tabs<T extends string>({
  value,
  values,
  onChange,
  className,
  children,
}: {
  readonly value: T;
  readonly values: readonly T[];
  readonly onChange: (value: T) => void;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <BaseTabs.Root
      className={className}
      value={value}
      onValueChange={(next) => {
        const chosen = values.find((one) => one === next);
        if (chosen !== undefined) onChange(chosen);
      }}
    >
      {children}
    </BaseTabs.Root>
  );
}

/** Fills what is left below the tabs and does not scroll by itself. */
export function TabPanel({ value, children }: { readonly value: string; readonly children: ReactNode }): ReactNode {
  return (
    <BaseTabs.Panel value={value} className={css.panel}>
      {children}
    </BaseTabs.Panel>
  );
}
