/** A state as icon, word and colour together; never colour alone. */
import { CircleAlert, CircleCheck, CircleDashed, LoaderCircle, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import css from './status.module.css';
import type { Said, Tone } from './words.ts';

const icons = {
  good: CircleCheck,
  busy: LoaderCircle,
  warn: TriangleAlert,
  bad: CircleAlert,
  idle: CircleDashed,
} as const;

export function ToneIcon({ tone, size = 16 }: { readonly tone: Tone; readonly size?: number }): ReactNode {
  const Icon = icons[tone];
  return <Icon size={size} aria-hidden className={cx(css.icon, css[tone], tone === 'busy' && css.turning)} />;
}

/** `pill` draws it on a soft ground; plain is for dense rows. */
export function Status({
  said,
  pill = false,
  label,
}: {
  readonly said: Said;
  readonly pill?: boolean;
  /** Read out before the word: "Stack". */
  readonly label?: string;
}): ReactNode {
  return (
    <span className={cx(css.status, css[said.tone], pill && css.pill)}>
      <ToneIcon tone={said.tone} size={14} />
      {label === undefined ? null : <span className="visually-hidden">{label}: </span>}
      <span>{said.word}</span>
    </span>
  );
}
