/** The last probes of a healthcheck with their own output. */
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Probe } from '../../../shared/model/health.ts';
import { count, formatClock, formatLatency } from '../../ui/format.ts';
import { plainText } from '../../ui/plain-text.ts';
import { ToneIcon } from '../../ui/status.tsx';
import css from './probe-list.module.css';

function probeWords(probe: Probe): string {
  if (probe.endedAtMs === null) return 'running';
  const took = formatLatency(probe.endedAtMs - probe.startedAtMs);
  return probe.exitCode === 0 ? `passed in ${took}` : `exit code ${probe.exitCode ?? 'unknown'} after ${took}`;
}

export function ProbeList({
  service,
  probes,
  open,
}: {
  readonly service: string;
  readonly probes: readonly Probe[];
  readonly open: boolean;
}): ReactNode {
  return (
    <details className={css.probes} open={open}>
      <summary className={css.summary} aria-label={`Probes of ${service}`}>
        <ChevronRight size={13} aria-hidden className={css.chevron} />
        {`Last ${count(probes.length, 'probe')}`}
      </summary>
      <ol>
        {[...probes].reverse().map((probe) => {
          const output = plainText(probe.output).trim();
          return (
            <li key={probe.startedAtMs} className={css.probe}>
              <p className={css.line}>
                <ToneIcon tone={probe.endedAtMs === null ? 'busy' : probe.exitCode === 0 ? 'good' : 'bad'} size={13} />
                <time>{formatClock(probe.startedAtMs, false)}</time>
                <span>{probeWords(probe)}</span>
              </p>
              <pre className={css.output}>{output === '' ? 'It printed nothing' : output}</pre>
            </li>
          );
        })}
      </ol>
    </details>
  );
}
