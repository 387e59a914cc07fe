/**
 * What has to happen for the engine to hold what the file says. Pure: from the model, the actual state and the hashes
 * to a typed plan; the applier does exactly what stands in it.
 */
import type { ContainerAction } from '../../shared/model/plan.ts';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { ActualContainer, ActualState } from './actual.ts';
import { assertNoCycle, type Graph, withDependencies } from './graph.ts';
import { imageRefOf } from './image-ref.ts';
import { containerName, modelLabel } from './labels.ts';
import type { ComposeProject, ComposeService } from './model.ts';
import { describeModel, modelDiff } from './model-diff.ts';

export interface PlannedContainer {
  readonly action: ContainerAction;
  readonly number: number;
  /** The name it has in the end. */
  readonly name: string;
  /** The one that is there: kept, started or replaced. */
  readonly existing: ActualContainer | null;
  /** Why, for a person; null where nothing is done. */
  readonly reason: string | null;
  /** For `recreate`: what changed, one line each, secrets masked. */
  readonly diff: readonly string[];
}

export interface PlannedService {
  readonly name: string;
  readonly service: ComposeService;
  /** Ends by itself, and exit 0 is its success. */
  readonly job: boolean;
  readonly containers: readonly PlannedContainer[];
  readonly dependsOn: readonly Dependency[];
}

export interface Dependency {
  readonly service: string;
  readonly condition: 'service_started' | 'service_healthy' | 'service_completed_successfully';
  readonly required: boolean;
  readonly restart: boolean;
}

export interface PlannedRemoval {
  readonly container: ActualContainer;
  readonly reason: string;
}

export interface PlannedNetwork {
  /** In the file. */
  readonly key: string;
  readonly name: string;
  readonly action: 'create' | 'recreate' | 'keep';
  /** Why, for a person; null where it is kept. */
  readonly reason: string | null;
  readonly diff: readonly string[];
  /** Containers that are on it and stay: for `recreate`, they are moved over to the new one. */
  readonly moves: readonly ActualContainer[];
}

export interface PlannedVolume {
  readonly key: string;
  readonly name: string;
  readonly action: 'create' | 'keep';
  /** What differs from the file, and that it is left alone; null where nothing does. */
  readonly note: string | null;
}

export interface Plan {
  readonly project: ComposeProject;
  readonly networks: readonly PlannedNetwork[];
  readonly volumes: readonly PlannedVolume[];
  /** In the order of the file. */
  readonly services: readonly PlannedService[];
  readonly removals: readonly PlannedRemoval[];
  /** Containers of services that the file no longer names; left alone unless asked otherwise. */
  readonly orphans: readonly ActualContainer[];
  /** What a person should know and no action stands for. */
  readonly warnings: readonly string[];
  /** False: the engine holds it all already, nothing would be written. */
  readonly writes: boolean;
}

export interface PlanOptions {
  /** Every hash that counts as current for a service, the one to write first. `ids` are the containers others resolve to. */
  readonly hashes: (service: string, ids: ReadonlyMap<string, string>) => readonly string[];
  /** Only these and what they depend on; all when absent. */
  readonly services?: readonly string[];
  readonly removeOrphans?: boolean;
  /** `assume`: plans as if an image that is not here had been got, for a preview. Default: it is a Problem. */
  readonly missingImages?: 'assume';
  /** Every container of the services asked for is replaced, changed or not. */
  readonly forceRecreate?: boolean;
  /** A running container that is unhealthy is restarted rather than waited for. */
  readonly restartUnhealthy?: boolean;
}

/** @throws {ProblemError} `compose-invalid` for a cycle or an unknown service, `image-missing` when an image is not here. */
export function makePlan(project: ComposeProject, actual: ActualState, options: PlanOptions): Plan {
  const graph = graphOf(project);
  assertNoCycle(graph);
  const chosen = chooseServices(project, options.services);
  const jobs = jobsOf(project);
  const ids = new Map<string, string>();
  for (const container of actual.containers) if (!ids.has(container.service)) ids.set(container.service, container.id);

  const services: PlannedService[] = [];
  const removals: PlannedRemoval[] = [];
  // Parents of shared namespaces first: a service whose parent is replaced is replaced with it.
  const replaced = new Set<string>();
  for (const name of inOrder(graph, chosen)) {
    const service = project.services[name];
    if (service === undefined) continue;
    const planned = planService({ project, actual, options, name, service, job: jobs.has(name), ids, replaced });
    removals.push(...planned.removals);
    services.push(planned.service);
    if (planned.service.containers.some(({ action }) => action === 'create' || action === 'recreate'))
      replaced.add(name);
  }
  restartDependents(services, replaced);

  const fileOrder = Object.keys(project.services);
  services.sort((a, b) => fileOrder.indexOf(a.name) - fileOrder.indexOf(b.name));
  const orphans = actual.containers.filter((container) => project.services[container.service] === undefined);
  if (options.removeOrphans === true) {
    removals.push(...orphans.map((container) => ({ container, reason: 'its service is no longer in the file' })));
  }
  const networks = plannedNetworks(project, actual, services);
  const volumes = plannedVolumes(project, actual, services);
  const writes =
    removals.length > 0 ||
    [...networks, ...volumes].some(({ action }) => action === 'create') ||
    services.some(({ containers }) => containers.some(({ action }) => action !== 'keep' && action !== 'done'));
  return { project, networks, volumes, services, removals, orphans, warnings: [], writes };
}

