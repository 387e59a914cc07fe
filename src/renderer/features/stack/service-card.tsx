/** One service: what it is for, how it is, what it uses, where it answers. The body keeps its height in every state. */
import { HeartPulse, RotateCw, ScrollText } from 'lucide-react';
import type { ReactNode } from 'react';
import { formatBytes } from '../../../shared/model/bytes.ts';
import type { Operation } from '../../../shared/model/operation.ts';
import type { ServiceState } from '../../../shared/model/stack.ts';
import { restartServices } from '../../app/actions.ts';
import { go } from '../../app/navigation.ts';
import { statsHistory, useStatsVersion } from '../../app/stats-feed.ts';
import { Meter, Skeleton } from '../../ui/blocks.tsx';
import { IconButton } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { count, formatAgo, formatCores, formatDuration } from '../../ui/format.ts';
import { Status } from '../../ui/status.tsx';
import { useNow } from '../../ui/use-now.ts';
import { serviceSaid } from '../../ui/words.ts';
import css from './service-card.module.css';
import { addressesOf, exitWords, lastEnded, restartsOf, runningSinceMs } from './service-facts.ts';
import { ServiceRail } from './service-rail.tsx';
import { Sparkline } from './sparkline.tsx';

function Figures({ service }: { readonly service: ServiceState }): ReactNode {
  useStatsVersion();
  const now = statsHistory.latest(service.name);
  const trend = statsHistory.rows('cpuCores', 60_000, [service.name]).map((row) => row[service.name] ?? null);
  const memText =
    now === null
      ? ''
      : now.memLimitBytes > 0
        ? `${formatBytes(now.memBytes)} of ${formatBytes(now.memLimitBytes)}`
        : formatBytes(now.memBytes);
  return (
    <dl className={css.figures}>
      <div className={css.figure}>
        <dt>CPU</dt>
        <dd>
          {now === null ? <Skeleton width={44} height={12} label="Not measured yet" /> : formatCores(now.cpuCores)}
        </dd>
        <Sparkline values={trend} />
      </div>
      <div className={css.figure}>
        <dt>Memory</dt>
        <dd>{now === null ? <Skeleton width={92} height={12} label="Not measured yet" /> : memText}</dd>
        <span className={css.meter}>
          {now !== null && now.memLimitBytes > 0 ? (
            <Meter value={now.memBytes / now.memLimitBytes} label={`Memory of ${service.name}`} text={memText} />
          ) : null}
        </span>
      </div>
    </dl>
  );
}

function AtRest({ service }: { readonly service: ServiceState }): ReactNode {
  const now = useNow();
  const ended = lastEnded(service);
  const words = ended === null ? null : exitWords(ended);
  return (
    <p className={css.rest}>
      {words === null || ended === null ? (
        'Not started yet.'
      ) : (
        <>
          {words}
          <span className={css.muted}> {formatAgo(ended.finishedAtMs ?? now, now)}</span>
        </>
      )}
      <span className={css.image} title={service.image}>
        {service.image}
      </span>
    </p>
  );
}

function Uptime({ service }: { readonly service: ServiceState }): ReactNode {
  const now = useNow();
  const since = runningSinceMs(service);
  const restarts = restartsOf(service);
  const replicas = service.containers.length;
  const words = [
    since === null ? null : `Up ${formatDuration(now - since)}`,
    replicas > 1 ? count(replicas, 'container') : null,
  ].filter((part) => part !== null);
  return (
    <span className={css.uptime}>
      {words.join(', ')}
      {restarts > 0 ? (
        <span className={css.restarts}>{`${words.length > 0 ? ', ' : ''}${count(restarts, 'restart')}`}</span>
      ) : null}
    </span>
  );
}

export function ServiceCard({
  service,
  operation,
}: {
  readonly service: ServiceState;
  /** The operation that changes the stack right now. */
  readonly operation: Operation | null;
}): ReactNode {
  const step = operation?.steps.find((one) => one.service === service.name) ?? null;
  const running = service.containers.some((container) => container.state === 'running');
  const [address] = addressesOf(service.ports);
  return (
    <article className={css.card} aria-label={service.name}>
      <header className={css.head}>
        <h3 className={css.name}>{service.name}</h3>
        <Status said={serviceSaid(service.status)} pill />
      </header>
      <p className={css.purpose} title={service.purpose}>
        {service.purpose}
      </p>
      <div className={css.body}>
        {operation !== null && step !== null ? (
          <ServiceRail kind={operation.kind} step={step} />
        ) : running ? (
          <Figures service={service} />
        ) : (
          <AtRest service={service} />
        )}
      </div>
      <footer className={css.foot}>
        <Uptime service={service} />
        {address === undefined ? null : (
          <CopyButton text={address} label={`Copy the address ${address}`} mono>
            {address}
          </CopyButton>
        )}
        <span className={css.actions}>
          {service.status === 'unhealthy' || service.status === 'failed' ? (
            <IconButton
              size="sm"
              icon={HeartPulse}
              label={`Health of ${service.name}`}
              onClick={() => go('health', service.name)}
            />
          ) : null}
          <IconButton
            size="sm"
            icon={ScrollText}
            label={`Logs of ${service.name}`}
            onClick={() => go('logs', service.name)}
          />
          <IconButton
            size="sm"
            icon={RotateCw}
            label={`Restart ${service.name}`}
            disabled={service.containers.length === 0 || operation !== null}
            onClick={() => restartServices([service.name])}
          />
        </span>
      </footer>
    </article>
  );
}
