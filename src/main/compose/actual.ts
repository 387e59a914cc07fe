/** What the engine has of a project right now, in the fewest calls: lists, and one inspect per image. */

import { numberLabel, oneoffLabel, projectLabel, serviceLabel } from '../../shared/model/compose-labels.ts';
import { asList, asObject, asText } from '../../shared/model/json.ts';
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
  readonly networks: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
}

export interface ActualNetwork {
  readonly id: string;
  readonly name: string;
  /** The key in the Compose file; null for a network without the label. */
  readonly key: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ActualState {
  readonly containers: readonly ActualContainer[];
  readonly networks: readonly ActualNetwork[];
  readonly volumes: readonly { readonly name: string; readonly key: string | null }[];
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
    engine.listNetworks(filter),
    withVolumes ? engine.listVolumes(filter) : [],
    Promise.all(
      [...new Set(imageRefs)].map(async (ref) => {
        const raw = await engine.inspectImage(ref);
        return [ref, raw === null ? null : asText(raw.Id)] as const;
      }),
    ),
  ]);
  return {
    containers: containers.map(actualContainer).filter((container) => container !== null),
    networks: networks.map(actualNetwork),
    volumes: volumes.map((raw) => ({ name: asText(raw.Name), key: stringLabels(raw.Labels)[volumeLabel] ?? null })),
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
    networks: Object.keys(asObject(asObject(raw.NetworkSettings).Networks)),
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

function actualNetwork(raw: JsonObject): ActualNetwork {
  const labels = stringLabels(raw.Labels);
  return { id: asText(raw.Id), name: asText(raw.Name), key: labels[networkLabel] ?? null, labels };
}

function stringLabels(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asObject(value)).flatMap(([key, entry]) => (typeof entry === 'string' ? [[key, entry]] : [])),
  );
}

/** Anonymous volumes of a container and where they are mounted: what a recreated one takes over. */
export function anonymousVolumes(raw: JsonObject): { readonly name: string; readonly target: string }[] {
  return asList(raw.Mounts).flatMap((entry) => {
    const mount = asObject(entry);
    const name = asText(mount.Name);
    return mount.Type === 'volume' && /^[0-9a-f]{64}$/.test(name) ? [{ name, target: asText(mount.Destination) }] : [];
  });
}
