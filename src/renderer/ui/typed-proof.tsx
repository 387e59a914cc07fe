/** What has to be typed before something goes for good. */
import { type ReactNode, useId } from 'react';
import { markHidden } from './plain-text.ts';
import css from './typed-proof.module.css';

export function TypedProof({
  word,
  value,
  onChange,
}: {
  /** What proves it; the caller compares. */
  readonly word: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}): ReactNode {
  const id = useId();
  return (
    <div className={css.proof}>
      <label htmlFor={id}>
        Type <b>{markHidden(word)}</b> to confirm
      </label>
      <input
        id={id}
        type="text"
        spellCheck={false}
        autoComplete="off"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
