/**
 * What has to happen for the engine to hold what the file says. Pure: from the model, the actual state and the hashes
 * to a typed plan; the applier does exactly what stands in it.
 */
import type { ContainerAction } from '../../shared/model/plan.ts';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { ActualContainer, ActualState } from './actual.ts';
import { assertNoCycle, type Graph, reverse, withDependencies } from './graph.ts';
import { imageRefOf } from './image-ref.ts';
import { containerName, modelLabel } from './labels.ts';
import type { ComposeProject, ComposeService } from './model.ts';
import { describeModel, modelDiff } from './model-diff.ts';
import { namedVolumes, type PlannedNetwork, type PlannedVolume, planNetworks, planVolumes } from './plan-objects.ts';

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
  /**
   * With `services`: also what an earlier start left waiting for them, made but never run. So one part that failed can be
   * tried again alone, and what it blocked goes on with it. What was stopped by hand stays stopped.
   */
  readonly resumeWaiting?: boolean;
}

/**
 * @throws {ProblemError} `compose-invalid` for a cycle, `service-unknown`, `image-missing` when an image is not here,
 * `name-taken` by a network of somebody else
 */
export function makePlan(project: ComposeProject, actual: ActualState, options: PlanOptions): Plan {
  const graph = graphOf(project);
  assertNoCycle(graph);
  const found = byService(actual.containers);
  const chosen = chooseServices(project, options.services);
  if (options.services !== undefined && options.resumeWaiting === true) addWaiting(graph, found, chosen);
  const order = inOrder(graph, chosen);
  const jobs = jobsOf(project);
  const warnings = [...project.warnings];
  const warn = (warning: string): void => void warnings.push(warning);
  const models = order.flatMap((name) => project.services[name] ?? []);
  const networks = planNetworks(project, actual, models, warn);
  const volumes = planVolumes(project, actual, models, warn);

  const ids = new Map<string, string>();
  for (const [name, containers] of found) ids.set(name, firstOf(containers).id);
  const planned = new Map<string, PlannedService>();
  const removals: PlannedRemoval[] = [];
  // Parents of shared namespaces first: a service whose parent is replaced is replaced with it.
  const replaced = new Set<string>();
  const surroundings = { networks: new Map(networks.map((network) => [network.key, network])) };
  for (const name of order) {
    const service = project.services[name];
    if (service === undefined) continue;
    const input = { project, actual, options, name, service, found: found.get(name) ?? [], job: jobs.has(name) };
    const made = planService({ ...input, ...surroundings, ids, replaced });
    removals.push(...made.removals);
    planned.set(name, made.service);
    const [first] = made.service.containers;
    // What shares with a service shares with its first container.
    if (first?.existing) ids.set(name, first.existing.id);
    if (made.service.containers.some(({ action }) => action === 'create' || action === 'recreate')) replaced.add(name);
  }
  const services = Object.keys(project.services).flatMap((name) => {
    const service = planned.get(name);
    return service === undefined ? [] : [restartDependents(service, replaced)];
  });

  const orphans = actual.containers.filter((container) => !isNamed(project, container.service));
  if (options.removeOrphans === true) {
    removals.push(...orphans.map((container) => ({ container, reason: 'its service is no longer in the file' })));
  }
  const moved = withMoves(networks, actual.containers, removals);
  const writes =
    removals.length > 0 ||
    [...networks, ...volumes].some(({ action }) => action !== 'keep') ||
    services.some(({ containers }) => containers.some(({ action }) => action !== 'keep' && action !== 'done'));
  return { project, networks: moved, volumes, services, removals, orphans, warnings, writes };
}

function byService(containers: readonly ActualContainer[]): Map<string, ActualContainer[]> {
  const map = new Map<string, ActualContainer[]>();
  for (const container of containers) {
    const known = map.get(container.service);
    if (known === undefined) map.set(container.service, [container]);
    else known.push(container);
  }
  return map;
}

function firstOf(containers: readonly ActualContainer[]): ActualContainer {
  return containers.reduce((first, one) => (one.number < first.number ? one : first));
}

