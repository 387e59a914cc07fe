/** Form fields of the settings: a labelled row, a segmented choice, a switch. */
import { Switch } from '@base-ui/react/switch';
import { type ReactNode, useId } from 'react';
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

export function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
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
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  );
}

export function Toggle({
  label,
  checked,
  onChange,
}: {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}): ReactNode {
  return (
    <Switch.Root className={css.switch} aria-label={label} checked={checked} onCheckedChange={onChange}>
      <Switch.Thumb className={css.thumb} />
    </Switch.Root>
  );
}
