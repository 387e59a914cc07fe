/** The ways of searching beside each other: three columns where there is room, else one under another. */
import type { ReactNode } from 'react';
import type { SearchAnswer, SearchHit } from '../../../shared/model/knowledge.ts';
import css from './compared.module.css';
import { HitCard } from './hit-card.tsx';
import { modeWords } from './mode-words.ts';
import { TimingStrip } from './timing-strip.tsx';

/** "By meaning: 2. By words: not among the first 10." */
function placesElsewhere(hit: SearchHit, own: SearchAnswer, answers: readonly SearchAnswer[]): string {
  return answers
    .filter((answer) => answer !== own)
    .map(({ mode, hits }) => {
      const place = hits.findIndex(({ chunkId }) => chunkId === hit.chunkId) + 1;
      return `${modeWords[mode].label}: ${place === 0 ? 'not found' : `place ${place}`}`;
    })
    .join(' · ');
}

export function Compared({
  answers,
  query,
  onOpen,
  onKeep,
}: {
  readonly answers: readonly SearchAnswer[];
  readonly query: string;
  readonly onOpen: (hit: SearchHit) => void;
  readonly onKeep: (hit: SearchHit) => void;
}): ReactNode {
  return (
    <div className={css.columns}>
      {answers.map((answer) => {
        const { label, note } = modeWords[answer.mode];
        return (
          <section key={answer.mode} className={css.column} aria-label={label}>
            <header className={css.head}>
              <h3>
                {label} <small>{note}</small>
              </h3>
              <TimingStrip answer={answer} short />
            </header>
            {answer.hits.length === 0 ? (
              <p className={css.none}>No passage was found this way.</p>
            ) : (
              <ol className={css.hits} aria-label={`Passages found ${label.toLowerCase()}`}>
                {answer.hits.map((hit, index) => (
                  <HitCard
                    key={hit.chunkId}
                    hit={hit}
                    place={index + 1}
                    answer={answer}
                    query={query}
                    elsewhere={placesElsewhere(hit, answer, answers)}
                    compact
                    onOpen={() => onOpen(hit)}
                    onKeep={() => onKeep(hit)}
                  />
                ))}
              </ol>
            )}
          </section>
        );
      })}
    </div>
  );
}
