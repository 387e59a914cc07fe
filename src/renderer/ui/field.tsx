/** Form fields with their label above: a line of text, several lines, one of a list. */
import { type ReactNode, useId } from 'react';
import css from './field.module.css';

interface Labelled {
  readonly label: string;
  /** What to know before filling it in. */
  readonly hint?: string | undefined;
  /** What is wrong with it; takes the hint's place. */
  readonly error?: string | null | undefined;
}

function Frame({
  id,
  hintId,
  label,
  hint,
  error = null,
  children,
}: Labelled & { readonly id: string; readonly hintId: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      {children}
      {error === null && hint === undefined ? null : (
        <p id={hintId} className={error === null ? css.hint : css.error}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

export function TextField({
  label,
  hint,
  error,
  value,
  onChange,
  maxLength,
  placeholder,
  list,
  secret = false,
  rows = 1,
  focused = false,
}: Labelled & {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly maxLength: number;
  readonly placeholder?: string;
  /** The id of a datalist. */
  readonly list?: string;
  /** A new password: its letters are not shown. */
  readonly secret?: boolean;
  /** More than one: a box of so many lines. */
  readonly rows?: number;
  /** Takes the focus when it appears. */
  readonly focused?: boolean;
}): ReactNode {
  const id = useId();
  const hintId = useId();
  const common = {
    id,
    value,
    maxLength,
    placeholder,
    'aria-describedby': hint === undefined && error == null ? undefined : hintId,
    'aria-invalid': error != null,
    // Only where the person has just asked for this field.
    autoFocus: focused,
    className: css.input,
  };
  return (
    <Frame id={id} hintId={hintId} label={label} hint={hint} error={error}>
      {rows > 1 ? (
        <textarea {...common} rows={rows} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <input
          {...common}
          type={secret ? 'password' : 'text'}
          list={list}
          spellCheck={false}
          autoComplete={secret ? 'new-password' : 'off'}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Frame>
  );
}

export function SelectField<T extends string>({
  label,
  hint,
  value,
  options,
  onChange,
}: Labelled & {
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}): ReactNode {
  const id = useId();
  const hintId = useId();
  return (
    <Frame id={id} hintId={hintId} label={label} hint={hint}>
      <select
        id={id}
        className={css.input}
        value={value}
        aria-describedby={hint === undefined ? undefined : hintId}
        onChange={(event) => {
          const chosen = options.find((one) => one.value === event.target.value);
          if (chosen !== undefined) onChange(chosen.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Frame>
  );
}
