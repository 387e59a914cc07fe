/**
 * Runs a plan as a graph: networks, volumes and containers come into being in parallel, each service starts as soon as
 * what it depends on allows, and is done when the engine itself calls it healthy. What started stays, whatever fails.
 */

import { projectLabel } from '../../shared/model/compose-labels.ts';
import type { Phase } from '../../shared/model/operation.ts';
import { ProblemError, problem, toProblem } from '../../shared/model/problem.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import { type ActualState, actualContainer } from './actual.ts';
import { awaitService, type ServiceWatch } from './await-service.ts';
import { readFacts } from './container-facts.ts';
import { type ConvergeContext, convergeContainer, stopAny } from './converge-container.ts';
import { eitherSignal } from './either-signal.ts';
import { asFailureOf, failureOf, joinFailures, lateFailure } from './failure.ts';
import { createHealthGate, type HealthGate } from './health-gate.ts';
import { networkLabel, versionLabel, volumeLabel } from './labels.ts';
import { networkBody, volumeBody } from './network-body.ts';
import { type Dependency, namespaceParents, type Plan, type PlannedContainer, type PlannedService } from './plan.ts';
import { picksPorts, startPastTakenPorts } from './port-choice.ts';
import { replaceNetwork } from './replace-network.ts';
import { allSettled } from './settle.ts';

/** Where a service's way is shown. An operation's step is one. */
export interface ServiceReport {
  phase(phase: Phase, detail?: string): void;
  detail(detail: string | null): void;
  done(detail?: string): void;
  skip(detail?: string): void;
  fail(error: unknown): void;
}

export interface ApplyOptions {
  readonly engine: EngineClient;
  readonly plan: Plan;
  readonly actual: ActualState;
  /** Of the engine, as in "1.41". */
  readonly apiVersion: string;
  readonly hash: ConvergeContext['hash'];
  readonly composeVersion: string;
  readonly environmentFiles: readonly string[];
  readonly report: (service: string) => ServiceReport;
  readonly signal: AbortSignal;
  /** Lets dependents start on the healthcheck's own command through exec, before the engine's next probe. Default true. */
  readonly earlyProbe?: boolean;
  /** How long each service may take from its start until it is ready; without end when absent. Its container runs on. */
  readonly waitTimeoutMs?: number;
  /** A refused start, in better words; `remove` takes the container away that was made for it. */
  readonly explainStart?: (service: PlannedService, error: unknown) => Promise<{ error: unknown; remove: boolean }>;
}

/** How a service came out; `blocked` did not start because of another. */
export type ServiceOutcome = 'ready' | 'done' | 'failed' | 'blocked' | 'cancelled';

interface Once<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

interface Track {
  readonly created: Once<boolean>;
  readonly started: Once<boolean>;
  /** Dependents may use it. */
  readonly usable: Once<boolean>;
  readonly completed: Once<boolean>;
}

/**
 * Answers how each service came out; all are `ready` or `done`. Otherwise, once everything that can go on has gone on:
 * @throws {ProblemError} the first failure, which names its service; `cancelled` when the signal said so.
 */
