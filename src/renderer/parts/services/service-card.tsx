/**
 * One service: what it is for, how it is, what it uses, where it answers. The body keeps its height in every state, and
 * the actions keep their places.
 */
import { HeartPulse, Play, RotateCw, ScrollText, Square } from 'lucide-react';
import type { ReactNode } from 'react';
import { formatBytes } from '../../../shared/model/bytes.ts';
import type { Operation } from '../../../shared/model/operation.ts';
import type { ServiceState } from '../../../shared/model/stack.ts';
import { naming, restartServices, startStack, stopStack } from '../../app/actions.ts';
import { go, showLogs } from '../../app/navigation.ts';
import { statsOf, useStatsVersion } from '../../app/stats-feed.ts';
import { Meter, Skeleton } from '../../ui/blocks.tsx';
import { IconButton } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { count, formatAgo, formatCores, formatDuration } from '../../ui/format.ts';
import { Status } from '../../ui/status.tsx';
import { useNow } from '../../ui/use-now.ts';
import { serviceSaid } from '../../ui/words.ts';
import { ReplicasControl } from './replicas-control.tsx';
import css from './service-card.module.css';
import { addressesOf, exitWords, lastEnded, restartsOf, runningSinceMs } from './service-facts.ts';
import { ServiceRail } from './service-rail.tsx';
import { Sparkline } from './sparkline.tsx';

interface OfService {
  /** null is the bundled stack. */
  readonly stack: string | null;
  readonly service: ServiceState;
}

function Figures({ stack, service }: OfService): ReactNode {
  useStatsVersion(stack);
  const history = statsOf(stack);
  const now = history.latest(service.name);
  const trend = history.rows('cpuCores', 60_000, [service.name]).map((row) => row[service.name] ?? null);
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
      {service.purpose === '' ? null : (
        <span className={css.image} title={service.image}>
          {service.image}
        </span>
      )}
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

/** Restart, and in one fixed place Stop or Start, whichever makes sense. */
function Changes({ stack, service, busy }: OfService & { readonly busy: boolean }): ReactNode {
  const { name, containers } = service;
  const up = containers.some(({ state }) => state === 'running' || state === 'restarting' || state === 'paused');
  const only = { ...naming(stack), services: [name] };
  return (
    <>
      <IconButton
        size="sm"
        icon={RotateCw}
        label={`Restart ${name}`}
        disabled={containers.length === 0 || busy}
        onClick={() => restartServices([name], stack)}
      />
      {up ? (
        <IconButton size="sm" icon={Square} label={`Stop ${name}`} disabled={busy} onClick={() => stopStack(only)} />
      ) : (
        <IconButton
          size="sm"
          icon={Play}
          label={service.status === 'failed' ? `Start ${name} again` : `Start ${name}`}
          disabled={busy}
          onClick={() => startStack(only)}
        />
      )}
    </>
  );
}

export function ServiceCard({
  stack,
  service,
  operation,
  changeable = true,
  scalable = false,
}: OfService & {
  /** The operation that changes the stack right now. */
  readonly operation: Operation | null;
  /** False for a stack that is only looked at. */
  readonly changeable?: boolean;
  /** Offers to change how many containers run. */
  readonly scalable?: boolean;
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
      {service.purpose === '' ? (
        <p className={css.madeFrom} title={service.image}>
          {service.image}
        </p>
      ) : (
        <p className={css.purpose} title={service.purpose}>
          {service.purpose}
        </p>
      )}
      <div className={css.body}>
        {operation !== null && step !== null ? (
          <ServiceRail kind={operation.kind} step={step} />
        ) : running ? (
          <Figures stack={stack} service={service} />
        ) : (
          <AtRest service={service} />
        )}
      </div>
      {scalable && service.role === 'service' ? (
        <ReplicasControl stack={stack} service={service} busy={operation !== null} />
      ) : null}
      <footer className={css.foot}>
        <Uptime service={service} />
        {address === undefined ? null : (
          <CopyButton text={address} label={`Copy the address ${address}`} mono>
            {address}
          </CopyButton>
        )}
        <span className={css.actions}>
          {stack === null && (service.status === 'unhealthy' || service.status === 'failed') ? (
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
            onClick={() => showLogs(stack, service.name)}
          />
          {changeable ? <Changes stack={stack} service={service} busy={operation !== null} /> : null}
        </span>
      </footer>
    </article>
  );
}
