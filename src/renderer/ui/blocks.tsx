/** Building blocks of a page: its frame, an empty state, placeholders of the right size, bars. */
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import css from './blocks.module.css';
import { cx } from './cx.ts';

/** A scrolling page with a comfortable measure. */
export function PageBody({
  children,
  wide = false,
}: {
  readonly children: ReactNode;
  readonly wide?: boolean;
}): ReactNode {
  return (
    <div className={css.page}>
      <div className={cx(css.measure, wide && css.wide)}>{children}</div>
    </div>
  );
}

/** What a page is about, first on it. Its parts stand in a row; `className` says how. */
export function Hero({
  label,
  className,
  children,
}: {
  readonly label: string;
  readonly className: string | undefined;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <section className={cx(css.hero, className)} aria-label={label}>
      {children}
    </section>
  );
}

export function Card({
  title,
  action,
  children,
  flush = false,
}: {
  readonly title?: string;
  readonly action?: ReactNode;
  readonly children: ReactNode;
  readonly flush?: boolean;
}): ReactNode {
  return (
    <section className={css.card} aria-label={title}>
      {title === undefined ? null : (
        <header className={css.cardHead}>
          <h2>{title}</h2>
          {action}
        </header>
      )}
      <div className={cx(css.cardBody, flush && css.flush)}>{children}</div>
    </section>
  );
}

/** Says why there is nothing here and what to do about it. */
export function EmptyState({
  icon: Icon,
  title,
  text,
  children,
  compact = false,
}: {
  readonly icon: LucideIcon;
  readonly title: string;
  readonly text?: ReactNode;
  readonly children?: ReactNode;
  readonly compact?: boolean;
}): ReactNode {
  return (
    <div className={cx(css.empty, compact && css.compact)}>
      <span className={css.emptyIcon}>
        <Icon size={compact ? 20 : 26} aria-hidden />
      </span>
      <h2 className={css.emptyTitle}>{title}</h2>
      {text === undefined ? null : <p className={css.emptyText}>{text}</p>}
      {children === undefined ? null : <div className={css.emptyActions}>{children}</div>}
    </div>
  );
}

/** Grey ground in the size of what will come; `label` is read out. */
export function Skeleton({
  width = '100%',
  height = 14,
  label,
}: {
  readonly width?: number | string;
  readonly height?: number;
  readonly label?: string;
}): ReactNode {
  return (
    <span className={css.skeleton} style={{ width, height }}>
      {label === undefined ? null : <span className="visually-hidden">{label}</span>}
    </span>
  );
}

/** Progress that is known (0 to 1) or only under way (null). */
export function ProgressBar({
  value,
  label,
  tone = 'accent',
}: {
  readonly value: number | null;
  readonly label: string;
  readonly tone?: 'accent' | 'good' | 'warn' | 'bad';
}): ReactNode {
  const percent = value === null ? undefined : Math.round(Math.min(1, Math.max(0, value)) * 100);
  return (
    <span
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className={cx(css.bar, css[tone], percent === undefined && css.unknown)}
    >
      <span style={percent === undefined ? undefined : { width: `${percent}%` }} />
    </span>
  );
}

/** A level against a limit (memory); amber from 80 %, red from 95 %, with the figures beside it as text elsewhere. */
export function Meter({
  value,
  label,
  text,
}: {
  readonly value: number;
  readonly label: string;
  readonly text: string;
}): ReactNode {
  const share = Math.min(1, Math.max(0, value));
  return (
    // biome-ignore lint/a11y/useSemanticElements: the meter element cannot be drawn alike in every Chromium
    <span
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={text}
      className={cx(css.bar, share >= 0.95 ? css.bad : share >= 0.8 ? css.warn : css.accent)}
    >
      <span style={{ width: `${Math.max(share * 100, value > 0 ? 1.5 : 0)}%` }} />
    </span>
  );
}
