/** A field that narrows what is shown below it. Escape empties it. */
import { Search, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from './button.tsx';
import { cx } from './cx.ts';
import css from './search-field.module.css';

export function SearchField({
  label,
  value,
  onChange,
  className,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly className?: string | undefined;
}): ReactNode {
  return (
    // biome-ignore lint/a11y/useSemanticElements: the search element is younger than the oldest Chromium this runs on
    <div role="search" className={cx(css.search, className)}>
      <Search size={14} aria-hidden />
      <input
        type="text"
        aria-label={label}
        placeholder={label}
        value={value}
        maxLength={200}
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && value !== '') {
            event.stopPropagation();
            onChange('');
          }
        }}
      />
      {value === '' ? null : <IconButton size="sm" icon={X} label="Empty the field" onClick={() => onChange('')} />}
    </div>
  );
}
