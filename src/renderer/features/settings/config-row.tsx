/** One setting of the backend: what it does, its value to change, where that comes from, and why it may be fixed. */
import { Lock, RotateCcw } from 'lucide-react';
import { type ReactNode, useId, useState } from 'react';
import type { ConfigEntry, ConfigValue } from '../../../shared/model/rag-config.ts';
import { Button } from '../../ui/button.tsx';
import css from './config.module.css';
import { lockWords, numberFault, sourceWords, titleOf, unitOf, valueWords } from './config-words.ts';
import { Toggle } from './fields.tsx';

type Set = (value: ConfigValue) => void;

/** Written out on Enter or when the field is left; Escape puts back what holds. */
function Typed({ entry, onSet }: { readonly entry: ConfigEntry; readonly onSet: Set }): ReactNode {
  const stored = entry.value === null ? '' : String(entry.value);
  const [text, setText] = useState(stored);
  const [held, setHeld] = useState(stored);
  const faultId = useId();
  // While drawing, not after it: an effect could undo what is typed in between.
  if (held !== stored) {
    setHeld(stored);
    setText(stored);
  }
  const { kind } = entry;
  const fault = kind.type === 'number' && text !== stored ? numberFault(text, kind) : null;
  const unit = unitOf(entry.key);
  const keep = (): void => {
    if (text === stored || fault !== null) return;
    onSet(kind.type === 'number' ? Number(text) : text);
  };
  return (
    <>
      <span className={css.withUnit}>
        <input
          type="text"
          inputMode={kind.type === 'number' ? 'decimal' : 'text'}
          className={kind.type === 'number' ? css.number : css.text}
          aria-label={titleOf(entry.key)}
          aria-invalid={fault !== null}
          aria-describedby={fault === null ? undefined : faultId}
          disabled={entry.locked}
          maxLength={kind.type === 'text' ? (kind.maxLength ?? 4000) : 20}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onBlur={keep}
          onKeyDown={(event) => {
            if (event.key === 'Enter') keep();
            if (event.key === 'Escape') setText(stored);
          }}
        />
        <span className={css.unit}>{unit}</span>
      </span>
      {fault === null ? null : (
        <span id={faultId} className={css.fault}>
          {fault}
        </span>
      )}
    </>
  );
}

function Control({ entry, onSet }: { readonly entry: ConfigEntry; readonly onSet: Set }): ReactNode {
  const { kind, value, locked, key } = entry;
  switch (kind.type) {
    case 'switch':
      return <Toggle label={titleOf(key)} checked={value === true} disabled={locked} onChange={onSet} />;
    case 'choice':
      return (
        <select
          className={css.select}
          aria-label={titleOf(key)}
          value={String(value)}
          disabled={locked}
          onChange={(event) => onSet(event.target.value)}
        >
          {kind.options.includes(String(value)) ? null : <option value={String(value)}>{valueWords(value)}</option>}
          {kind.options.map((option) => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
      );
    case 'number':
    case 'text':
      return <Typed entry={entry} onSet={onSet} />;
    default:
      return kind satisfies never;
  }
}

export function ConfigRow({ entry, onSet }: { readonly entry: ConfigEntry; readonly onSet: Set }): ReactNode {
  const notes = [
    entry.restartRequired ? 'Takes effect when the backend starts again.' : null,
    entry.reindexRequired ? 'Documents that are in keep theirs until they are read again.' : null,
  ].filter((note) => note !== null);
  return (
    <div className={css.row} data-source={entry.source}>
      <div className={css.words}>
        <p className={css.title}>
          {titleOf(entry.key)} <code>{entry.key}</code>
        </p>
        <p className={css.help}>{[entry.help === titleOf(entry.key) ? '' : `${entry.help}.`, ...notes].join(' ')}</p>
        {entry.locked ? (
          <p className={css.lock}>
            <Lock size={13} aria-hidden /> {lockWords(entry)}
          </p>
        ) : null}
      </div>
      <div className={css.field}>
        <Control entry={entry} onSet={onSet} />
        <span className={css.source} data-set={entry.source !== 'default'}>
          {sourceWords(entry)}
          {entry.source === 'database' ? (
            <Button
              size="sm"
              kind="quiet"
              icon={RotateCcw}
              aria-label={`Put ${titleOf(entry.key)} back to ${valueWords(entry.default)}`}
              title={`Back to ${valueWords(entry.default)}`}
              onClick={() => onSet(null)}
            >
              Reset
            </Button>
          ) : null}
        </span>
      </div>
    </div>
  );
}
