/** A chart with its title, and a sentence for those who do not see it. */

import { ChartSpline } from 'lucide-react';
import type { ReactNode } from 'react';
import type { SeriesRow } from '../../app/stats-history.ts';
import { EmptyState, Skeleton } from '../../ui/blocks.tsx';
import { type ChartSeries, LiveChart } from './live-chart.tsx';
import css from './stats.module.css';

/** The newest value of each series in words: "postgres 2.1 %, nlp 40 %". */
export function chartWords(
  rows: readonly SeriesRow[],
  series: readonly ChartSeries[],
  format: (value: number) => string,
): string {
  const last = rows.at(-1);
  return series
    .map(({ key }) => {
      const value = last?.[key];
      return `${key} ${value === null || value === undefined ? 'not measured' : format(value)}`;
    })
    .join(', ');
}

export function ChartCard({
  title,
  hint,
  rows,
  series,
  format,
  floor,
  binary = false,
  empty,
  legend = false,
}: {
  readonly title: string;
  readonly hint: string;
  readonly rows: readonly SeriesRow[];
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  readonly floor: number;
  readonly binary?: boolean;
  /** Said instead of the chart while there is nothing to draw. */
  readonly empty?: string | undefined;
  readonly legend?: boolean;
}): ReactNode {
  return (
    <figure className={css.card} aria-label={title}>
      <figcaption className={css.cardHead}>
        <h2>{title}</h2>
        <span className={css.hint}>{hint}</span>
        {legend ? (
          <span className={css.keys}>
            {series.map((one) => (
              <span key={one.key} className={css.key}>
                <span className={css.stroke} data-dashed={one.dashed === true} style={{ color: one.colour }} />
                {one.key}
              </span>
            ))}
          </span>
        ) : null}
        <span className="visually-hidden">{rows.length === 0 ? '' : `Now: ${chartWords(rows, series, format)}`}</span>
      </figcaption>
      {empty !== undefined ? (
        <div className={css.plot}>
          <EmptyState compact icon={ChartSpline} title={empty} />
        </div>
      ) : rows.length === 0 ? (
        <div className={css.plot}>
          <Skeleton height={150} label="Waiting for the first sample" />
        </div>
      ) : (
        <LiveChart title={title} rows={rows} series={series} format={format} floor={floor} binary={binary} />
      )}
    </figure>
  );
}
