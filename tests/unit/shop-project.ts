/** For unit tests of the plan: the project `shop` as a file says it, and as an engine shows it. */
import type { ActualContainer, ActualObject, ActualState } from '../../src/main/compose/actual.ts';
import type { ComposeProject, ComposeService } from '../../src/main/compose/model.ts';
import type { JsonObject } from '../../src/main/engine/engine-client.ts';
import { composeProject } from '../fakes/compose-project.ts';

/** A service of the file: of the image `tiny`, on the default network. */
export const service = (more: Partial<ComposeService> = {}): ComposeService => ({
  command: null,
  entrypoint: null,
  image: 'tiny',
  networks: { default: null },
  ...more,
});
/** The file of the project `shop`. */
export const projectOf = (
  services: Record<string, ComposeService>,
  more: Partial<ComposeProject> = {},
): ComposeProject =>
  composeProject(services, {
    name: 'shop',
    workingDir: '/srv',
    networks: { default: { name: 'shop_default', ipam: {} } },
    ...more,
  });
/** A container as it would be after a start that nothing has changed since. */
export const container = (name: string, number = 1, more: Partial<ActualContainer> = {}): ActualContainer => ({
  id: `${name}-${number}-id`.padEnd(64, '0'),
  name: `shop-${name}-${number}`,
  service: name,
  number,
  state: 'running',
  health: 'none',
  exitCode: null,
  configHash: 'current',
  imageId: 'sha256:tiny',
  dependsOn: [],
  networks: { shop_default: 'n' },
  volumes: [],
  labels: {},
  createdAtMs: number,
  ...more,
});
/** The labels by which Compose knows its own networks and volumes. */
export const labelled = (kind: 'network' | 'volume', key: string, more: Record<string, string> = {}) => ({
  'com.docker.compose.project': 'shop',
  [`com.docker.compose.${kind}`]: key,
  ...more,
});
/** A network as the engine shows it. */
export const networkOf = (
  more: JsonObject = {},
  labels = labelled('network', 'default'),
  name = 'shop_default',
): ActualObject => ({
  id: 'n',
  name,
  key: labels['com.docker.compose.network'] ?? null,
  project: labels['com.docker.compose.project'] ?? null,
  labels,
  raw: { Driver: 'bridge', Options: {}, IPAM: { Driver: 'default', Config: [{ Subnet: '172.20.0.0/16' }] }, ...more },
});
/** A volume as the engine shows it. */
export const volumeOf = (key: string, more: JsonObject = {}, labels = labelled('volume', key)): ActualObject => ({
  id: '',
  name: `shop_${key}`,
  key: labels['com.docker.compose.volume'] ?? null,
  project: labels['com.docker.compose.project'] ?? null,
  labels,
  raw: { Driver: 'local', Options: null, ...more },
});
/** What the engine shows of the project. */
export const actualOf = (containers: ActualContainer[], more: Partial<ActualState> = {}): ActualState => ({
  containers,
  networks: [networkOf()],
  volumes: [],
  images: { tiny: 'sha256:tiny' },
  ...more,
});
/** Of two dialects of the hash, the second is the one that containers are made with. */
export const options = { hashes: () => ['other-dialect', 'current'] };
