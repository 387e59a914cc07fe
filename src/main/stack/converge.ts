/** Makes the engine hold what a project says: reads what is there, plans, applies. Knows nothing of environments and operations. */
import { ProblemError, problem } from '../../shared/model/problem.ts';
import { type ActualState, readActual } from '../compose/actual.ts';
import { type ApplyOptions, applyPlan, type ServiceOutcome } from '../compose/apply.ts';
import { type HashDialect, serviceHash, serviceHashes } from '../compose/config-hash.ts';
import { imageRefOf } from '../compose/image-ref.ts';
import { versionLabel } from '../compose/labels.ts';
import type { ComposeProject } from '../compose/model.ts';
import { makePlan, type Plan, type PlanOptions } from '../compose/plan.ts';
import { assertNoStrangers, mayMeetStrangers } from '../compose/strangers.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import { type LeaseOptions, withLease } from './lease.ts';

/** A Compose release that hashes in each dialect: what the version label says of our containers. */
const releases: Readonly<Record<HashDialect, string>> = {
  D24: '2.26.1',
  D30: '2.30.3',
  D31: '2.33.1',
  D34: '2.35.1',
  D36: '2.40.3',
  D5: '5.0.0',
};

export interface ConvergeOptions
  extends Pick<
      ApplyOptions,
      'engine' | 'report' | 'signal' | 'explainStart' | 'environmentFiles' | 'earlyProbe' | 'waitTimeoutMs'
    >,
    Pick<PlanOptions, 'services' | 'removeOrphans' | 'forceRecreate' | 'resumeWaiting'> {
  readonly project: ComposeProject;
  readonly dialect?: HashDialect;
  /** Asked of the engine when absent. */
  readonly apiVersion?: string;
  /** Keeps other panels out while something is written. Absent where the caller does. */
  readonly lease?: Pick<LeaseOptions, 'title' | 'onWatch'>;
}

interface Planned {
  readonly plan: Plan;
  readonly actual: ActualState;
}

/** What would be done, and what it was decided on. Writes nothing. */
export async function planProject(
  engine: EngineClient,
  project: ComposeProject,
  options: Pick<PlanOptions, 'services' | 'removeOrphans' | 'forceRecreate' | 'missingImages' | 'resumeWaiting'>,
): Promise<Planned> {
  const refs = Object.entries(project.services).map(([name, service]) => imageRefOf(project, name, service));
  const actual = await readActual(engine, project.name, refs, Object.keys(project.volumes).length > 0);
  await assertExternals(engine, project, actual);
  const plan = makePlan(project, actual, {
    ...options,
    restartUnhealthy: true,
    hashes: (service, ids) => Object.values(serviceHashes(project, service, ids)),
  });
  if (mayMeetStrangers(plan)) assertNoStrangers(plan, await engine.listContainers([]));
  return { plan, actual };
}

/** What the file calls external was made by someone else; nothing is created while it is missing. */
async function assertExternals(engine: EngineClient, project: ComposeProject, actual: ActualState): Promise<void> {
  const listed = {
    network: new Set(actual.networks.flatMap(({ name, id }) => [name, id])),
    volume: new Set(actual.volumes.map(({ name }) => name)),
  };
  const missing = [
    ...Object.values(project.networks).map((network) => ({ ...network, kind: 'network' as const })),
    ...Object.values(project.volumes).map((volume) => ({ ...volume, kind: 'volume' as const })),
  ].filter(({ external, kind, name }) => external === true && !listed[kind].has(name));
  await Promise.all(
    missing.map(async ({ kind, name }) => {
      // A list may leave out what the engine would find by a part of its id, or on another node.
      const raw = await (kind === 'network' ? engine.inspectNetwork(name) : engine.inspectVolume(name));
      if (raw !== null) return;
      throw new ProblemError(
        problem(
          'external-missing',
          `The ${kind} ${name} does not exist`,
          `The file calls the ${kind} ${name} external: someone else has to make it, and nobody did.`,
          {
            remedies: [
              { action: 'copy-command', label: 'Make it', command: `docker ${kind} create ${name}` },
              { action: 'advice', label: 'Or drop "external: true" to have it made' },
            ],
          },
        ),
      );
    }),
  );
}

/** @throws {ProblemError} `stack-busy` while another panel is at it, of planning, or the first failure of the run */
export async function converge(options: ConvergeOptions): Promise<ReadonlyMap<string, ServiceOutcome>> {
  const { engine, project, lease } = options;
  const [planned, apiVersion] = await Promise.all([
    planProject(engine, project, options).catch((error: unknown) => {
      if (lease === undefined || !mayBeTorn(error)) throw error;
      return null;
    }),
    options.apiVersion ?? engine.version(options.signal).then((version) => version.apiVersion),
  ]);
  if (lease === undefined || planned?.plan.writes === false) {
    return run(planned ?? (await planProject(engine, project, options)), options.signal);
  }
  return withLease({ ...lease, engine, project: project.name, signal: options.signal }, async (signal) =>
    // Somebody else may have been at it until a moment ago.
    run(await planProject(engine, project, options), signal),
  );

  function run({ plan, actual }: Planned, signal: AbortSignal): ReturnType<typeof applyPlan> {
    const dialect = options.dialect ?? dialectOf(actual);
    return applyPlan({
      ...options,
      signal,
      plan,
      actual,
      apiVersion,
      composeVersion: releases[dialect],
      hash: (service, ids) => serviceHash(project, service, ids, dialect),
    });
  }
}

/** Lists read one after the other while another panel creates: what it just made looks like a stranger's. */
function mayBeTorn(error: unknown): boolean {
  return error instanceof ProblemError && ['name-taken', 'network-in-use'].includes(error.problem.code);
}

/** Containers that are there tell which Compose the person uses; without any, the newest is assumed. */
function dialectOf(actual: ActualState): HashDialect {
  const label = actual.containers.map(({ labels }) => labels[versionLabel]).find((version) => version !== undefined);
  const [major = 5, minor = 0] = (label ?? '5.0').replace(/^v/, '').split('.').map(Number);
  if (major >= 3) return 'D5';
  if (minor >= 36) return 'D36';
  if (minor >= 34) return 'D34';
  if (minor >= 31) return 'D31';
  return minor >= 30 ? 'D30' : 'D24';
}