/** Services that no profile switches on are named too: what runs of them is no orphan. */
function isNamed(project: ComposeProject, service: string): boolean {
  return Object.hasOwn(project.services, service) || Object.hasOwn(project.disabledServices, service);
}

/** Who depends on the chosen ones, however far, was made, and never ran; and what those depend on. */
function addWaiting(graph: Graph, found: ReadonlyMap<string, readonly ActualContainer[]>, chosen: Set<string>): void {
  const dependents = reverse(graph);
  const queue = [...chosen];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const name of dependents.get(next) ?? []) {
      const waits = found.get(name)?.every(({ state }) => state === 'created') === true;
      if (!waits || chosen.has(name)) continue;
      for (const one of withDependencies(graph, [name])) if (!chosen.has(one)) chosen.add(one);
      queue.push(name);
    }
  }
}

function withMoves(
  networks: readonly PlannedNetwork[],
  containers: readonly ActualContainer[],
  removals: readonly PlannedRemoval[],
): PlannedNetwork[] {
  if (networks.every(({ action }) => action !== 'recreate')) return [...networks];
  const removed = new Set(removals.map(({ container }) => container.id));
  const staying = containers.filter(({ id }) => !removed.has(id));
  return networks.map((network) =>
    network.action === 'recreate'
      ? {
          ...network,
          moves: staying.filter((one) => one.networks !== null && Object.hasOwn(one.networks, network.name)),
        }
      : network,
  );
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
  const order = new Set<string>();
  const visit = (name: string): void => {
    if (order.has(name) || !chosen.has(name)) return;
    for (const dependency of graph.get(name) ?? []) visit(dependency);
    order.add(name);
  };
  for (const name of chosen) visit(name);
  return [...order];
}

interface ServiceInput {
  readonly project: ComposeProject;
  readonly actual: ActualState;
  readonly options: PlanOptions;
  readonly name: string;
  readonly service: ComposeService;
  /** Its containers. */
  readonly found: readonly ActualContainer[];
  readonly job: boolean;
  /** By their key in the file. */
  readonly networks: ReadonlyMap<string, PlannedNetwork>;
  readonly ids: ReadonlyMap<string, string>;
  readonly replaced: ReadonlySet<string>;
}

