/** What the person asked, to be put in other words. */
import { Pencil } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Button, IconButton } from '../../ui/button.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import css from './question.module.css';

const maxChars = 8000;

function Edit({
  text,
  onAsk,
  onClose,
}: {
  readonly text: string;
  readonly onAsk: (text: string) => void;
  readonly onClose: () => void;
}): ReactNode {
  const [words, setWords] = useState(text);
  const possible = words.trim() !== '' && words.trim() !== text.trim();
  const ask = (): void => {
    if (!possible) return;
    onClose();
    onAsk(words);
  };
  return (
    <form
      className={css.edit}
      aria-label="Change the question"
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <textarea
        aria-label="The question in other words"
        rows={Math.min(8, words.split('\n').length + 1)}
        maxLength={maxChars}
        value={words}
        // biome-ignore lint/a11y/noAutofocus: the person has just asked to change it
        autoFocus
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onClose();
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault();
            ask();
          }
        }}
      />
      <div className={css.editFoot}>
        <p>Its answer and everything after it are replaced.</p>
        <Button size="sm" onClick={onClose}>
          Cancel
        </Button>
        <Button size="sm" kind="primary" type="submit" disabled={!possible}>
          Ask this instead
        </Button>
      </div>
    </form>
  );
}

export function Question({
  text,
  onAskInstead,
}: {
  readonly text: string;
  /** Left out while it cannot be changed. */
  readonly onAskInstead?: ((text: string) => void) | undefined;
}): ReactNode {
  const [editing, setEditing] = useState(false);
  if (editing && onAskInstead !== undefined)
    return <Edit text={text} onAsk={onAskInstead} onClose={() => setEditing(false)} />;
  return (
    <div className={css.question}>
      {onAskInstead === undefined ? null : (
        <span className={css.tools}>
          <IconButton size="sm" icon={Pencil} label="Change this question" onClick={() => setEditing(true)} />
        </span>
      )}
      <span className="visually-hidden">You asked: </span>
      <p>{markHidden(text)}</p>
    </div>
  );
}
