/** One project: how it is, what can be done with it, and behind tabs its services, plan, logs and figures. */
import {
  Anchor,
  ArrowLeft,
  Ellipsis,
  Eye,
  ListX,
  PackageOpen,
  Play,
  RotateCw,
  SearchX,
  Square,
  Trash2,
} from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { Operation } from '../../../shared/model/operation.ts';
import type { StackState } from '../../../shared/model/stack.ts';
import type { StackSummary } from '../../../shared/model/stacks.ts';
import { areaOf, perform, restartServices, startStack, stopStack, useActions } from '../../app/actions.ts';
import { stackChanges } from '../../app/announcements.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { useStream } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useLive, useRunningOperation } from '../../app/live-store.ts';
import { go, goStack, type StackSection, stackSections, useNavigation } from '../../app/navigation.ts';
import { LogViewer } from '../../parts/logs/log-viewer.tsx';
import { PlanPanel } from '../../parts/plan/plan-panel.tsx';
import { OperationProgress, underWay } from '../../parts/services/operation-progress.tsx';
import { ServiceCard } from '../../parts/services/service-card.tsx';
import { StatsView } from '../../parts/stats/stats-view.tsx';
import { announce } from '../../ui/announce.ts';
import { EmptyState, PageBody, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { ActionMenu } from '../../ui/menu.tsx';
import { Status } from '../../ui/status.tsx';
import { TabList, TabPanel, Tabs } from '../../ui/tabs.tsx';
import { stackSaid } from '../../ui/words.ts';
import { lookAgain } from './open-project.ts';
import { RemoveDialog } from './remove-dialog.tsx';
import css from './stack-detail.module.css';
import { containerWords, isUp, shortFiles } from './stack-words.ts';

const sectionTitles: Readonly<Record<StackSection, string>> = {
  services: 'Services',
  plan: 'Plan',
  logs: 'Logs',
  stats: 'Stats',
};
const kinds = ['start', 'stop', 'restart', 'scale', 'remove'] as const;

function Back(): ReactNode {
  return (
    <a className={css.back} href="#/stacks">
      <ArrowLeft size={15} aria-hidden />
      All projects
    </a>
  );
}

function Actions({
  summary,
  operation,
  planned,
}: {
  readonly summary: StackSummary;
  /** The plan is shown, with a start of its own that does what the plan says. */
  readonly planned: boolean;
  readonly operation: Operation | null;
}): ReactNode {
  const { id, problem, containers } = summary;
  const pending = useActions((state) => state.pending.has(areaOf(id)));
  const [removing, setRemoving] = useState(false);
  const busy = pending || operation !== null;
  const up = isUp(summary);
  const stoppable = up && summary.status !== 'stopping';
  return (
    <div className={css.actions}>
      {containers === 0 ? null : (
        <Button icon={RotateCw} disabled={busy} onClick={() => restartServices([], id)}>
          Restart
        </Button>
      )}
      {operation !== null ? (
        <Button disabled>{underWay(operation)}</Button>
      ) : (
        <>
          {up ? (
            <Button icon={Square} disabled={busy || !stoppable} onClick={() => stopStack({ stack: id })}>
              Stop
            </Button>
          ) : null}
          {up && summary.status !== 'degraded' ? null : (
            <Button
              kind={planned ? 'secondary' : 'primary'}
              icon={Play}
              disabled={busy || (problem !== null && containers === 0)}
              onClick={() => startStack({ stack: id })}
            >
              Start
            </Button>
          )}
        </>
      )}
      <ActionMenu
        label={`More about ${id}`}
        icon={Ellipsis}
        actions={[
          {
            label: 'Take off the list',
            icon: ListX,
            disabled: busy,
            run: () =>
              void perform(areaOf(id), 'stacks.forget', { stack: id }).then((answer) => {
                if (answer.ok) go('stacks');
              }),
          },
          {
            label: 'Remove its containers',
            icon: Trash2,
            danger: true,
            disabled: busy || containers === 0,
            run: () => setRemoving(true),
          },
        ]}
      />
      <RemoveDialog id={id} open={removing} onClose={() => setRemoving(false)} />
    </div>
  );
}

function Adopt({ summary }: { readonly summary: StackSummary }): ReactNode {
  const { id, filesHere } = summary;
  const pending = useActions((state) => state.pending.has(areaOf(id)));
  return (
    <section className={css.adopt} aria-label="Not managed by Quayside">
      <Eye size={20} aria-hidden />
      <div>
        <h3>You are looking at {id}; something else started it</h3>
        <p>
          Managing it lets you start, stop, change and remove it here, and keeps it on your list. Nothing is started,
          stopped or changed by that alone.
          {filesHere
            ? ''
            : ' Its compose files are not on this machine, so only the containers that exist can be started and stopped.'}
        </p>
      </div>
      <Button
        kind="primary"
        icon={Anchor}
        disabled={pending}
        onClick={() => void perform(areaOf(id), 'stacks.adopt', { stack: id })}
      >
        Manage with Quayside
      </Button>
    </section>
  );
}

function Services({
  summary,
  state,
  operation,
}: {
  readonly summary: StackSummary;
  readonly state: StackState | null;
  readonly operation: Operation | null;
}): ReactNode {
  if (state === null) return <Skeleton height={210} label={`Looking at ${summary.id}`} />;
  if (state.services.length === 0) {
    return <EmptyState compact icon={PackageOpen} title="There is no service to show" />;
  }
  const managed = summary.origin === 'opened';
  return (
    <div className={css.grid}>
      {state.services.map((service) => (
        <ServiceCard
          key={service.name}
          stack={summary.id}
          service={service}
          operation={operation}
          changeable={managed}
          scalable={managed && summary.problem === null && summary.containers > 0}
        />
      ))}
    </div>
  );
}

function Plan({
  summary,
  state,
  operation,
}: {
  readonly summary: StackSummary;
  readonly state: StackState | null;
  readonly operation: Operation | null;
}): ReactNode {
  if (summary.origin === 'engine') {
    return (
      <EmptyState
        compact
        icon={Eye}
        title="No plan for a project that is only looked at"
        text="Manage it with Quayside, and this says what a start would do before it does it."
      />
    );
  }
  return (
    <PlanPanel
      stack={summary.id}
      revision={state?.revision ?? 0}
      busy={operation !== null}
      onStarted={() => goStack(summary.id)}
    />
  );
}

/** The list is told a moment later than the stack's own stream: what both say is taken from the latter. */
function newest(summary: StackSummary, state: StackState | null): StackSummary {
  if (state === null || state.staleSinceMs !== null) return summary;
  const containers = state.services.flatMap((service) => service.containers);
  const running = containers.filter((container) => container.state === 'running').length;
  return { ...summary, status: state.status, running, containers: containers.length };
}

/** Nothing is said about the first snapshot; later ones tell a screen reader what changed. */
function useAnnounced(state: StackState | null): void {
  const before = useRef<StackState | null>(null);
  useEffect(() => {
    if (state === null) return;
    announce(stackChanges(before.current, state));
    before.current = state;
  }, [state]);
}

function Detail({ summary }: { readonly summary: StackSummary }): ReactNode {
  const { id, origin, files, problem } = summary;
  const { item: state, problem: broken, retry } = useStream('stack.watch', { stack: id });
  const section = useNavigation((navigation) => navigation.section);
  const wanted = useNavigation((navigation) => navigation.service);
  const operation = useRunningOperation(id);
  const title = useRef<HTMLHeadingElement>(null);
  useAnnounced(state);
  // Coming from the list, the focus goes where reading begins.
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  const now = newest(summary, state);
  const services = state?.services.map(({ name }) => name) ?? [];
  return (
    <Tabs className={css.detail} value={section} values={stackSections} onChange={(chosen) => goStack(id, chosen)}>
      <div className={css.top}>
        <Back />
        <header className={css.head}>
          <div className={css.words}>
            <div className={css.name}>
              <h2 ref={title} tabIndex={-1}>
                {id}
              </h2>
              <Status said={stackSaid(now.status)} pill label="Status" />
            </div>
            <p className={css.facts}>
              <span>{containerWords(now)}</span>
              <span className={css.files} title={files.join('\n')}>
                {shortFiles(files)}
              </span>
            </p>
          </div>
          {origin === 'opened' ? <Actions summary={now} operation={operation} planned={section === 'plan'} /> : null}
        </header>
        {operation !== null && state !== null ? (
          <section className={css.progress} aria-label={operation.title}>
            <h3>{operation.title}</h3>
            <OperationProgress operation={operation} stack={state} />
          </section>
        ) : null}
        <div className={css.problems}>
          {origin === 'engine' ? <Adopt summary={summary} /> : null}
          <AreaProblem area={areaOf(id)} kinds={kinds} stack={id} />
          {problem === null ? null : <LiveProblem problem={problem} stack={id} retry={lookAgain} quiet />}
          {broken === null ? null : <LiveProblem problem={broken} stack={id} retry={retry} quiet />}
          {state === null || state.staleSinceMs === null ? null : (
            <p className={css.stale} role="status">
              The engine does not answer right now. This is what it last said.
            </p>
          )}
        </div>
        <TabList label={`About ${id}`} tabs={stackSections.map((value) => ({ value, label: sectionTitles[value] }))} />
      </div>
      <TabPanel value="services">
        <PageBody>
          <Services summary={now} state={state} operation={operation} />
        </PageBody>
      </TabPanel>
      <TabPanel value="plan">
        <PageBody>
          <Plan summary={summary} state={state} operation={operation} />
        </PageBody>
      </TabPanel>
      <TabPanel value="logs">
        <LogViewer stack={id} services={services} wanted={wanted} />
      </TabPanel>
      <TabPanel value="stats">
        <PageBody wide>
          <StatsView stack={id} services={services} />
        </PageBody>
      </TabPanel>
    </Tabs>
  );
}

export function StackDetail({ id }: { readonly id: string }): ReactNode {
  const stacks = useLive((state) => state.stacks);
  const summary = stacks?.find((one) => one.id === id);
  const bundled = summary?.origin === 'bundled';
  // The bundled stack has a page of its own, with all that only it can do.
  useEffect(() => {
    if (bundled) go('stack');
  }, [bundled]);
  if (summary === undefined) {
    return (
      <PageBody>
        <Back />
        <EmptyState
          icon={SearchX}
          title={`There is no project called ${id}`}
          text="It was taken off the list, or its containers are gone. Open its compose file to have it back."
        />
      </PageBody>
    );
  }
  return bundled ? null : <Detail summary={summary} />;
}
