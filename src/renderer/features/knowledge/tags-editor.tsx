/** The tags of a document: taken off with a press, added with Enter or a comma. */
import { Plus, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import css from './tags-editor.module.css';

/** As the backend takes them. */
const maxTags = 20;
const maxChars = 64;

export function TagsEditor({
  tags,
  changeable,
  onChange,
}: {
  readonly tags: readonly string[];
  readonly changeable: boolean;
  readonly onChange: (tags: string[]) => void;
}): ReactNode {
  const [typed, setTyped] = useState('');
  const add = (): void => {
    const fresh = typed
      .split(',')
      .map((tag) => tag.trim().slice(0, maxChars))
      .filter((tag) => tag !== '');
    setTyped('');
    const next = [...new Set([...tags, ...fresh])].slice(0, maxTags);
    if (next.length > tags.length) onChange(next);
  };
  return (
    <div className={css.tags}>
      {tags.length === 0 && !changeable ? <span className={css.none}>None</span> : null}
      {tags.map((tag) => (
        <span key={tag} className={css.tag}>
          {markHidden(tag)}
          {changeable ? (
            <button
              type="button"
              aria-label={`Take off the tag ${tag}`}
              onClick={() => onChange(tags.filter((other) => other !== tag))}
            >
              <X size={12} aria-hidden />
            </button>
          ) : null}
        </span>
      ))}
      {changeable && tags.length < maxTags ? (
        <form
          className={css.add}
          onSubmit={(event) => {
            event.preventDefault();
            add();
          }}
        >
          <input
            type="text"
            aria-label="New tag"
            placeholder="New tag"
            maxLength={maxChars}
            spellCheck={false}
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== ',') return;
              event.preventDefault();
              add();
            }}
          />
          <Button size="sm" type="submit" icon={Plus} disabled={typed.trim() === ''}>
            Add
          </Button>
        </form>
      ) : null}
    </div>
  );
}
