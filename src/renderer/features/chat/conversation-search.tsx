/** Finds conversations by their titles and by what was said in them. */
import { type ReactNode, useEffect, useState } from 'react';
import type { ConversationHit } from '../../../shared/model/chat.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { call } from '../../app/bridge.ts';
import { announce } from '../../ui/announce.ts';
import { Skeleton } from '../../ui/blocks.tsx';
import { count } from '../../ui/format.ts';
import { markHidden } from '../../ui/plain-text.ts';
import { select, useChat } from './chat-store.ts';
import css from './conversation-list.module.css';

/** After the last letter typed. */
const waitMs = 160;
export const minChars = 2;

/** The words that were looked for, marked, whatever their letters' case. */
function Found({ text, wanted }: { readonly text: string; readonly wanted: string }): ReactNode {
  const at = text.toLowerCase().indexOf(wanted.toLowerCase());
  if (at === -1) return markHidden(text);
  const end = at + wanted.length;
  return (
    <>
      {markHidden(text.slice(0, at))}
      <mark className={css.found}>{markHidden(text.slice(at, end))}</mark>
      {markHidden(text.slice(end))}
    </>
  );
}

interface Result {
  readonly query: string;
  readonly hits: readonly ConversationHit[];
  readonly problem: Problem | null;
}

export function SearchResults({ query }: { readonly query: string }): ReactNode {
  const currentId = useChat((state) => state.currentId);
  const [result, setResult] = useState<Result | null>(null);
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(() => {
      void call('chat.search', { query }).then((answer) => {
        if (gone) return;
        setResult(
          answer.ok ? { query, hits: answer.value.hits, problem: null } : { query, hits: [], problem: answer.problem },
        );
        announce(answer.ok ? `${count(answer.value.hits.length, 'conversation')} found` : answer.problem.title);
      });
    }, waitMs);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [query]);
  if (result === null) {
    return (
      <div className={css.waiting}>
        <Skeleton height={34} label="Searching" />
        <Skeleton height={34} />
      </div>
    );
  }
  if (result.problem !== null) return <p className={css.nothing}>{result.problem.title}</p>;
  if (result.hits.length === 0)
    return <p className={css.nothing}>{`No conversation holds “${markHidden(result.query)}”.`}</p>;
  return (
    <ul className={css.foundList} aria-label="Found conversations">
      {result.hits.map(({ conversation, snippet }) => {
        const current = conversation.id === currentId;
        return (
          <li key={conversation.id} className={css.entry} data-current={current}>
            <button
              type="button"
              className={css.choose}
              aria-current={current ? 'true' : undefined}
              onClick={() => select(conversation.id)}
            >
              <span className={css.title}>
                <Found text={conversation.title} wanted={result.query} />
              </span>
              {snippet === null ? null : (
                <span className={css.snippet}>
                  <Found text={snippet} wanted={result.query} />
                </span>
              )}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
