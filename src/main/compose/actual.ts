/** What the engine has of a project right now, in the fewest calls: lists, and one inspect per image. */

import { numberLabel, oneoffLabel, projectLabel, serviceLabel } from '../../shared/model/compose-labels.ts';
import { asList, asObject, asText, asTextMap } from '../../shared/model/json.ts';
import type { ContainerSummary, EngineClient, JsonObject } from '../engine/engine-client.ts';
import { dependsLabel, hashLabel, imageLabel, networkLabel, parseDependsLabel, volumeLabel } from './labels.ts';

export interface ActualContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly number: number;
  readonly state: string;
  /** As the list's status line tells it; `unknown` where the engine writes none. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy' | 'unknown';
  readonly exitCode: number | null;
  /** Empty when the label is missing: nobody knows what it was made from. */
  readonly configHash: string;
  readonly imageId: string;
  readonly dependsOn: readonly { readonly service: string }[];
  /** Name of each network it is on to the network's id, empty before its first start; null where the list does not say. */
  readonly networks: Readonly<Record<string, string>> | null;
  /** Names of the volumes it mounts; null where the list does not say. */
  readonly volumes: readonly string[] | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
}

/** A network or volume as the engine lists it. */
export interface ActualObject {
  /** Of a network; a volume has none but its name. */
  readonly id: string;
  readonly name: string;
  /** The key in the Compose file; null without the label. */
  readonly key: string | null;
  /** The Compose project that made it; null where none did. */
  readonly project: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly raw: JsonObject;
}

export interface ActualState {
  /** Of the project only. */
  readonly containers: readonly ActualContainer[];
  /** All of the engine: a name may be taken by another project, or by nobody's. */
  readonly networks: readonly ActualObject[];
  readonly volumes: readonly ActualObject[];
  /** Image reference to the local image's id; null when it is not here. */
  readonly images: Readonly<Record<string, string | null>>;
}

/** Asks the engine. `imageRefs` are those the model names; `withVolumes` false saves a call where the file declares none. */
export async function readActual(
  engine: EngineClient,
  project: string,
  imageRefs: readonly string[],
  withVolumes: boolean,
): Promise<ActualState> {
  const filter = [`${projectLabel}=${project}`];
  const [containers, networks, volumes, images] = await Promise.all([
    engine.listContainers(filter),
    engine.listNetworks([]),
    withVolumes ? engine.listVolumes([]) : [],
    Promise.all(
      [...new Set(imageRefs)].map(async (ref) => {
        const raw = await engine.inspectImage(ref);
        return [ref, raw === null ? null : asText(raw.Id)] as const;
      }),
    ),
  ]);
  return {
    containers: containers.map(actualContainer).filter((container) => container !== null),
    networks: networks.map((raw) => actualObject(raw, networkLabel)),
    volumes: volumes.map((raw) => actualObject(raw, volumeLabel)),
    images: Object.fromEntries(images),
  };
}

/** Null for what is of the project but not of an `up`: one-off containers of `run`. */
export function actualContainer(summary: ContainerSummary): ActualContainer | null {
  const { labels, raw } = summary;
  const service = labels[serviceLabel];
  if (service === undefined || labels[oneoffLabel] === 'True') return null;
  const status = asText(raw.Status);
  const exit = /^Exited \((\d+)\)/.exec(status)?.[1];
  return {
    id: summary.id,
    name: summary.name,
    service,
    number: Number(labels[numberLabel] ?? '1') || 1,
    state: summary.state,
    health: healthOf(status, summary.state),
    exitCode: exit === undefined ? null : Number(exit),
    configHash: labels[hashLabel] ?? '',
    imageId: labels[imageLabel] ?? summary.imageId,
    dependsOn: parseDependsLabel(labels[dependsLabel]),
    networks: networksOf(raw),
    volumes: volumesOf(raw),
    labels,
    createdAtMs: summary.createdAtMs,
  };
}

/** The status line reads "Up 5 minutes (healthy)", "Up 2 seconds (health: starting)", "Up 3 hours". */
function healthOf(status: string, state: string): ActualContainer['health'] {
  if (state !== 'running') return 'none';
  if (!status.startsWith('Up')) return 'unknown';
  if (status.includes('(healthy)')) return 'healthy';
  if (status.includes('(unhealthy)')) return 'unhealthy';
  return status.includes('(health: starting)') ? 'starting' : 'none';
}

/** Networks of a listed container; null where the engine says nothing of them. */
export function networksOf(raw: JsonObject): Record<string, string> | null {
  const { Networks: networks } = asObject(raw.NetworkSettings);
  if (networks === undefined || networks === null) return null;
  return Object.fromEntries(
    Object.entries(asObject(networks)).map(([name, endpoint]) => [name, asText(asObject(endpoint).NetworkID)]),
  );
}

function volumesOf(raw: JsonObject): string[] | null {
  if (!Array.isArray(raw.Mounts)) return null;
  return raw.Mounts.flatMap((entry) => {
    const mount = asObject(entry);
    return mount.Type === 'volume' ? [asText(mount.Name)] : [];
  });
}

function actualObject(raw: JsonObject, keyLabel: string): ActualObject {
  const labels = asTextMap(raw.Labels);
  return {
    id: asText(raw.Id),
    name: asText(raw.Name),
    key: labels[keyLabel] ?? null,
    project: labels[projectLabel] ?? null,
    labels,
    raw,
  };
}

/** Anonymous volumes of a container and where they are mounted: what a recreated one takes over. */
export function anonymousVolumes(raw: JsonObject): { readonly name: string; readonly target: string }[] {
  return asList(raw.Mounts).flatMap((entry) => {
    const mount = asObject(entry);
    const name = asText(mount.Name);
    return mount.Type === 'volume' && /^[0-9a-f]{64}$/.test(name) ? [{ name, target: asText(mount.Destination) }] : [];
  });
}
