/** Health in three layers, side by side for each service: the container, its healthcheck, what the application says. */
import type { ReactNode } from 'react';
import type { ApplicationCheck, HealthReport, ServiceHealth } from '../../../shared/model/health.ts';
import { useStream } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useLive } from '../../app/live-store.ts';
import { useNavigation } from '../../app/navigation.ts';
import { EngineMissing, PageLoading, StackMissing, useGround } from '../../app/page-states.tsx';
import { PageBody } from '../../ui/blocks.tsx';
import { cx } from '../../ui/cx.ts';
import { count, formatAgo, formatClock, formatDuration, formatLatency } from '../../ui/format.ts';
import { plainText } from '../../ui/plain-text.ts';
import { Status, ToneIcon } from '../../ui/status.tsx';
import { useNow } from '../../ui/use-now.ts';
import { applicationSaid, containerSaid, healthcheckSaid, type Said } from '../../ui/words.ts';
import css from './health-page.module.css';
import { checkFor, healthSentence, otherChecks } from './health-sentence.ts';
import { ProbeList } from './probe-list.tsx';

function ContainerCell({ health }: { readonly health: ServiceHealth }): ReactNode {
  const now = useNow();
  const facts = [
    health.state === 'running' && health.startedAtMs !== null ? `up ${formatDuration(now - health.startedAtMs)}` : null,
    health.oomKilled ? 'ran out of memory' : null,
    health.exitCode === null ? null : `exit code ${health.exitCode}`,
    health.restartCount > 0 ? count(health.restartCount, 'restart') : null,
  ].filter((fact) => fact !== null);
  return (
    <>
      <Status said={containerSaid(health.state)} label="Container" />
      <p className={css.facts}>{facts.join(', ')}</p>
      <p className={css.mono} title={health.container}>
        {health.container}
      </p>
    </>
  );
}

/** A container that does not run is not probed, though it has a healthcheck. */
function healthcheckWords(health: ServiceHealth): Said {
  const probed = health.health !== 'none' || health.test === null;
  return probed ? healthcheckSaid(health.health) : { word: 'Not probed', tone: 'idle' };
}

function HealthcheckCell({ health }: { readonly health: ServiceHealth }): ReactNode {
  const last = health.probes.at(-1);
  return (
    <>
      <Status said={healthcheckWords(health)} label="Healthcheck" />
      <p className={css.facts}>
        {last === undefined
          ? health.test === null
            ? 'This service has none'
            : 'No probe has run yet'
          : `last at ${formatClock(last.startedAtMs, false)}${
              last.endedAtMs === null ? ', running' : ` in ${formatLatency(last.endedAtMs - last.startedAtMs)}`
            }`}
        {health.failingStreak > 0 ? `, ${count(health.failingStreak, 'failure')} in a row` : ''}
      </p>
      {health.test === null ? null : (
        <p className={css.mono} title={plainText(health.test)}>
          {plainText(health.test)}
        </p>
      )}
    </>
  );
}

function CheckWords({ check }: { readonly check: ApplicationCheck }): ReactNode {
  return (
    <>
      <Status said={applicationSaid(check.status)} label="Application" />
      {check.latencyMs === null ? null : (
        <p className={css.facts}>{`the backend reached it in ${formatLatency(check.latencyMs)}`}</p>
      )}
      {check.detail === null ? null : <p className={css.facts}>{plainText(check.detail)}</p>}
    </>
  );
}

function ApplicationCell({
  service,
  application,
}: {
  readonly service: string;
  readonly application: HealthReport['application'];
}): ReactNode {
  if (service === 'backend') {
    return (
      <>
        <Status said={applicationSaid(application.status)} label="Application" />
        <p className={css.facts}>
          {application.detail ??
            [
              application.version === null ? null : `version ${application.version}`,
              application.uptimeS === null ? null : `serving for ${formatDuration(application.uptimeS * 1000)}`,
            ]
              .filter((part) => part !== null)
              .join(', ')}
        </p>
      </>
    );
  }
  const check = checkFor(service, application.checks);
  if (check !== null) return <CheckWords check={check} />;
  return (
    <>
      <Status said={applicationSaid('unknown')} label="Application" />
      <p className={css.facts}>
        {application.status === 'unknown' ? 'The backend does not answer' : 'The backend does not check it'}
      </p>
    </>
  );
}

function Row({
  health,
  application,
  marked,
}: {
  readonly health: ServiceHealth;
  readonly application: HealthReport['application'];
  readonly marked: boolean;
}): ReactNode {
  return (
    <li className={cx(css.row, marked && css.marked)} aria-label={health.service}>
      <h3 className={css.service}>{health.service}</h3>
      <div className={css.cell}>
        <ContainerCell health={health} />
      </div>
      <div className={css.cell}>
        <HealthcheckCell health={health} />
      </div>
      <div className={css.cell}>
        <ApplicationCell service={health.service} application={application} />
      </div>
      {health.probes.length === 0 ? null : (
        <ProbeList service={health.service} probes={health.probes} open={marked || health.health === 'unhealthy'} />
      )}
    </li>
  );
}

export function HealthPage(): ReactNode {
  const ground = useGround();
  const engine = useLive((state) => state.engine);
  const wanted = useNavigation((state) => state.service);
  const there = ground === 'ready';
  const { item: report, problem, retry } = useStream('health.watch', {}, there);
  const now = useNow();
  if (ground === 'no-engine') return <EngineMissing engine={engine} />;
  if (ground === 'no-stack') return <StackMissing purpose="Start it to see how each service is, layer by layer." />;
  if (report === null && problem !== null) {
    return (
      <PageBody>
        <LiveProblem problem={problem} retry={retry} />
      </PageBody>
    );
  }
  if (report === null) return <PageLoading label="Asking each service how it is" />;
  const said = applicationSaid(report.overall);
  const others = otherChecks(
    report.services.map((one) => one.service),
    report.application.checks,
  );
  return (
    <PageBody>
      <section className={cx(css.overall, css[said.tone])} aria-label="Overall health">
        <ToneIcon tone={said.tone} size={24} />
        <div>
          <h2 className={css.heading}>{said.word}</h2>
          <p>{healthSentence(report)}</p>
        </div>
        <p className={css.when}>{`asked ${formatAgo(report.atMs, now)}`}</p>
      </section>
      <div className={css.table}>
        <div className={css.columns} aria-hidden>
          <span>Service</span>
          <span>
            <b>1</b> Container <i>does it run</i>
          </span>
          <span>
            <b>2</b> Healthcheck <i>does its probe pass</i>
          </span>
          <span>
            <b>3</b> Application <i>can the backend use it</i>
          </span>
        </div>
        <ul>
          {report.services.map((health) => (
            <Row
              key={health.container}
              health={health}
              application={report.application}
              marked={health.service === wanted}
            />
          ))}
        </ul>
      </div>
      {others.length === 0 ? null : (
        <ul className={css.others} aria-label="Other checks of the application">
          {others.map((check) => (
            <li key={check.name}>
              <h3 className={css.service}>{check.name}</h3>
              <CheckWords check={check} />
            </li>
          ))}
        </ul>
      )}
    </PageBody>
  );
}