/** Services by what they depend on, shared namespaces and `volumes_from` included. */
export function graphOf(project: ComposeProject): Graph {
  return new Map(
    Object.entries(project.services).map(([name, service]) => [
      name,
      [...new Set([...Object.keys(service.depends_on ?? {}), ...namespaceParents(service)])],
    ]),
  );
}

/** Services whose container another service's create body names. */
export function namespaceParents(service: ComposeService): string[] {
  const shared = [service.network_mode, service.ipc, service.pid].flatMap((mode) =>
    mode?.startsWith('service:') ? [mode.slice('service:'.length)] : [],
  );
  const from = (service.volumes_from ?? []).flatMap((entry) =>
    entry.startsWith('container:') ? [] : [entry.split(':')[0] ?? ''],
  );
  const linked = (service.links ?? []).map((link) => link.split(':')[0] ?? '');
  return [...new Set([...shared, ...from, ...linked])];
}

/** Whom somebody waits for to end well. Who names no such service has no job: an exit 0 may as well be a stop. */
export function jobsOf(project: ComposeProject): Set<string> {
  const jobs = new Set<string>();
  for (const service of Object.values(project.services)) {
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      if (condition === 'service_completed_successfully') jobs.add(name);
    }
  }
  return jobs;
}

/** The services asked for (all when absent) and what they depend on. @throws {ProblemError} `service-unknown` */
export function chooseServices(project: ComposeProject, names: readonly string[] | undefined): Set<string> {
  const graph = graphOf(project);
  if (names === undefined) return new Set(graph.keys());
  for (const name of names) {
    if (project.services[name] !== undefined) continue;
    throw new ProblemError(
      problem(
        'service-unknown',
        `There is no service named ${name}`,
        `The stack has: ${[...graph.keys()].join(', ')}.`,
        {
          remedies: [{ action: 'advice', label: 'Use one of the names of the stack' }],
        },
      ),
    );
  }
  return withDependencies(graph, names);
}

function inOrder(graph: Graph, chosen: ReadonlySet<string>): string[] {
  const order: string[] = [];
  const visit = (name: string): void => {
    if (order.includes(name) || !chosen.has(name)) return;
    for (const dependency of graph.get(name) ?? []) visit(dependency);
    order.push(name);
  };
  for (const name of chosen) visit(name);
  return order;
}

interface ServiceInput {
  readonly project: ComposeProject;
  readonly actual: ActualState;
  readonly options: PlanOptions;
  readonly name: string;
  readonly service: ComposeService;
  readonly job: boolean;
  readonly ids: ReadonlyMap<string, string>;
  readonly replaced: ReadonlySet<string>;
}

function planService(input: ServiceInput): { service: PlannedService; removals: PlannedRemoval[] } {
  const { project, actual, options, name, service, job } = input;
  const imageRef = imageRefOf(project, name, service);
  const imageId = actual.images[imageRef];
  const wanted = service.scale ?? service.deploy?.replicas ?? 1;
  if (imageId === null || imageId === undefined) {
    if (wanted > 0 && options.missingImages !== 'assume') throw imageMissing(name, imageRef);
  }
  const found = actual.containers.filter((container) => container.service === name);
  const judged = found.map((existing) => ({ existing, stale: staleness(input, existing, imageId ?? '') }));
  // Obsolete ones go first, then the highest number; of two with one number the newer one stays.
  judged.sort(
    (a, b) =>
      Number(a.stale !== null) - Number(b.stale !== null) ||
      a.existing.number - b.existing.number ||
      b.existing.createdAtMs - a.existing.createdAtMs,
  );
  const kept: typeof judged = [];
  const removals: PlannedRemoval[] = [];
  for (const one of judged) {
    const twin = kept.some(({ existing }) => existing.number === one.existing.number);
    if (kept.length < wanted && !twin) kept.push(one);
    else removals.push({ container: one.existing, reason: twin ? 'a newer one took its place' : 'fewer are wanted' });
  }
  kept.sort((a, b) => a.existing.number - b.existing.number);
  const containers: PlannedContainer[] = kept.map(({ existing, stale }) => ({
    number: existing.number,
    name: containerName(project.name, name, existing.number, service.container_name),
    existing,
    ...(stale === null ? upToDate(input.options, existing, job) : { action: 'recreate' as const, ...stale }),
  }));
  let number = Math.max(0, ...found.map((container) => container.number));
  while (containers.length < wanted) {
    number += 1;
    containers.push({
      action: 'create',
      number,
      name: containerName(project.name, name, number, service.container_name),
      existing: null,
      reason: found.length === 0 ? 'it is not there yet' : 'more are wanted',
      diff: [],
    });
  }
  const dependsOn = Object.entries(service.depends_on ?? {}).map(([dependency, how]) => ({
    service: dependency,
    condition: how.condition,
    required: how.required,
    restart: how.restart === true,
  }));
  return { service: { name, service, job, containers, dependsOn }, removals };
}

