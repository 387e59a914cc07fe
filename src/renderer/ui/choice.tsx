/** One of a few, all in sight: arrow keys move between them. */
import { type ReactNode, useId } from 'react';
import css from './choice.module.css';

/** `note` stands small beside the label: the technical name of what the label says plainly. */
export function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string; readonly note?: string }[];
  readonly onChange: (value: T) => void;
}): ReactNode {
  const name = useId();
  return (
    <fieldset className={css.choice}>
      <legend className="visually-hidden">{label}</legend>
      {options.map((option) => (
        <label key={option.value}>
          <input
            type="radio"
            name={name}
            className="visually-hidden"
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span>
            {option.label}
            {option.note === undefined ? null : <small className={css.small}>{option.note}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
