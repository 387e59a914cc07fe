/** A number in an answer that opens its passage, with a mark of how well the passage bears the sentence out. */
import { Fragment, type ReactNode } from 'react';
import type { Citation as CitationInfo, CitationSource } from '../../../shared/model/chat.ts';
import { cx } from '../../ui/cx.ts';
import { Hint } from '../../ui/hint.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { joinCitations, type Mark, type Piece, splitMarks } from './answer-marks.ts';
import css from './citation.module.css';

export type Sources = ReadonlyMap<number, CitationSource>;
type Open = (source: CitationSource) => void;

export const supportWords: Readonly<Record<CitationInfo['support'], string>> = {
  strong: 'well supported',
  medium: 'partly supported',
  weak: 'weakly supported',
  unsupported: 'not supported by this passage',
};

/** A full, half or empty disc, or a crossed one: told apart without colour. */
export function SupportShape({ support }: { readonly support: CitationInfo['support'] }): ReactNode {
  return (
    <svg className={css.shape} width="9" height="9" viewBox="0 0 10 10" aria-hidden="true">
      <circle
        cx="5"
        cy="5"
        r="4"
        fill={support === 'strong' ? 'currentColor' : 'none'}
        stroke="currentColor"
        strokeWidth="1.5"
      />
      {support === 'medium' ? <path d="M5 1a4 4 0 0 1 0 8z" fill="currentColor" /> : null}
      {support === 'unsupported' ? (
        <path d="M2.4 2.4l5.2 5.2M7.6 2.4L2.4 7.6" stroke="currentColor" strokeWidth="1.4" />
      ) : null}
    </svg>
  );
}

function Citation({
  mark,
  source,
  onOpen,
}: {
  readonly mark: Mark;
  readonly source: CitationSource;
  readonly onOpen: Open;
}): ReactNode {
  const title = markHidden(source.title);
  const place = source.page === null ? title : `${title}, page ${source.page}`;
  const words = mark.support === null ? '' : `, ${supportWords[mark.support]}`;
  return (
    <Hint text={`${place}${words}`}>
      <button
        type="button"
        className={cx(css.cite, mark.support === 'unsupported' && css.unsupported)}
        aria-label={`Source ${source.n}: ${title}${words}`}
        onClick={() => onOpen(source)}
      >
        {source.n}
        {mark.support === null ? null : <SupportShape support={mark.support} />}
      </button>
    </Hint>
  );
}

/** Text with its citations; each stays on the line of the word before it. */
export function CitedPieces({
  pieces,
  sources,
  onOpen,
}: {
  readonly pieces: readonly Piece[];
  readonly sources: Sources;
  readonly onOpen: Open;
}): ReactNode {
  return joinCitations(pieces).map((run, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: runs only grow at the end
    <Fragment key={index}>
      {markHidden(run.text)}
      {run.marks.length === 0 ? null : (
        <span className={css.together}>
          {/* A word joiner holds it to a word that stands in another element. */}
          {run.lastWord === '' ? '\u2060' : markHidden(run.lastWord)}
          {run.marks.map((mark) => {
            const source = sources.get(mark.n);
            return source === undefined ? null : <Citation key={mark.n} mark={mark} source={source} onOpen={onOpen} />;
          })}
        </span>
      )}
    </Fragment>
  ));
}

export function Cited({
  text,
  marks,
  ...rest
}: {
  readonly text: string;
  readonly marks: readonly Mark[];
  readonly sources: Sources;
  readonly onOpen: Open;
}): ReactNode {
  return <CitedPieces pieces={splitMarks(text, marks)} {...rest} />;
}
