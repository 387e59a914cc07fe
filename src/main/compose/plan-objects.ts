/** What happens to the networks and volumes that the planned services use. Volumes hold data: they are made, never changed. */
import { ProblemError, problem, type Remedy } from '../../shared/model/problem.ts';
import type { ActualContainer, ActualObject, ActualState } from './actual.ts';
import type { ComposeProject, ComposeService } from './model.ts';
import { networkDrift, volumeDrift } from './object-drift.ts';

export interface PlannedNetwork {
  /** In the file. */
  readonly key: string;
  readonly name: string;
  readonly action: 'create' | 'recreate' | 'keep';
  /** Of the one that is there; null where none is. */
  readonly id: string | null;
  /** Why, for a person; null where it is kept. */
  readonly reason: string | null;
  readonly diff: readonly string[];
  /** For `recreate`: the project's containers on it that are not removed anyway. They are moved over to the new one. */
  readonly moves: readonly ActualContainer[];
  /** Ids of more networks of the project with its name, on which the engine then starts nothing: see `planNetworks`. */
  readonly twins: readonly string[];
}

export interface PlannedVolume {
  readonly key: string;
  readonly name: string;
  readonly action: 'create' | 'keep';
  /** What differs from the file, and that it is left alone; null where nothing does. */
  readonly note: string | null;
}

/**
 * `moves` are left to be filled in. The engine lets two networks have one name; they come from a creation whose answer
 * was lost, and the one that no container is on goes.
 * @throws {ProblemError} `name-taken` by a network that somebody else made. */
export function planNetworks(
  project: ComposeProject,
  actual: ActualState,
  services: Iterable<ComposeService>,
  warn: (warning: string) => void,
): PlannedNetwork[] {
  const there = byName(actual.networks, true);
  const inUse = new Set(actual.containers.flatMap(({ networks }) => Object.values(networks ?? {})));
  return [...usedNetworks(services)].map((key) => {
    const network = project.networks[key];
    const name = network?.name ?? `${project.name}_${key}`;
    const found = there.get(name) ?? [];
    const ours = found.filter((one) => one.project === project.name);
    const mine = ours.find(({ id }) => inUse.has(id)) ?? ours[0];
    const one = mine ?? found[0];
    const twins = ours.flatMap(({ id }) => (id === mine?.id ? [] : [id]));
    const kept = { key, name, action: 'keep', id: one?.id ?? null, reason: null, diff: [], moves: [], twins } as const;
    if (network?.external === true) return { ...kept, name: one?.name ?? name };
    if (one === undefined) return { ...kept, action: 'create', reason: 'it is not there yet' };
    if (mine === undefined) {
      if (one.key !== key) throw networkTaken(project.name, key, one);
      warn(
        `The network ${name} belongs to ${whose(one)}, and is used as it is. Call it external to say that it is meant.`,
      );
      return kept;
    }
    if (mine.key !== key) {
      return { ...kept, action: 'recreate', reason: `the file now calls it ${key}, not ${mine.key ?? 'anything'}` };
    }
    const diff = network === undefined ? [] : networkDrift(network, mine);
    return diff.length === 0 ? kept : { ...kept, action: 'recreate', reason: 'its settings changed', diff };
  });
}

export function planVolumes(
  project: ComposeProject,
  actual: ActualState,
  services: Iterable<ComposeService>,
  warn: (warning: string) => void,
): PlannedVolume[] {
  const there = byName(actual.volumes, false);
  return [...usedVolumes(services)].map((key) => {
    const volume = project.volumes[key];
    const name = volume?.name ?? `${project.name}_${key}`;
    const found = (there.get(name) ?? [])[0];
    if (volume?.external === true) return { key, name, action: 'keep', note: null };
    if (found === undefined) return { key, name, action: 'create', note: null };
    const note = (text: string): PlannedVolume => {
      warn(`The volume ${name}: ${text}`);
      return { key, name, action: 'keep', note: text };
    };
    if (found.project !== project.name || found.key !== key) {
      return note(`it belongs to ${whose(found)}, and is used as it is. Call it external to say that it is meant.`);
    }
    const diff = volume === undefined ? [] : volumeDrift(volume, found);
    if (diff.length === 0) return { key, name, action: 'keep', note: null };
    return note(
      `its settings differ from the file (${diff.join('; ')}). It stays as it is, with its data: only a new volume could have them.`,
    );
  });
}

/** Keys of the file. */
function usedNetworks(services: Iterable<ComposeService>): Set<string> {
  const used = new Set<string>();
  for (const service of services) {
    if (service.network_mode === undefined) for (const key of Object.keys(service.networks ?? {})) used.add(key);
  }
  return used;
}

/** Keys of the named volumes that a service mounts. */
export function namedVolumes(service: ComposeService): string[] {
  return (service.volumes ?? []).flatMap(({ type, source }) =>
    type === 'volume' && source !== undefined ? [source] : [],
  );
}

function usedVolumes(services: Iterable<ComposeService>): Set<string> {
  const used = new Set<string>();
  for (const service of services) for (const key of namedVolumes(service)) used.add(key);
  return used;
}

/** Names of networks are not unique on older engines; a network may also be named by its id. */
function byName(objects: readonly ActualObject[], ids: boolean): Map<string, ActualObject[]> {
  const map = new Map<string, ActualObject[]>();
  for (const object of objects) {
    for (const name of ids ? [object.name, object.id] : [object.name]) {
      const known = map.get(name);
      if (known === undefined) map.set(name, [object]);
      else known.push(object);
    }
  }
  return map;
}

const whose = ({ project }: ActualObject): string =>
  project === null ? 'no Compose project' : `the project ${project}`;

function networkTaken(project: string, key: string, taken: ActualObject): ProblemError {
  const remedies: Remedy[] = [
    { action: 'advice', label: `Add "external: true" to the network ${key}, if it is meant to be this one` },
    { action: 'advice', label: `Or give it another name, with "name:" under the network ${key}` },
    {
      action: 'copy-command',
      label: 'Or remove the one that is there, if nobody needs it',
      command: `docker network rm ${taken.name}`,
    },
  ];
  return new ProblemError(
    problem(
      'name-taken',
      `The network name ${taken.name} is taken`,
      `A network of that name exists, and ${project} did not make it: it belongs to ${whose(taken)}. Nothing was created.`,
      { evidence: [`network ${taken.name} (${taken.id.slice(0, 12)})`], remedies },
    ),
  );
}
