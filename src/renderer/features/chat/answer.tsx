/** An answer: what a person should know about it, its text with citations, its sources, who wrote it. */
import { BookOpenText, CircleSlash2, Info, OctagonAlert, RotateCcw, TriangleAlert } from 'lucide-react';
import { type ReactNode, useMemo } from 'react';
import type { CitationSource, Message, Notice } from '../../../shared/model/chat.ts';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { cx } from '../../ui/cx.ts';
import { formatLatency } from '../../ui/format.ts';
import { markHidden } from '../../ui/plain-text.ts';
import { Abstained } from './abstained.tsx';
import css from './answer.module.css';
import { markExactly, markLikely } from './answer-marks.ts';
import { parseBlocks } from './answer-text.ts';
import { CitedPieces, type Sources } from './citation.tsx';
import { copyOfAnswer } from './copy-of-answer.ts';
import { useMarkdownView } from './lazy-markdown.ts';
import { writtenBy } from './provider-words.ts';
import { SourceList } from './source-list.tsx';

export type ShownAnswer = Omit<Message, 'id' | 'conversationId' | 'role' | 'createdAtMs'>;

interface TextProps {
  readonly message: ShownAnswer;
  readonly sources: Sources;
  readonly streaming: boolean;
  readonly onOpen: (source: CitationSource) => void;
}

/** Quotes, as they are: nothing in them is markup. */
function Quoted({ message, sources, streaming, onOpen }: TextProps): ReactNode {
  const { text, citations, status } = message;
  const blocks = useMemo(
    () =>
      parseBlocks(
        status === 'completed' && citations.length > 0
          ? markExactly(text, citations)
          : markLikely(text, new Set(sources.keys())),
      ),
    [text, citations, status, sources],
  );
  return (
    <div className={cx(css.text, streaming && css.streaming)}>
      {blocks.map((block, index) => {
        const inline = <CitedPieces pieces={block.pieces} sources={sources} onOpen={onOpen} />;
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
  );
}

/** A model's words are Markdown; until the code for it has come they are shown as they are. */
function Written({ onLink, ...props }: TextProps & { readonly onLink: (url: string) => void }): ReactNode {
  const View = useMarkdownView();
  if (View === null) return <Quoted {...props} />;
  const { message, sources, streaming, onOpen } = props;
  return (
    <div className={css.text}>
      <View
        text={message.text}
        citations={message.status === 'completed' ? message.citations : null}
        streaming={streaming}
        sources={sources}
        onOpen={onOpen}
        onLink={onLink}
      />
    </div>
  );
}

const loud = new Set(['injection_suspected', 'low_confidence']);

function Notices({ notices }: { readonly notices: readonly Notice[] }): ReactNode {
  if (notices.length === 0) return null;
  return (
    <ul className={css.notices} aria-label="About this answer">
      {notices.map(({ code, message }) => (
        <li key={code} data-loud={loud.has(code)}>
          {loud.has(code) ? <TriangleAlert size={14} aria-hidden /> : <Info size={14} aria-hidden />}
          <span>{markHidden(message)}</span>
        </li>
      ))}
    </ul>
  );
}

export function Answer({
  message,
  streaming = false,
  onOpen,
  onOpenTitle,
  onLink,
  onRegenerate,
}: {
  readonly message: ShownAnswer;
  readonly streaming?: boolean;
  readonly onOpen: (source: CitationSource) => void;
  /** Opens the document of that title, or where all of them are. */
  readonly onOpenTitle: (title: string) => () => void;
  readonly onLink: (url: string) => void;
  readonly onRegenerate?: (() => void) | undefined;
}): ReactNode {
  const sources = useMemo(() => new Map(message.sources.map((source) => [source.n, source])), [message.sources]);
  const abstained = message.status === 'abstained';
  const { timings } = message;
  const writer = abstained ? null : writtenBy(message);
  const foot = [
    writer,
    timings === null || abstained
      ? null
      : `found in ${formatLatency(timings.retrievalMs)}, first word after ${formatLatency(timings.ttftMs)}, done in ${formatLatency(timings.totalMs)}`,
  ].filter((part) => part !== null);
  const text = { message, sources, streaming, onOpen };
  return (
    <article className={css.answer} aria-label="Answer" aria-busy={streaming}>
      <span className={css.badge}>
        <BookOpenText size={15} aria-hidden />
      </span>
      <div className={css.body}>
        <Notices notices={message.notices} />
        {abstained ? (
          <Abstained reason={message.text} nearest={message.nearest} onOpenTitle={onOpenTitle} />
        ) : message.provider === 'embedded' ? (
          <Quoted {...text} />
        ) : (
          <Written {...text} onLink={onLink} />
        )}
        {message.status === 'stopped' ? (
          <p className={css.note}>
            <CircleSlash2 size={14} aria-hidden /> You stopped this answer here.
          </p>
        ) : null}
        {message.status === 'error' ? (
          <p className={cx(css.note, css.noteBad)}>
            <OctagonAlert size={14} aria-hidden /> This answer broke off. Answer again to get a whole one.
          </p>
        ) : null}
        {message.sources.length > 0 && !abstained ? (
          <SourceList sources={message.sources} citations={message.citations} onOpen={onOpen} />
        ) : null}
        {streaming ? null : (
          <footer className={css.foot}>
            {foot.length === 0 ? null : <p>{foot.join(', ')}</p>}
            <div className={css.tools}>
              {message.text === '' ? null : (
                <CopyButton text={() => copyOfAnswer(message)} label="Copy this answer with its sources">
                  Copy
                </CopyButton>
              )}
              {onRegenerate === undefined ? null : (
                <Button
                  size="sm"
                  kind="quiet"
                  icon={RotateCcw}
                  title="This answer and everything after it are replaced"
                  onClick={onRegenerate}
                >
                  Answer again
                </Button>
              )}
            </div>
          </footer>
        )}
      </div>
    </article>
  );
}
