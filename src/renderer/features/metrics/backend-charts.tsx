/** The backend's own figures: how long questions take, how many come, how many fail. */
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { keepOpen } from '../../app/bridge.ts';
import type { SeriesRow } from '../../app/stats-history.ts';
import { ChartCard } from '../../parts/stats/chart-card.tsx';
import { formatLatency } from '../../ui/format.ts';
import { type BackendHistory, createBackendHistory } from './backend-history.ts';

const latency = [
  { key: 'p50', colour: 'var(--series-1)', sparse: true },
  { key: 'p95', colour: 'var(--series-2)', dashed: true, sparse: true },
] as const;
const rates = [
  { key: 'queries', colour: 'var(--series-4)' },
  { key: 'errors', colour: 'var(--bad)', dashed: true },
] as const;

const perSecond = (value: number): string =>
  `${value >= 9.95 ? value.toFixed(0) : value.toFixed(value < 0.095 && value > 0 ? 2 : 1)}/s`;

const history: BackendHistory = createBackendHistory(900);

export function BackendCharts({ windowS, ready }: { readonly windowS: number; readonly ready: boolean }): ReactNode {
  const [version, setVersion] = useState(0);
  const [shown, setShown] = useState(document.visibilityState !== 'hidden');
  useEffect(() => {
    const onChange = (): void => setShown(document.visibilityState !== 'hidden');
    document.addEventListener('visibilitychange', onChange);
    return () => document.removeEventListener('visibilitychange', onChange);
  }, []);
  useEffect(() => {
    if (!ready || !shown) return;
    return keepOpen('metrics.watch', {}, ({ samples }) => {
      history.add(samples);
      setVersion((n) => n + 1);
    });
  }, [ready, shown]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: version stands for the history's content
  const rows = useMemo<readonly SeriesRow[]>(() => history.rows(windowS * 1000), [version, windowS]);
  const asked = rows.some((row) => row.p50 !== null && row.p50 !== undefined);
  const missing = ready ? undefined : 'The backend does not answer';
  return (
    <>
      <ChartCard
        title="Answer time"
        hint="median and slowest twentieth"
        rows={rows}
        series={latency}
        format={formatLatency}
        floor={100}
        legend
        empty={missing ?? (rows.length > 0 && !asked ? 'No question was asked in this time' : undefined)}
      />
      <ChartCard
        title="Questions"
        hint="asked and failed, per second"
        rows={rows}
        series={rates}
        format={perSecond}
        floor={1}
        legend
        empty={missing}
      />
    </>
  );
}