function planService(input: ServiceInput): { service: PlannedService; removals: PlannedRemoval[] } {
  const { project, actual, options, name, service, job, found } = input;
  const imageRef = imageRefOf(project, name, service);
  const imageId = actual.images[imageRef];
  const wanted = service.scale ?? service.deploy?.replicas ?? 1;
  if (imageId === null || imageId === undefined) {
    if (wanted > 0 && options.missingImages !== 'assume') throw imageMissing(name, imageRef);
  }
  const hashes = found.length === 0 ? [] : options.hashes(name, input.ids);
  const judged = found.map((existing) => ({ existing, stale: staleness(input, existing, imageId ?? '', hashes) }));
  // Obsolete ones go first, then the highest number; of two with one number the newer one stays.
  judged.sort(
    (a, b) =>
      Number(a.stale !== null) - Number(b.stale !== null) ||
      a.existing.number - b.existing.number ||
      b.existing.createdAtMs - a.existing.createdAtMs,
  );
  const kept: typeof judged = [];
  const numbers = new Set<number>();
  const removals: PlannedRemoval[] = [];
  for (const { existing, stale } of judged) {
    const twin = numbers.has(existing.number);
    if (kept.length < wanted && !twin) {
      kept.push({ existing, stale });
      numbers.add(existing.number);
    } else removals.push({ container: existing, reason: twin ? 'another one took its place' : 'fewer are wanted' });
  }
  kept.sort((a, b) => a.existing.number - b.existing.number);
  const containers: PlannedContainer[] = kept.map(({ existing, stale }) => {
    const planned = {
      number: existing.number,
      name: containerName(project.name, name, existing.number, service.container_name),
      existing,
    };
    if (stale !== null) return { ...planned, action: 'recreate', ...stale };
    const fate = upToDate(options, existing, job);
    // A replacement that was cut off in the middle still bears its passing name, and gets its own.
    if (!isPassingName(existing.name, planned.name)) return { ...planned, name: existing.name, ...fate };
    return fate.action === 'keep'
      ? { ...planned, ...fate, action: 'start', reason: 'it gets its own name' }
      : { ...planned, ...fate };
  });
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

/** The name a replacement bears until what it replaces is gone: `<12 of the old id>_P-service-N`. */
function isPassingName(name: string, own: string): boolean {
  return name.length === own.length + 13 && name.endsWith(`_${own}`);
}

/** Null for a container that is as the file says. */
function staleness(
  input: ServiceInput,
  existing: ActualContainer,
  imageId: string,
  hashes: readonly string[],
): { reason: string; diff: string[] } | null {
  const parent = namespaceParents(input.service).find((name) => input.replaced.has(name));
  if (parent !== undefined) return { reason: `${parent}, which it shares with, is replaced`, diff: [] };
  const { forceRecreate, services } = input.options;
  if (forceRecreate === true && (services === undefined || services.includes(input.name))) {
    return { reason: 'asked for', diff: [] };
  }
  if (!hashes.includes(existing.configHash)) {
    const diff = modelDiff(existing.labels[modelLabel], describeModel(input.service));
    return { reason: 'its settings changed', diff };
  }
  if (imageId === '') return { reason: 'its image has to be got first', diff: [] };
  if (existing.imageId !== imageId)
    return { reason: 'its image changed', diff: [`image: ${existing.imageId} -> ${imageId}`] };
  if (existing.state === 'dead' || existing.state === 'removing') {
    return { reason: 'somebody tried to remove it, and the engine did not finish', diff: [] };
  }
  return offNetwork(input, existing) ?? offVolume(input, existing);
}

/** The hash holds keys of the file; which network a key stands for, or whether it was pulled, only the engine knows. */
function offNetwork({ service, networks }: ServiceInput, existing: ActualContainer): ReturnType<typeof staleness> {
  if (service.network_mode !== undefined || existing.networks === null) return null;
  for (const key of Object.keys(service.networks ?? {})) {
    const network = networks.get(key);
    if (network === undefined) continue;
    const id = Object.hasOwn(existing.networks, network.name) ? existing.networks[network.name] : undefined;
    if (id === undefined) return { reason: `it is not on the network ${network.name}`, diff: [] };
    // Before its first start a container knows a network by name only; some engines know no other id.
    const unresolved = id === '' || id === network.name;
    if (network.action !== 'recreate' && !unresolved && id !== network.id) {
      return { reason: `its network ${network.name} is gone, another takes its place`, diff: [] };
    }
  }
  return null;
}

function offVolume({ service, project }: ServiceInput, existing: ActualContainer): ReturnType<typeof staleness> {
  if (existing.volumes === null) return null;
  for (const key of namedVolumes(service)) {
    const name = project.volumes[key]?.name ?? `${project.name}_${key}`;
    if (!existing.volumes.includes(name)) {
      return { reason: `it is not on the volume ${name}`, diff: [`volumes.${key}: -> ${JSON.stringify(name)}`] };
    }
  }
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
  if (existing.state === 'paused') return { action: 'unpause', reason: 'it is paused', diff: [] };
  if (job && existing.state === 'exited' && existing.exitCode === 0) return { action: 'done', reason: null, diff: [] };
  return { action: 'start', reason: existing.state === 'created' ? 'it never ran' : 'it is stopped', diff: [] };
}

/** `depends_on.restart: true`: who depends on a replaced service is restarted after it. */
function restartDependents(planned: PlannedService, replaced: ReadonlySet<string>): PlannedService {
  const because = planned.dependsOn.find(({ service, restart }) => restart && replaced.has(service));
  if (because === undefined) return planned;
  return {
    ...planned,
    containers: planned.containers.map((container) =>
      container.action === 'keep' || container.action === 'unpause'
        ? { ...container, action: 'restart', reason: `${because.service} is replaced` }
        : container,
    ),
  };
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
