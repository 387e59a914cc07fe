/** What is searched for, where, and how. Enter searches. */
import { Search } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { Button } from '../../ui/button.tsx';
import { Choice } from '../../ui/choice.tsx';
import css from './bench-form.module.css';
import { KbPicker } from './kb-picker.tsx';
import { benchModeChoices, modeWords } from './mode-words.ts';
import { change, runSearch, useRetrieval } from './retrieval-store.ts';

const maxChars = 8000;
const topKs = [5, 10, 20, 50, 100] as const;

export function BenchForm({ kbs }: { readonly kbs: readonly KnowledgeBase[] | null }): ReactNode {
  const { query, kbIds, mode, topK, tags, searching, asked } = useRetrieval();
  const field = useRef<HTMLInputElement>(null);
  const countId = useId();
  useEffect(() => {
    // Someone who comes to search can type at once; results that are still there are for reading.
    if (useRetrieval.getState().asked === null) field.current?.focus({ preventScroll: true });
  }, []);
  const search = (): void => void runSearch();
  /** What is set differently is searched at once, where something was searched before. */
  const set = (part: Parameters<typeof change>[0]): void => {
    change(part);
    if (asked !== null) search();
  };
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        search();
      }}
    >
      <div className={css.ask}>
        <Search size={18} aria-hidden />
        <input
          ref={field}
          type="text"
          aria-label="What to search for"
          placeholder="What would somebody ask?"
          maxLength={maxChars}
          autoComplete="off"
          value={query}
          onChange={(event) => change({ query: event.target.value })}
        />
        <Button kind="primary" type="submit" disabled={query.trim() === '' || searching}>
          Search
        </Button>
      </div>
      <div className={css.options}>
        <Choice
          label="Way to search"
          value={mode}
          options={benchModeChoices}
          onChange={(next) => set({ mode: next })}
        />
        <KbPicker kbs={kbs} kbIds={kbIds} onChange={(next) => set({ kbIds: next })} />
        <div className={css.count}>
          <label htmlFor={countId}>Passages</label>
          <select id={countId} value={topK} onChange={(event) => set({ topK: Number(event.target.value) })}>
            {topKs.map((n) => (
              <option key={n} value={n}>
                {n}
              </option>
            ))}
          </select>
        </div>
        <input
          className={css.tags}
          type="text"
          aria-label="Only documents with one of these tags"
          placeholder="Tags, comma between"
          maxLength={400}
          spellCheck={false}
          value={tags}
          onChange={(event) => change({ tags: event.target.value })}
        />
      </div>
      <p className={css.about}>
        {mode === 'compare' ? 'The three ways beside each other, for the same words.' : modeWords[mode].about}
      </p>
    </form>
  );
}