export async function applyPlan(options: ApplyOptions): Promise<ReadonlyMap<string, ServiceOutcome>> {
  const { engine, plan, actual, signal, report } = options;
  const project = plan.project.name;
  const owner = { project };
  let opened: HealthGate | undefined;
  const gate = (): HealthGate => {
    opened ??= createHealthGate(engine, project);
    return opened;
  };
  const context: ConvergeContext = {
    engine,
    owner,
    plan,
    apiVersion: options.apiVersion,
    hash: options.hash,
    composeVersion: options.composeVersion,
    environmentFiles: options.environmentFiles,
    imageIds: actual.images,
    ids: new Map(),
  };
  const byName = new Map(plan.services.map((service) => [service.name, service]));
  const tracks = new Map(plan.services.map(({ name }) => [name, newTrack()]));
  const watched = watchedForHealth(plan);
  const failures: unknown[] = [];
  const outcomes = new Map<string, ServiceOutcome>();

  async function groundwork(): Promise<void> {
    if (!plan.writes) return;
    const stops = plan.services.flatMap(({ containers }) =>
      containers.flatMap(({ action, existing }) => (action === 'restart' && existing !== null ? [existing] : [])),
    );
    const leaving = allSettled([
      ...stops.map((container) => stopAny(context, container)),
      ...plan.removals.map(async ({ container }) => {
        await stopAny(context, container);
        await engine.removeContainer(container.id, owner, { force: true });
      }),
    ]);
    const twins = allSettled(plan.networks.flatMap((network) => network.twins.map(dropTwin)));
    // The first to fail is told; none is left under way.
    await allSettled<unknown>([
      twins,
      leaving,
      ...plan.networks.map(async (network) => {
        if (network.action === 'create') await createNetwork(network.key);
        if (network.action !== 'recreate') return;
        await Promise.all([leaving, twins]);
        await replaceNetwork(context, network, () => createNetwork(network.key));
      }),
      ...plan.volumes.filter(({ action }) => action === 'create').map(({ key }) => createVolume(key)),
    ]);
  }

  /** One that is in use after all stays: the engine itself refuses, and so it may. */
  async function dropTwin(id: string): Promise<void> {
    await engine.removeNetwork(id, owner).catch((error: unknown) => {
      const { code } = toProblem(error);
      if (code.startsWith('engine-') && code !== 'engine-refused') throw error;
    });
  }

  async function createNetwork(key: string): Promise<void> {
    const network = plan.project.networks[key];
    if (network === undefined) return;
    const labels = { [networkLabel]: key, [projectLabel]: project, [versionLabel]: options.composeVersion };
    await engine.createNetwork(networkBody(network, labels, options.apiVersion));
  }

  async function createVolume(key: string): Promise<void> {
    const volume = plan.project.volumes[key];
    if (volume === undefined) return;
    const labels = { [volumeLabel]: key, [projectLabel]: project, [versionLabel]: options.composeVersion };
    await engine.createVolume(volumeBody(volume, labels));
  }

  /** Resolves when the dependency allows a start; false when it never will. */
  async function allows(dependency: Dependency): Promise<boolean> {
    const track = tracks.get(dependency.service);
    const planned = byName.get(dependency.service);
    // Of no replicas, or outside of what was asked for: nothing to wait for.
    if (track === undefined || planned === undefined || planned.containers.length === 0) return true;
    if (dependency.condition === 'service_healthy') return track.usable.promise;
    return dependency.condition === 'service_started' ? track.started.promise : track.completed.promise;
  }

  /** Answers the ids of what runs now, in their order: a container that cannot be started any more has a successor. */
  async function start(planned: PlannedService, ids: readonly string[]): Promise<readonly string[]> {
    const running = [...ids];
    const pending = planned.containers.flatMap((container, index) =>
      container.action === 'keep' || container.action === 'done' ? [] : [{ container, index, id: ids[index] ?? '' }],
    );
    if (pending.length === 0) return running;
    report(planned.name).phase('starting');
    await gate().opened();
    const one = async ({ container, index, id }: (typeof pending)[number]): Promise<void> => {
      signal.throwIfAborted();
      try {
        if (container.action === 'unpause') await engine.unpauseContainer(id, owner);
        else await startPastTakenPorts(planned.service, () => engine.startContainer(id, owner), signal);
      } catch (error) {
        const successor = leftAsTask(error) ? await replaced(planned, container, id) : null;
        if (successor !== null) {
          running[index] = successor;
          return;
        }
        const explained = await options.explainStart?.(planned, error);
        if (explained?.remove === true) await engine.removeContainer(id, owner, { force: true }).catch(() => undefined);
        throw explained?.error ?? error;
      }
    };
    // The engine hands out ports of a range one by one only when asked one by one.
    if (picksPorts(planned.service)) for (const container of pending) await one(container);
    else await allSettled(pending.map(one));
    return running;
  }

  /** Another container in the place of one whose process the engine lost track of; null where that one is gone too. */
  async function replaced(planned: PlannedService, container: PlannedContainer, id: string): Promise<string | null> {
    const listed = await engine.listContainers([`${projectLabel}=${project}`]);
    const summary = listed.find((candidate) => candidate.id === id);
    const existing = summary === undefined ? null : actualContainer(summary);
    if (existing === null) return null;
    const successor = await convergeContainer(context, planned, { ...container, action: 'recreate', existing });
    if (context.ids.get(planned.name) === id) context.ids.set(planned.name, successor);
    await engine.startContainer(successor, owner);
    return successor;
  }

  async function run(planned: PlannedService, ground: Promise<void>): Promise<ServiceOutcome> {
    const track = tracks.get(planned.name) ?? newTrack();
    const shown = report(planned.name);
    const creates = planned.containers.some(({ action }) => action === 'create' || action === 'recreate');
    if (creates) shown.phase('creating', firstReason(planned));
    await ground;
    for (const parent of namespaceParents(planned.service)) {
      if ((await tracks.get(parent)?.created.promise) === false) return block(planned, parent, shown);
    }
    signal.throwIfAborted();
    const made = await allSettled(
      planned.containers.map((container) => convergeContainer(context, planned, container)),
    );
    if (made[0] !== undefined) context.ids.set(planned.name, made[0]);
    track.created.resolve(true);

    const waits = planned.dependsOn.map(({ service }) => service);
    if (creates && waits.length > 0) shown.phase('waiting', `Waiting for ${waits.join(', ')}`);
    const answers = await Promise.all(
      planned.dependsOn.map(async (dependency) =>
        (await allows(dependency)) || !dependency.required ? null : dependency.service,
      ),
    );
    const blocker = answers.find((answer) => answer !== null);
    signal.throwIfAborted();
    if (blocker !== undefined && blocker !== null) return block(planned, blocker, shown);
    const ids = await start(planned, made);
    track.started.resolve(true);

    const limit = options.waitTimeoutMs === undefined ? undefined : AbortSignal.timeout(options.waitTimeoutMs);
    const bounded = limit === undefined ? undefined : eitherSignal(signal, limit);
    const watch: ServiceWatch = {
      engine,
      owner,
      gate,
      signal: bounded?.signal ?? signal,
      early: options.earlyProbe !== false && watched.has(planned.name),
      neededHealthyBy: watched.get(planned.name),
      onUsable: () => track.usable.resolve(true),
      onChecking: () => shown.phase('checking', planned.job ? 'Running to its end' : undefined),
    };
    const outcome = await awaitService(watch, planned, ids)
      .catch(async (error: unknown) => {
        if (limit?.aborted !== true || signal.aborted || error instanceof ProblemError) throw error;
        throw await lateFailure(engine, planned.name, ids, options.waitTimeoutMs ?? 0);
      })
      .finally(() => bounded?.end());
    track.usable.resolve(true);
    track.completed.resolve(true);
    shown.phase('ready');
    shown.done(outcome === 'done' ? 'Completed' : undefined);
    return outcome;
  }

  function block(planned: PlannedService, blocker: string, shown: ServiceReport): ServiceOutcome {
    shown.skip(`Not started, because ${blocker} did not come up`);
    giveUp(tracks.get(planned.name));
    return 'blocked';
  }

  let groundFailure: unknown;
  const ground = groundwork().catch((error: unknown) => {
    groundFailure = error;
    failures.push(error);
    throw error;
  });
  ground.catch(() => undefined);
  const runs = plan.services.map(async (planned) => {
    try {
      outcomes.set(planned.name, await run(planned, ground));
    } catch (error) {
      giveUp(tracks.get(planned.name));
      outcomes.set(planned.name, signal.aborted ? 'cancelled' : 'failed');
      if (signal.aborted) return;
      // What failed for all is nobody's failure in particular.
      const failure = error === groundFailure ? error : asFailureOf(planned.name, error);
      if (!failures.includes(failure)) failures.push(failure);
      report(planned.name).fail(failure);
    }
  });
  await Promise.all([ground.catch(() => undefined), ...runs]);
  opened?.close();
  if (!signal.aborted && opened !== undefined) failures.push(...(await diedSince(engine, plan, outcomes)));
  if (signal.aborted) throw cancelled(outcomes);
  if (failures.length > 0) throw joinFailures([...new Set(failures)]);
  return outcomes;
}

