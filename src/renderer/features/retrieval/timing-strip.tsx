/** What a search took, part by part: a bar in proportion, and the figures as text. */
import type { ReactNode } from 'react';
import type { SearchAnswer } from '../../../shared/model/knowledge.ts';
import { count, formatLatency } from '../../ui/format.ts';
import css from './timing-strip.module.css';

export function TimingStrip({
  answer,
  short = false,
}: {
  readonly answer: SearchAnswer;
  readonly short?: boolean;
}): ReactNode {
  const { embedMs, qdrantMs, hydrateMs, totalMs } = answer.timings;
  const parts = [
    { label: 'Embedding', title: 'Turning the query into a vector', ms: embedMs, series: 1 },
    { label: 'Qdrant', title: 'Finding vectors and words in the index', ms: qdrantMs, series: 2 },
    { label: 'Database', title: 'Reading the passages themselves', ms: hydrateMs, series: 4 },
  ];
  const whole = Math.max(totalMs, embedMs + qdrantMs + hydrateMs, 0.001);
  return (
    <div className={css.strip} data-short={short}>
      <p className={css.said}>
        <b>{count(answer.hits.length, 'passage')}</b> in <b>{formatLatency(totalMs)}</b>
      </p>
      <span className={css.bar} aria-hidden>
        {parts.map(({ label, ms, series }) => (
          <span
            key={label}
            style={{ width: `${(Math.max(0, ms) / whole) * 100}%`, background: `var(--series-${series})` }}
          />
        ))}
      </span>
      <dl className={css.parts}>
        {parts.map(({ label, title, ms, series }) => (
          <div key={label} title={title}>
            <dt>
              <span className={css.dot} style={{ background: `var(--series-${series})` }} />
              {label}
            </dt>
            <dd>{formatLatency(ms)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
