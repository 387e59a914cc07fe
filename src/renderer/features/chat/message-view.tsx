/** One turn: a question, or an answer with its citations and sources. Text only; nothing in it can become markup. */
import { BookOpenText, CircleSlash2, Compass, OctagonAlert } from 'lucide-react';
import { Fragment, type ReactNode, useMemo } from 'react';
import type { CitationSource, Message } from '../../../shared/model/chat.ts';
import { cx } from '../../ui/cx.ts';
import { formatLatency } from '../../ui/format.ts';
import { markHidden } from '../../ui/plain-text.ts';
import { type Block, joinCitations, parseBlocks } from './answer-text.ts';
import type { Abstention, Usage } from './chat-store.ts';
import css from './message-view.module.css';

export function Question({ text }: { readonly text: string }): ReactNode {
  return (
    <div className={css.question}>
      <span className="visually-hidden">You asked: </span>
      <p>{markHidden(text)}</p>
    </div>
  );
}

function Inline({
  block,
  sources,
  onOpen,
}: {
  readonly block: Block;
  readonly sources: ReadonlyMap<number, CitationSource>;
  readonly onOpen: (source: CitationSource) => void;
}): ReactNode {
  return joinCitations(block.pieces).map((run, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: runs only grow at the end
    <Fragment key={index}>
      {markHidden(run.text)}
      {run.numbers.length === 0 ? null : (
        <span className={css.together}>
          {markHidden(run.lastWord)}
          {run.numbers.map((n) => (
            <Citation key={n} source={sources.get(n)} onOpen={onOpen} />
          ))}
        </span>
      )}
    </Fragment>
  ));
}

function Citation({
  source,
  onOpen,
}: {
  readonly source: CitationSource | undefined;
  readonly onOpen: (source: CitationSource) => void;
}): ReactNode {
  if (source === undefined) return null;
  return (
    <button
      type="button"
      className={css.cite}
      aria-label={`Source ${source.n}: ${source.title}`}
      title={`${source.title}${source.page === null ? '' : `, page ${source.page}`}`}
      onClick={() => onOpen(source)}
    >
      {source.n}
    </button>
  );
}

const strengths = { strong: 'Strong match', medium: 'Fair match', weak: 'Weak match' } as const;

function Sources({
  sources,
  onOpen,
}: {
  readonly sources: readonly CitationSource[];
  readonly onOpen: (source: CitationSource) => void;
}): ReactNode {
  return (
    <ul className={css.sources} aria-label="Sources">
      {sources.map((source) => (
        <li key={source.n}>
          <button
            type="button"
            className={css.source}
            onClick={() => onOpen(source)}
            title={markHidden(source.snippet)}
          >
            <span className={css.number}>{source.n}</span>
            <span className={css.sourceTitle}>{markHidden(source.title)}</span>
            <span className={css.place}>
              {source.page === null ? (source.headingPath.at(-1) ?? '') : `page ${source.page}`}
            </span>
            <span className={cx(css.strength, css[source.strength])} title={strengths[source.strength]}>
              <span className="visually-hidden">{strengths[source.strength]}</span>
              <i />
              <i />
              <i />
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

const abstainedTitle = 'Your documents do not answer this';

function sameWords(a: string, b: string): boolean {
  const bare = (text: string): string => text.toLowerCase().replace(/[^a-z]/g, '');
  return bare(a) === bare(b);
}

/** The documents do not answer: its own state, with what came nearest. */
function Abstained({ reason, nearest }: { readonly reason: string; readonly nearest: readonly string[] }): ReactNode {
  return (
    <div className={css.abstained}>
      <Compass size={18} aria-hidden />
      <div>
        <p className={css.abstainedTitle}>{abstainedTitle}</p>
        {sameWords(reason, abstainedTitle) ? null : <p>{markHidden(reason)}</p>}
        {nearest.length === 0 ? null : (
          <>
            <p className={css.nearest}>The nearest were:</p>
            <ul>
              {nearest.map((title) => (
                <li key={title}>{markHidden(title)}</li>
              ))}
            </ul>
          </>
        )}
      </div>
    </div>
  );
}

const providers: Readonly<Record<string, string>> = {
  embedded: 'Quoted by the embedded answerer',
  'openai-compatible': 'Written by the connected model',
};

export function Answer({
  message,
  abstention,
  usage,
  streaming = false,
  onOpen,
}: {
  readonly message: Pick<Message, 'text' | 'status' | 'sources' | 'provider'>;
  readonly abstention: Abstention | null;
  readonly usage: Usage | null;
  readonly streaming?: boolean;
  readonly onOpen: (source: CitationSource) => void;
}): ReactNode {
  const sources = useMemo(() => new Map(message.sources.map((source) => [source.n, source])), [message.sources]);
  const blocks = useMemo(() => parseBlocks(message.text, new Set(sources.keys())), [message.text, sources]);
  const foot = [
    providers[message.provider ?? ''] ?? null,
    usage === null ? null : `found in ${formatLatency(usage.retrievalMs)}, answered in ${formatLatency(usage.totalMs)}`,
  ].filter((part) => part !== null);
  return (
    <article className={css.answer} aria-label="Answer" aria-busy={streaming}>
      <span className={css.badge}>
        <BookOpenText size={15} aria-hidden />
      </span>
      <div className={css.body}>
        {message.status === 'abstained' ? (
          <Abstained
            reason={abstention?.reason ?? message.text}
            nearest={abstention?.nearest ?? message.sources.map((source) => source.title)}
          />
        ) : (
          <div className={cx(css.text, streaming && css.streaming)}>
            {blocks.map((block, index) => {
              const inline = <Inline block={block} sources={sources} onOpen={onOpen} />;
              // biome-ignore-start lint/suspicious/noArrayIndexKey: blocks only grow at the end
              if (block.kind === 'quote') return <blockquote key={index}>{inline}</blockquote>;
              return (
                <p key={index} className={cx(block.kind === 'item' && css.item)}>
                  {inline}
                </p>
              );
              // biome-ignore-end lint/suspicious/noArrayIndexKey: blocks only grow at the end
            })}
          </div>
        )}
        {message.status === 'stopped' ? (
          <p className={css.note}>
            <CircleSlash2 size={14} aria-hidden /> You stopped this answer here.
          </p>
        ) : null}
        {message.status === 'error' ? (
          <p className={cx(css.note, css.noteBad)}>
            <OctagonAlert size={14} aria-hidden /> This answer broke off. Ask again to get a whole one.
          </p>
        ) : null}
        {message.sources.length > 0 && message.status !== 'abstained' ? (
          <Sources sources={message.sources} onOpen={onOpen} />
        ) : null}
        {foot.length > 0 && !streaming && message.status !== 'abstained' ? (
          <p className={css.foot}>{foot.join(', ')}</p>
        ) : null}
      </div>
    </article>
  );
}