/**
 * An engine that was killed while it started a container may leave its task with containerd, and refuses every start
 * of that container from then on: "task 4f…: already exists" (seen on 20.10).
 */
function leftAsTask(error: unknown): boolean {
  const { cause, evidence } = toProblem(error);
  return [cause, ...evidence].some((line) => /\btask [0-9a-f]{64}.*already exists/i.test(line));
}

function newTrack(): Track {
  return { created: once(), started: once(), usable: once(), completed: once() };
}

function giveUp(track: Track | undefined): void {
  for (const signal of track === undefined ? [] : [track.created, track.started, track.usable, track.completed]) {
    signal.resolve(false);
  }
}

function once<T>(): Once<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/**
 * A service without a healthcheck counts as up once it runs, and may have ended while others were waited for:
 * one more look before the whole is called started.
 */
async function diedSince(
  engine: EngineClient,
  plan: Plan,
  outcomes: ReadonlyMap<string, ServiceOutcome>,
): Promise<ProblemError[]> {
  const listed = await engine.listContainers([`${projectLabel}=${plan.project.name}`]);
  const dead = listed.flatMap((summary) => {
    const container = actualContainer(summary);
    if (container === null || container.state !== 'exited' || container.exitCode === 0) return [];
    return outcomes.get(container.service) === 'ready' ? [container] : [];
  });
  return Promise.all(
    dead.map(async ({ id, service }) => {
      const raw = await engine.inspectContainer(id);
      return failureOf(
        engine,
        service,
        id,
        raw === null ? { kind: 'gone' } : { kind: 'exited', facts: readFacts(raw) },
      );
    }),
  );
}

/** Services that somebody wants healthy, and who. */
function watchedForHealth(plan: Plan): Map<string, string> {
  const watched = new Map<string, string>();
  for (const { name, dependsOn } of plan.services) {
    for (const { service, condition, required } of dependsOn) {
      if (condition === 'service_healthy' && required) watched.set(service, name);
    }
  }
  return watched;
}

function firstReason(planned: PlannedService): string | undefined {
  const changed = planned.containers.find(({ action }) => action === 'recreate');
  if (changed === undefined) return undefined;
  return `Replacing it: ${[changed.reason ?? '', ...changed.diff.slice(0, 3)].join('; ')}`;
}

function cancelled(outcomes: ReadonlyMap<string, ServiceOutcome>): ProblemError {
  const ready = [...outcomes.values()].filter((outcome) => outcome === 'ready' || outcome === 'done').length;
  const cause = `Cancelled: ${ready} of ${outcomes.size} services are up and stay as they are. Start again to go on from here.`;
  return new ProblemError(problem('cancelled', 'The start was cancelled', cause));
}
