/** Start, stop, scale, remove and restart a stack, each as an operation that can be watched and cancelled. */
import type { PlanView } from '../../shared/model/plan.ts';
import { ProblemError, toProblem } from '../../shared/model/problem.ts';
import type { ServiceOutcome, ServiceReport } from '../compose/apply.ts';
import type { HashDialect } from '../compose/config-hash.ts';
import { imageRefOf } from '../compose/image-ref.ts';
import type { ComposeProject } from '../compose/model.ts';
import { chooseServices, jobsOf } from '../compose/plan.ts';
import { planView } from '../compose/plan-view.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import type { OperationContext, OperationRunner, StepHandle } from '../operations/operation-runner.ts';
import { converge, planProject } from './converge.ts';
import type { StackDefinition } from './definition.ts';
import { type LeaseOptions, withLease } from './lease.ts';
import { assertPortsFree, portOfEngineError, portTaken, type WantedPort } from './ports.ts';
import { assertMemory, assertRoom, publishedPorts } from './preflight.ts';
import { assertScalable } from './scalable.ts';
import type { ImageNeed } from './stack-images.ts';
import type { DeclaredService } from './stack-state.ts';
import { startExisting } from './start-existing.ts';
import { emptyFolders, projectContainers, removeNetworks, removeVolumes, stopContainers } from './teardown.ts';

export interface LifecycleOptions {
  /** Answers the engine once it is ready. @throws {ProblemError} the engine's own problem. */
  readonly monitor: { ready(timeoutMs?: number): Promise<EngineClient> };
  readonly definition: StackDefinition;
  readonly stack: { refresh(): Promise<unknown> };
  readonly runner: OperationRunner;
  /** Whose config-hash new containers carry; by default that of the Compose which made the ones that are there, else the newest. */
  readonly dialect?: HashDialect;
}

/** What an `up` looks at; everything and nothing forced when left out. */
export interface UpOptions {
  readonly services?: readonly string[];
  /** Removes containers of services that the files no longer name. */
  readonly removeOrphans?: boolean;
  /** Replaces every container, changed or not. */
  readonly forceRecreate?: boolean;
}

export interface StartOptions extends UpOptions {
  readonly ports?: Readonly<Record<string, number>>;
  /** Milliseconds a service may take to become healthy; without end when left out. A late one runs on. */
  readonly waitTimeoutMs?: number;
}

export interface Lifecycle {
  /** Brings the stack (or the services and what they depend on) up. `ports` moves published ports and is remembered. */
  start(options: StartOptions): Promise<string>;
  /** What `start` would do. Writes nothing. @throws {ProblemError} what keeps a start from being planned */
  plan(options: UpOptions, signal?: AbortSignal): Promise<PlanView>;
  /** Stops, keeps the containers. */
  stop(options: { services?: readonly string[] }): Promise<string>;
  /** Removes containers and networks; `volumes` deletes the data as well. */
  down(options: { volumes?: boolean }): Promise<string>;
  restart(options: { services: readonly string[] }): Promise<string>;
  /** Sets how many containers of a service run, and remembers it. @throws {ProblemError} `not-scalable`, `service-unknown` */
  scale(options: { service: string; replicas: number }): Promise<string>;
  /** The files with what is remembered. @throws {ProblemError} `compose-invalid`, `compose-files-missing` */
  project(): Promise<ComposeProject>;
  declared(): Promise<DeclaredService[]>;
  /** Every port it publishes on this machine. */
  ports(): Promise<WantedPort[]>;
}

