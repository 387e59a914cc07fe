/** The figures of each way of searching, with the 95 % interval of each drawn on a line from 0 to 1. */
import type { ReactNode } from 'react';
import { type EvalRun, type EvalRunSummary, evalMetricNames } from '../../../shared/model/evaluation.ts';
import { type SearchMode, searchModes } from '../../../shared/model/knowledge.ts';
import { formatLatency } from '../../ui/format.ts';
import { deltaWords, type EvalMode, metricOf, metricWords } from './eval-words.ts';
import css from './metrics-table.module.css';
import { modeWords } from './mode-words.ts';

/** The colours that the ways have on the bench. */
const series: Readonly<Record<SearchMode, number>> = { hybrid: 3, dense: 1, bm25: 2 };

function Figure({
  metric,
  before,
  series,
}: {
  readonly metric: EvalMode['metrics'][number];
  /** The same of an earlier run. */
  readonly before: number | null;
  readonly series: number;
}): ReactNode {
  const { value, low, high } = metric;
  return (
    <>
      <span className={css.value}>{value.toFixed(3)}</span>
      {before === null ? null : (
        <span className={css.delta} data-better={value > before + 0.0005} data-worse={value < before - 0.0005}>
          {deltaWords(value, before)}
        </span>
      )}
      <span className={css.axis} aria-hidden style={{ color: `var(--series-${series})` }}>
        <span className={css.whisker} style={{ left: `${low * 100}%`, width: `${(high - low) * 100}%` }} />
        {before === null ? null : <span className={css.before} style={{ left: `${before * 100}%` }} />}
        <span className={css.dot} style={{ left: `${value * 100}%` }} />
      </span>
      <span className={css.interval}>{`${low.toFixed(2)} to ${high.toFixed(2)}`}</span>
    </>
  );
}

export function MetricsTable({
  run,
  earlier,
}: {
  readonly run: EvalRun;
  readonly earlier: EvalRunSummary | null;
}): ReactNode {
  const modes = searchModes.flatMap((mode) => run.modes.filter((one) => one.mode === mode));
  const names = evalMetricNames.filter((name) => modes.some((mode) => metricOf(mode, name) !== undefined));
  return (
    <figure className={css.figure}>
      <div className={css.scroll}>
        <table className={css.table}>
          <caption className="visually-hidden">Figures of each way of searching, with 95 % intervals</caption>
          <thead>
            <tr>
              <th scope="col">Measure</th>
              {modes.map(({ mode }) => (
                <th key={mode} scope="col">
                  {modeWords[mode].label} <small>{modeWords[mode].note}</small>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {names.map((name) => (
              <tr key={name}>
                <th scope="row" title={metricWords[name].title}>
                  {metricWords[name].label} <small>{metricWords[name].note}</small>
                </th>
                {modes.map((mode) => {
                  const metric = metricOf(mode, name);
                  const before = metricOf(
                    earlier?.modes.find((one) => one.mode === mode.mode),
                    name,
                  );
                  return (
                    <td key={mode.mode}>
                      {metric === undefined ? (
                        '–'
                      ) : (
                        <Figure metric={metric} before={before?.value ?? null} series={series[mode.mode]} />
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
            <tr>
              <th scope="row" title="Half of the searches were quicker; 95 of 100 were quicker than the second figure">
                Time of a search <small>median, 95 of 100</small>
              </th>
              {modes.map(({ mode, p50Ms, p95Ms }) => (
                <td key={mode} className={css.time}>
                  {`${formatLatency(p50Ms)}, ${formatLatency(p95Ms)}`}
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
      <figcaption className={css.caption}>
        From 0 to 1, higher is better. The line shows where the figure would lie for 95 of 100 sets like this one: ways
        whose lines overlap a lot are as good as each other.
        {earlier === null ? '' : ' The hollow mark is the other run.'}
      </figcaption>
    </figure>
  );
}
