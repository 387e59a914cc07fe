/** Current values as a table: the charts in figures, and what a screen reader reads. */
import type { ReactNode } from 'react';
import { formatBytes } from '../../../shared/model/bytes.ts';
import type { ServiceFigures } from '../../app/stats-history.ts';
import { Meter } from '../../ui/blocks.tsx';
import { formatCores, formatRate } from '../../ui/format.ts';
import { seriesColour } from '../../ui/series.ts';
import css from './stats.module.css';

export function FiguresTable({
  services,
  latest,
}: {
  readonly services: readonly string[];
  /** What a service uses right now; null when it does not run. */
  readonly latest: (service: string) => ServiceFigures | null;
}): ReactNode {
  const figures = services.map((service) => ({ service, now: latest(service) }));
  const sum = (pick: (now: NonNullable<(typeof figures)[number]['now']>) => number): number =>
    figures.reduce((total, { now }) => total + (now === null ? 0 : pick(now)), 0);
  return (
    <div className={css.tableFrame}>
      <table className={css.table} aria-label="Current use per service">
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">CPU</th>
            <th scope="col">Memory</th>
            <th scope="col">
              <span className="visually-hidden">Share of the memory limit</span>
            </th>
            <th scope="col">Network in</th>
            <th scope="col">Network out</th>
          </tr>
        </thead>
        <tbody>
          {figures.map(({ service, now }) => (
            <tr key={service}>
              <th scope="row">
                <span className={css.swatch} style={{ background: seriesColour(services, service) }} />
                {service}
              </th>
              {now === null ? (
                <td colSpan={5} className={css.absent}>
                  Not running
                </td>
              ) : (
                <>
                  <td>{formatCores(now.cpuCores)}</td>
                  <td>{formatBytes(now.memBytes)}</td>
                  <td className={css.limit}>
                    {now.memLimitBytes > 0 ? (
                      <>
                        <Meter
                          value={now.memBytes / now.memLimitBytes}
                          label={`Memory of ${service}`}
                          text={`${Math.round((now.memBytes / now.memLimitBytes) * 100)} % of the limit`}
                        />
                        <span>{`of ${formatBytes(now.memLimitBytes)}`}</span>
                      </>
                    ) : (
                      <span>no limit</span>
                    )}
                  </td>
                  <td>{formatRate(now.rxBytesPerS)}</td>
                  <td>{formatRate(now.txBytesPerS)}</td>
                </>
              )}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">All</th>
            <td>{formatCores(sum((now) => now.cpuCores))}</td>
            <td>{formatBytes(sum((now) => now.memBytes))}</td>
            <td />
            <td>{formatRate(sum((now) => now.rxBytesPerS))}</td>
            <td>{formatRate(sum((now) => now.txBytesPerS))}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}
