/** What each service of a stack uses, live: a table of now and charts of the last minutes. */
import { type ReactNode, useMemo, useState } from 'react';
import { formatBytes } from '../../../shared/model/bytes.ts';
import { changeSettings } from '../../app/actions.ts';
import { useLive } from '../../app/live-store.ts';
import { statsOf, useStatsVersion } from '../../app/stats-feed.ts';
import type { StatFigure } from '../../app/stats-history.ts';
import { Choice } from '../../ui/choice.tsx';
import { formatCores, formatRate } from '../../ui/format.ts';
import { seriesColour } from '../../ui/series.ts';
import { ToggleChip } from '../../ui/toggle-chip.tsx';
import { ChartCard } from './chart-card.tsx';
import { FiguresTable } from './figures-table.tsx';
import css from './stats.module.css';

const windows = [
  { value: '60', label: '1 min' },
  { value: '300', label: '5 min' },
  { value: '900', label: '15 min' },
] as const;

const charts: readonly {
  readonly figure: StatFigure;
  readonly title: string;
  readonly hint: string;
  readonly format: (value: number) => string;
  readonly floor: number;
  readonly binary: boolean;
}[] = [
  { figure: 'cpuCores', title: 'CPU', hint: '100 % is one core', format: formatCores, floor: 0.1, binary: false },
  {
    figure: 'memBytes',
    title: 'Memory',
    hint: 'in use',
    format: formatBytes,
    floor: 2 ** 26,
    binary: true,
  },
  { figure: 'rxBytesPerS', title: 'Network in', hint: 'per second', format: formatRate, floor: 1024, binary: true },
  { figure: 'txBytesPerS', title: 'Network out', hint: 'per second', format: formatRate, floor: 1024, binary: true },
];

export function StatsView({
  stack,
  services: names,
  more = () => null,
}: {
  /** null is the bundled stack. */
  readonly stack: string | null;
  readonly services: readonly string[];
  /** Charts after these, over the same time. */
  readonly more?: (windowS: number) => ReactNode;
}): ReactNode {
  const version = useStatsVersion(stack);
  const chosen = useLive((state) => state.settings?.metricsWindowS ?? 300);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const windowS = Number(windows.find(({ value }) => Number(value) >= chosen)?.value ?? 900);
  const key = names.join(' ');
  const services = useMemo(() => key.split(' ').filter((name) => name !== ''), [key]);
  const series = useMemo(
    () =>
      services
        .filter((service) => !hidden.has(service))
        .map((service) => ({ key: service, colour: seriesColour(services, service) })),
    [services, hidden],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: version stands for the history's content
  const rows = useMemo(
    () =>
      charts.map(({ figure }) =>
        statsOf(stack).rows(
          figure,
          windowS * 1000,
          series.map((one) => one.key),
        ),
      ),
    [stack, version, windowS, series],
  );
  return (
    <>
      <div className={css.bar}>
        <fieldset className={css.legend}>
          <legend className="visually-hidden">Services shown</legend>
          {services.map((service) => (
            <ToggleChip
              key={service}
              on={!hidden.has(service)}
              colour={seriesColour(services, service)}
              onClick={() => {
                const next = new Set(hidden);
                if (!next.delete(service)) next.add(service);
                setHidden(next);
              }}
            >
              {service}
            </ToggleChip>
          ))}
        </fieldset>
        <Choice
          label="Time shown"
          value={String(windowS)}
          options={windows}
          onChange={(value) => void changeSettings({ metricsWindowS: Number(value) })}
        />
      </div>
      <FiguresTable services={services} latest={(service) => statsOf(stack).latest(service)} />
      <div className={css.grid}>
        {charts.map(({ figure, title, hint, format, floor, binary }, index) => (
          <ChartCard
            key={figure}
            title={title}
            hint={hint}
            rows={rows[index] ?? []}
            series={series}
            format={format}
            floor={floor}
            binary={binary}
          />
        ))}
        {more(windowS)}
      </div>
    </>
  );
}
