/** The passages an answer was made from, each with how near it came to the question and how well it bears the answer out. */
import type { ReactNode } from 'react';
import type { Citation, CitationSource } from '../../../shared/model/chat.ts';
import { cx } from '../../ui/cx.ts';
import { markHidden } from '../../ui/plain-text.ts';
import css from './answer.module.css';

const strengths = { strong: 'Strong match', medium: 'Fair match', weak: 'Weak match' } as const;

/** Its page, or the heading that it stands under; the document's own title says nothing more. */
function placeOf({ title, page, headingPath }: CitationSource): string {
  if (page !== null) return `page ${page}`;
  const heading = headingPath.at(-1) ?? '';
  return heading === title ? '' : markHidden(heading);
}

export function SourceList({
  sources,
  citations,
  onOpen,
}: {
  readonly sources: readonly CitationSource[];
  readonly citations: readonly Citation[];
  readonly onOpen: (source: CitationSource) => void;
}): ReactNode {
  const cited = new Set(citations.map(({ n }) => n));
  return (
    <ul className={css.sources} aria-label="Sources">
      {sources.map((source) => {
        const used = citations.length === 0 || cited.has(source.n);
        return (
          <li key={source.n}>
            <button
              type="button"
              className={cx(css.source, !used && css.unused)}
              onClick={() => onOpen(source)}
              title={markHidden(source.snippet)}
            >
              <span className={css.number}>{source.n}</span>
              <span className={css.sourceTitle}>{markHidden(source.title)}</span>
              {placeOf(source) === '' ? null : <span className={css.place}>{placeOf(source)}</span>}
              {used ? null : <span className={css.place}>not cited</span>}
              <span className={cx(css.strength, css[source.strength])} title={strengths[source.strength]}>
                <span className="visually-hidden">{strengths[source.strength]}</span>
                <i />
                <i />
                <i />
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
