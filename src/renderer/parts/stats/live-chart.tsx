/** One small live chart: lines without animation or dots, a numeric time axis, gaps where nothing was measured. */
import { memo, type ReactNode } from 'react';
import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { SeriesRow } from '../../app/stats-history.ts';
import { formatClock } from '../../ui/format.ts';
import { niceTop } from './nice-top.ts';
import css from './stats.module.css';
import { thin } from './thin.ts';

export interface ChartSeries {
  readonly key: string;
  readonly colour: string;
  /** A second way to tell lines apart. */
  readonly dashed?: boolean;
  /** Values may stand alone between gaps, where a line has no length: draw them as points too. */
  readonly sparse?: boolean;
}

const maxRows = 300;
const margin = { top: 8, right: 26, bottom: 0, left: 0 };
const axis = { fill: 'var(--ink-3)', fontSize: 11 };

/** Least time the axis shows. */
const leastMs = 60_000;

/** Where the axis begins: with the first value, so that a young chart is not an empty one, but never less than a minute back. */
export function firstShown(rows: readonly SeriesRow[], keys: readonly string[]): number {
  const begun = rows.find((row) => keys.some((key) => row[key] !== null && row[key] !== undefined))?.t ?? 0;
  return Math.max(rows[0]?.t ?? 0, Math.min(begun, (rows.at(-1)?.t ?? 0) - leastMs));
}

/** Points cost more to draw than a line; many need none to be seen. */
function isFew(rows: readonly SeriesRow[], key: string): boolean {
  return rows.reduce((sum, row) => sum + (row[key] === null || row[key] === undefined ? 0 : 1), 0) <= 120;
}

function LiveChartView({
  title,
  rows,
  series,
  format,
  floor,
  binary = false,
}: {
  readonly title: string;
  readonly rows: readonly SeriesRow[];
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  /** The axis reaches at least this, so that noise near zero stays small. */
  readonly floor: number;
  readonly binary?: boolean;
}): ReactNode {
  const keys = series.map((one) => one.key);
  const drawn = thin(rows, maxRows, keys);
  let max = floor;
  for (const row of drawn) for (const key of keys) max = Math.max(max, row[key] ?? 0);
  const top = niceTop(max, binary);
  const first = firstShown(rows, keys);
  const last = rows.at(-1)?.t ?? 1;
  return (
    <div className={css.plot} aria-hidden>
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 480, height: 170 }}>
        <LineChart data={drawn as SeriesRow[]} margin={margin} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            dataKey="t"
            type="number"
            domain={[first, last]}
            allowDataOverflow
            ticks={[first, (first + last) / 2, last]}
            tickFormatter={(t: number) => formatClock(t, false)}
            tick={axis}
            tickLine={false}
            axisLine={{ stroke: 'var(--line-strong)' }}
            height={22}
          />
          <YAxis
            type="number"
            domain={[0, top]}
            ticks={[0, top / 2, top]}
            tickFormatter={(value: number) => (value === 0 ? '0' : format(value))}
            tick={axis}
            tickLine={false}
            axisLine={false}
            width={68}
          />
          <Tooltip
            isAnimationActive={false}
            cursor={{ stroke: 'var(--line-strong)' }}
            content={({ active, payload, label }) =>
              active && payload.length > 0 ? (
                <div className={css.tip}>
                  <p>{formatClock(Number(label), false)}</p>
                  {payload.map((entry) => (
                    <p key={String(entry.dataKey)}>
                      <span className={css.swatch} style={{ background: entry.color }} />
                      {String(entry.dataKey)}
                      <b>{format(Number(entry.value))}</b>
                    </p>
                  ))}
                </div>
              ) : null
            }
          />
          {series.map((one) => (
            <Line
              key={one.key}
              dataKey={one.key}
              name={`${title} ${one.key}`}
              stroke={one.colour}
              strokeWidth={1.6}
              {...(one.dashed === true ? { strokeDasharray: '5 3' } : {})}
              dot={one.sparse === true && isFew(drawn, one.key) ? { r: 2.5, strokeWidth: 0, fill: one.colour } : false}
              activeDot={{ r: 3, strokeWidth: 0 }}
              isAnimationActive={false}
              connectNulls={false}
              type="linear"
            />
          ))}
        </LineChart>
      </ResponsiveContainer>
    </div>
  );
}

export const LiveChart = memo(LiveChartView);