/** Null for a container that is as the file says. */
function staleness(
  input: ServiceInput,
  existing: ActualContainer,
  imageId: string,
): { reason: string; diff: string[] } | null {
  const parent = namespaceParents(input.service).find((name) => input.replaced.has(name));
  if (parent !== undefined) return { reason: `${parent}, which it shares with, is replaced`, diff: [] };
  const { forceRecreate, services } = input.options;
  if (forceRecreate === true && (services === undefined || services.includes(input.name))) {
    return { reason: 'asked for', diff: [] };
  }
  if (!input.options.hashes(input.name, input.ids).includes(existing.configHash)) {
    const diff = modelDiff(existing.labels[modelLabel], describeModel(input.service));
    return { reason: 'its settings changed', diff };
  }
  if (imageId === '') return { reason: 'its image has to be got first', diff: [] };
  if (existing.imageId !== imageId)
    return { reason: 'its image changed', diff: [`image: ${existing.imageId} -> ${imageId}`] };
  return null;
}

function upToDate(
  options: PlanOptions,
  existing: ActualContainer,
  job: boolean,
): Pick<PlannedContainer, 'action' | 'reason' | 'diff'> {
  if (existing.state === 'running' || existing.state === 'restarting') {
    return options.restartUnhealthy === true && existing.health === 'unhealthy'
      ? { action: 'restart', reason: 'it is not healthy', diff: [] }
      : { action: 'keep', reason: null, diff: [] };
  }
  if (job && existing.state === 'exited' && existing.exitCode === 0) return { action: 'done', reason: null, diff: [] };
  return { action: 'start', reason: existing.state === 'created' ? 'it never ran' : 'it is stopped', diff: [] };
}

/** `depends_on.restart: true`: who depends on a replaced service is restarted after it. */
function restartDependents(services: PlannedService[], replaced: ReadonlySet<string>): void {
  for (const [index, planned] of services.entries()) {
    const because = planned.dependsOn.find(({ service, restart }) => restart && replaced.has(service));
    if (because === undefined) continue;
    services[index] = {
      ...planned,
      containers: planned.containers.map((container) =>
        container.action === 'keep'
          ? { ...container, action: 'restart', reason: `${because.service} is replaced` }
          : container,
      ),
    };
  }
}

function plannedNetworks(
  project: ComposeProject,
  actual: ActualState,
  services: readonly PlannedService[],
): Plan['networks'] {
  const used = new Set(
    services.flatMap(({ service }) => (service.network_mode === undefined ? Object.keys(service.networks ?? {}) : [])),
  );
  return [...used].map((key) => {
    const network = project.networks?.[key];
    const name = network?.name ?? `${project.name}_${key}`;
    const there = network?.external === true || actual.networks.some((found) => found.name === name);
    return there
      ? { key, name, action: 'keep', reason: null, diff: [], moves: [] }
      : { key, name, action: 'create', reason: 'it is not there yet', diff: [], moves: [] };
  });
}

function plannedVolumes(
  project: ComposeProject,
  actual: ActualState,
  services: readonly PlannedService[],
): Plan['volumes'] {
  const used = new Set(
    services.flatMap(({ service }) =>
      (service.volumes ?? []).flatMap(({ type, source }) =>
        type === 'volume' && source !== undefined ? [source] : [],
      ),
    ),
  );
  return [...used].map((key) => {
    const volume = project.volumes?.[key];
    const name = volume?.name ?? `${project.name}_${key}`;
    const there = volume?.external === true || actual.volumes.some((found) => found.name === name);
    return { key, name, action: there ? 'keep' : 'create', note: null };
  });
}

function imageMissing(service: string, ref: string): ProblemError {
  return new ProblemError(
    problem(
      'image-missing',
      `The image of ${service} is not here`,
      `${service} runs ${ref}, which this engine does not have.`,
      {
        remedies: [{ action: 'retry', label: 'Get the image and try again' }],
        service,
      },
    ),
  );
}
