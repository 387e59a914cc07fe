/** One passage that was found: its place, what each way of searching says of it, and its text with the query's words marked. */
import { BookmarkPlus, FileText } from 'lucide-react';
import type { ReactNode } from 'react';
import type { SearchAnswer, SearchHit } from '../../../shared/model/knowledge.ts';
import { Button } from '../../ui/button.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import css from './hit-card.module.css';
import { markQuery } from './query-marks.ts';

export function Marked({ text, query }: { readonly text: string; readonly query: string }): ReactNode {
  let at = 0;
  return markQuery(markHidden(text), query).map((piece) => {
    const key = at;
    at += piece.text.length;
    return piece.hit ? <mark key={key}>{piece.text}</mark> : <span key={key}>{piece.text}</span>;
  });
}

interface Leg {
  readonly label: string;
  readonly unit: string;
  /** What the figure means; never a share of anything. */
  readonly title: string;
  readonly value: number | null;
  readonly words: string;
  /** Length of its bar, 0 to 1. */
  readonly share: number;
  readonly series: number;
}

/** The bars of a passage. BM25 and the fused order have no upper end: theirs are measured against the best of this search. */
function legsOf(hit: SearchHit, answer: SearchAnswer): Leg[] {
  const { fused, dense, bm25 } = hit.scores;
  const bestBm25 = Math.max(...answer.hits.map(({ scores }) => scores.bm25 ?? 0), 0);
  const bestFused = Math.max(...answer.hits.map(({ scores }) => scores.fused), 0);
  const legs: Leg[] = [];
  if (answer.mode !== 'bm25') {
    legs.push({
      label: 'Meaning',
      unit: 'cosine',
      title: 'Cosine between query and passage: 1 means the same, about 0 has nothing to do with it',
      value: dense,
      words: dense === null ? 'not found this way' : dense.toFixed(3),
      share: Math.max(0, Math.min(1, dense ?? 0)),
      series: 1,
    });
  }
  if (answer.mode !== 'dense') {
    legs.push({
      label: 'Words',
      unit: 'BM25',
      title:
        'BM25: the more and the rarer the words they share, the higher. It has no upper end; the bar is measured against the best of this search',
      value: bm25,
      words: bm25 === null ? 'not found this way' : bm25.toFixed(2),
      share: bestBm25 === 0 ? 0 : Math.max(0, bm25 ?? 0) / bestBm25,
      series: 2,
    });
  }
  if (answer.mode === 'hybrid') {
    legs.push({
      label: 'Order',
      unit: 'fused',
      title: 'Made of the two before: it only decides the order. The bar is measured against the first passage',
      value: fused,
      words: fused.toFixed(4),
      share: bestFused === 0 ? 0 : Math.max(0, fused) / bestFused,
      series: 3,
    });
  }
  return legs;
}

/** Where a passage stands: page and headings below the title, which stands above; empty when nothing is known. */
export function whereWords({ title, page, headingPath }: Pick<SearchHit, 'title' | 'page' | 'headingPath'>): string {
  const headings = headingPath[0] === title ? headingPath.slice(1) : headingPath;
  return [...headings, page === null ? null : `page ${page}`].filter((part) => part !== null).join(' › ');
}

export function HitCard({
  hit,
  place,
  answer,
  query,
  elsewhere,
  compact = false,
  onOpen,
  onKeep,
}: {
  readonly hit: SearchHit;
  readonly place: number;
  /** The search it belongs to. */
  readonly answer: SearchAnswer;
  readonly query: string;
  /** Its places in other ways of searching, in words. */
  readonly elsewhere?: string;
  readonly compact?: boolean;
  readonly onOpen: () => void;
  readonly onKeep: () => void;
}): ReactNode {
  const title = markHidden(hit.title);
  const where = markHidden(whereWords(hit));
  return (
    <li
      className={css.card}
      data-compact={compact}
      aria-label={`${place}. ${title}${where === '' ? '' : `, ${where}`}`}
    >
      <span className={css.place} aria-hidden>
        {place}
      </span>
      <div className={css.words}>
        <h3 className={css.title} title={markHidden(hit.sourceName)}>
          {title}
        </h3>
        {where === '' ? null : (
          <p className={css.where} title={where}>
            {where}
          </p>
        )}
      </div>
      <dl className={css.legs}>
        {legsOf(hit, answer).map(({ label, unit, title: meaning, value, words, share, series }) => (
          <div key={label} className={css.leg} title={meaning}>
            <dt>
              {label} <small>{unit}</small>
            </dt>
            <dd className={value === null ? css.absent : css.figure}>
              {value === null ? null : (
                <span className={css.bar} aria-hidden>
                  <span style={{ width: `${share * 100}%`, background: `var(--series-${series})` }} />
                </span>
              )}
              <span>{words}</span>
            </dd>
          </div>
        ))}
      </dl>
      <p className={css.text}>
        <Marked text={hit.text.trim().replace(/\n\s*\n/g, '\n')} query={query} />
      </p>
      <div className={css.foot}>
        {elsewhere === undefined ? null : <span className={css.elsewhere}>{elsewhere}</span>}
        <Button size="sm" icon={FileText} aria-label={`Open passage ${place}`} onClick={onOpen}>
          Open passage
        </Button>
        <Button
          size="sm"
          kind="quiet"
          icon={BookmarkPlus}
          aria-label={`Keep as question with passage ${place}`}
          onClick={onKeep}
        >
          Keep as question
        </Button>
      </div>
    </li>
  );
}