export function createLifecycle(options: LifecycleOptions): Lifecycle {
  const { monitor, definition, stack, runner } = options;
  const project = definition.project;

  /** The ports these services publish, each with the name it is moved by. */
  function wantedPorts(model: ComposeProject, services: Iterable<string>): WantedPort[] {
    return publishedPorts(model, services).map((port) => ({
      ...port,
      key: definition.portKey(model, port.service, port.port),
      command: ['quayside up', definition.cliOption].filter((part) => part !== '').join(' '),
    }));
  }

  /** `title` is what another panel reads that is kept out; null where the lease is held already. */
  async function up(
    context: OperationContext,
    { services, ...how }: Omit<StartOptions, 'ports'>,
    title: string | null,
    signal = context.signal,
  ): Promise<string> {
    const check = context.step('preflight', 'Check the engine, room and ports');
    check.start();
    let engine: EngineClient;
    let model: ComposeProject;
    let needs: ImageNeed[];
    let apiVersion: string;
    try {
      await definition.prepare();
      engine = await monitor.ready();
      model = await definition.load();
      const wanted = chooseServices(model, services);
      for (const name of wanted) context.step(`service/${name}`, name, { service: name, phase: 'waiting' });
      needs = (await definition.images.needed(model, wanted, signal)).filter(({ action }) => action !== 'none');
      const version = await engine.version(signal);
      apiVersion = version.apiVersion;
      if (definition.needs !== null) {
        assertMemory(version, definition.needs.leastMemoryBytes);
        await assertRoom(definition.needs.roomIn, needs.length > 0);
      }
      await assertPortsFree(engine, project, wantedPorts(model, wanted));
      check.done();
    } catch (error) {
      if (!signal.aborted) check.fail(error);
      throw error;
    }
    signal.throwIfAborted();
    if (needs.length > 0) {
      await getImages(context, model, needs, signal);
      await definition.prepare();
      model = await definition.load();
    }
    await context.note({ doing: 'start', project });
    const outcomes = await converge({
      engine,
      project: model,
      ...how,
      ...(services === undefined ? orphansOf(definition) : { services, resumeWaiting: true }),
      ...(options.dialect === undefined ? {} : { dialect: options.dialect }),
      environmentFiles: definition.environmentFiles,
      apiVersion,
      report: (name) => reportOf(context, name),
      signal,
      ...(title === null ? {} : { lease: leaseOf(context, title) }),
      explainStart: (planned, error) => explainStart(engine, model, planned.name, error),
    });
    return outcomeSentence(outcomes);
  }

  /** The engine's late refusal of a port means the same as the check before the start. */
  async function explainStart(
    engine: EngineClient,
    model: ComposeProject,
    service: string,
    error: unknown,
  ): Promise<{ error: unknown; remove: boolean }> {
    const { title, cause, evidence } = toProblem(error);
    const message = [title, cause, ...evidence, error instanceof Error ? error.message : ''].join('\n');
    const port = portOfEngineError(message);
    if (port === null) return { error, remove: false };
    const published = wantedPorts(model, [service]);
    const wanted = published.find((candidate) => candidate.port === port) ?? published[0];
    if (wanted === undefined) return { error, remove: true };
    const known = await assertPortsFree(engine, project, [wanted]).then(
      () => null,
      (found: unknown) => found,
    );
    return { error: known ?? (await portTaken(wanted, { kind: 'unknown' })), remove: true };
  }

  async function getImages(
    context: OperationContext,
    model: ComposeProject,
    needs: readonly ImageNeed[],
    signal: AbortSignal,
  ): Promise<void> {
    const results = await Promise.allSettled(
      needs.map(async (need) => {
        const step = context.step(`service/${need.service}`, need.service, { service: need.service });
        try {
          await definition.images.ensure(
            model,
            need,
            {
              onPhase: (phase, detail) => step.phase(phase, detail),
              onProgress: (progress) => showPull(step, progress),
            },
            signal,
          );
          step.progress(null);
          step.phase('waiting', 'Its image is here');
        } catch (error) {
          if (!signal.aborted) step.fail(error);
          throw error;
        }
      }),
    );
    signal.throwIfAborted();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async function begin(
    spec: { kind: 'start' | 'stop' | 'remove' | 'restart' | 'scale'; title: string; cancellable?: boolean },
    run: (context: OperationContext) => Promise<string>,
  ): Promise<string> {
    return runner.begin({
      ...spec,
      stack: project,
      exclusive: true,
      async run(context) {
        try {
          return await run(context);
        } finally {
          // Who reads the state right after the end sees what the operation did.
          await stack.refresh().catch(() => undefined);
        }
      },
    });
  }

  /** A stack whose files are not on this machine can still be started as it stands. */
  async function startAsItStands(
    context: OperationContext,
    services: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const engine = await monitor.ready();
    const all = await projectContainers(engine, project);
    return startExisting(teardown(engine, context, signal), all, services);
  }

  /** Runs what changes the stack while no other panel may. */
  async function alone(
    context: OperationContext,
    title: string,
    run: (engine: EngineClient, signal: AbortSignal) => Promise<string>,
  ): Promise<string> {
    const engine = await monitor.ready();
    const { signal } = context;
    return withLease({ engine, project, signal, ...leaseOf(context, title) }, (inner) => run(engine, inner));
  }

  async function filesHere(): Promise<boolean> {
    return definition.load().then(
      () => true,
      (error: unknown) => !(error instanceof ProblemError && error.problem.code === 'compose-files-missing'),
    );
  }

  return {
    project: () => definition.load(),
    async ports() {
      const model = await definition.load();
      return wantedPorts(model, Object.keys(model.services));
    },
    async plan({ services, ...how }, signal) {
      const [engine, model] = await Promise.all([monitor.ready(), definition.load()]);
      const wanted = chooseServices(model, services);
      const images = await definition.images.needed(model, wanted, signal);
      const { plan } = await planProject(engine, model, {
        ...how,
        ...(services === undefined ? orphansOf(definition) : { services, resumeWaiting: true }),
        missingImages: 'assume',
      });
      // An image that is here and only has to be noted for this environment is nothing a person waits for.
      return planView(
        plan,
        images.map((need) =>
          need.present && need.variable !== undefined ? { ...need, action: 'none' as const, reason: null } : need,
        ),
      );
    },
    async declared() {
      const model = await definition.load();
      const jobs = jobsOf(model);
      return Object.entries(model.services).map(([name, service]) => ({
        name,
        role: jobs.has(name) || service.labels?.['quayside.role'] === 'job' ? ('job' as const) : ('service' as const),
        purpose: service.labels?.['quayside.purpose'] ?? '',
        image: imageRefOf(model, name, service),
        dependsOn: Object.keys(service.depends_on ?? {}),
      }));
    },
    async start({ ports, ...how }) {
      const few = some(how.services);
      const { services: _all, ...rest } = how;
      const title = few === undefined ? `Start ${definition.title}` : `Start ${few.join(', ')}`;
      return begin({ kind: 'start', title }, async (context) => {
        if (!(await filesHere())) {
          return alone(context, title, (_engine, signal) => startAsItStands(context, few, signal));
        }
        if (ports !== undefined && Object.keys(ports).length > 0) await definition.rememberPorts(ports);
        return up(context, { ...rest, ...(few === undefined ? {} : { services: few }) }, title);
      });
    },
    async stop({ services }) {
      const few = some(services);
      const title = few === undefined ? `Stop ${definition.title}` : `Stop ${few.join(', ')}`;
      return begin({ kind: 'stop', title }, async (context) =>
        alone(context, title, async (engine, signal) => {
          const all = await projectContainers(engine, project);
          const chosen = few === undefined ? all : all.filter(({ service }) => few.includes(service));
          const count = await stopContainers(teardown(engine, context, signal), chosen, null);
          return count === 0 ? 'Nothing was running' : `${counted(count, 'container')} stopped; their data is kept`;
        }),
      );
    },
    async down({ volumes = false }) {
      const title = volumes ? `Remove ${definition.title} and its data` : `Remove ${definition.title}`;
      return begin({ kind: 'remove', title }, async (context) =>
        alone(context, title, async (engine, signal) => {
          const all = await projectContainers(engine, project);
          if (volumes) await context.note({ doing: 'remove-data', project });
          const count = await stopContainers(teardown(engine, context, signal), all, { volumes });
          signal.throwIfAborted();
          await removeNetworks(engine, project);
          if (!volumes) return `${counted(count, 'container')} removed, and the networks; the data is kept`;
          const step = context.step('data', 'Delete the data');
          step.start();
          await removeVolumes(engine, project);
          if (definition.dataFolder !== null) await emptyFolders(definition.dataFolder);
          step.done();
          return `${counted(count, 'container')} removed, with the networks and the data`;
        }),
      );
    },
    async restart({ services }) {
      const few = some(services);
      const title = few === undefined ? `Restart ${definition.title}` : `Restart ${few.join(', ')}`;
      return begin({ kind: 'restart', title }, async (context) => {
        const whole = await filesHere();
        if (whole) chooseServices(await definition.load(), few);
        return alone(context, title, async (engine, signal) => {
          const all = await projectContainers(engine, project);
          const chosen = few === undefined ? all : all.filter(({ service }) => few.includes(service));
          await stopContainers(teardown(engine, context, signal), chosen, null);
          if (!whole) return startAsItStands(context, few, signal);
          return up(context, few === undefined ? {} : { services: few }, null, signal);
        });
      });
    },
    async scale({ service, replicas }) {
      const model = await definition.load();
      chooseServices(model, [service]);
      assertScalable(model, service, replicas);
      const title = `Scale ${service} to ${replicas}`;
      return begin({ kind: 'scale', title }, async (context) => {
        await definition.rememberScale(service, replicas);
        return up(context, { services: [service] }, title);
      });
    },
  };

  function teardown(engine: EngineClient, context: OperationContext, signal: AbortSignal) {
    return { engine, project, report: (name: string) => reportOf(context, name), signal };
  }
}

/** What a whole start does about services that the files no longer name, unless it was told so itself. */
function orphansOf({ removesOrphans = false }: StackDefinition): Pick<UpOptions, 'removeOrphans'> {
  return removesOrphans ? { removeOrphans: true } : {};
}

/** What another panel is told that is kept out, and where ours shows that it watches another's claim. */
function leaseOf(context: OperationContext, title: string): Pick<LeaseOptions, 'title' | 'onWatch'> {
  const onWatch = (words: string | null): void => {
    const step = context.step('lease', 'Look after the other panel');
    if (words === null) step.done('It is gone');
    else step.start(words);
  };
  return { title, onWatch };
}

/** No service named means all of them. */
function some(services: readonly string[] | undefined): readonly string[] | undefined {
  return services !== undefined && services.length > 0 ? services : undefined;
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun} is` : `${count} ${noun}s are`;
}

function reportOf(context: OperationContext, service: string): ServiceReport {
  return context.step(`service/${service}`, service, { service, phase: 'waiting' });
}

function showPull(step: StepHandle, progress: { status: string; doneBytes: number; totalBytes: number | null }): void {
  step.detail(progress.status);
  if (progress.doneBytes > 0 || progress.totalBytes !== null) {
    step.progress({ done: progress.doneBytes, total: progress.totalBytes, unit: 'bytes' });
  } else {
    // A step of a build that moves no bytes must not look like a download that stands still.
    step.progress(null);
  }
}

function outcomeSentence(outcomes: ReadonlyMap<string, ServiceOutcome>): string {
  const jobs = [...outcomes.values()].filter((outcome) => outcome === 'done').length;
  const services = outcomes.size - jobs;
  const up = services === 1 ? '1 of 1 service is up' : `${services} of ${services} services are up`;
  return jobs === 0 ? up : `${up}, ${jobs} ${jobs === 1 ? 'job' : 'jobs'} completed`;
}
