/** Where a question is written. Enter asks, Shift+Enter starts a new line. */
import { ArrowUp, Square } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { ask, stop } from './answering.ts';
import { useChat } from './chat-store.ts';
import css from './composer.module.css';

const maxChars = 8000;

export function Composer({ placeholder, draft }: { readonly placeholder: string; readonly draft: string }): ReactNode {
  const [text, setText] = useState(draft);
  const run = useChat((state) => state.run);
  const field = useRef<HTMLTextAreaElement>(null);
  const answering = run !== null && run.problem === null;

  useEffect(() => {
    setText(draft);
    if (draft !== '') field.current?.focus();
  }, [draft]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(element.scrollHeight, 168)}px`;
  }, [text]);

  const send = (): void => {
    if (answering || text.trim() === '') return;
    void ask(text);
    setText('');
  };
  return (
    <form
      className={css.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        rows={1}
        aria-label="Ask your documents"
        placeholder={placeholder}
        maxLength={maxChars}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault();
            send();
          }
        }}
      />
      {answering ? (
        <button type="button" className={css.stop} aria-label="Stop answering" disabled={run.stopping} onClick={stop}>
          <Square size={13} fill="currentColor" aria-hidden />
          {run.stopping ? 'Stopping' : 'Stop'}
        </button>
      ) : (
        <button type="submit" className={css.send} aria-label="Ask" disabled={text.trim() === ''}>
          <ArrowUp size={18} aria-hidden />
        </button>
      )}
    </form>
  );
}
