/**
 * Compose's `config-hash` labels, byte for byte, in every dialect: sha256 over the service as Go's encoder prints it.
 * Each dialect is held against what real releases of Compose wrote: tests/unit/compose-hash-goldens.test.ts.
 */
import { createHash } from 'node:crypto';
import { type EncodedFields, goJson, goJsonFields } from './go-json.ts';
import type { ComposeNetwork, ComposeProject, ComposeService, ComposeVolume } from './model.ts';
import { networkShape, type Shape, serviceShape, volumeShape } from './shape.ts';
import type { Dict, Value } from './yaml-value.ts';

/** D24: Compose 2.24-2.29.2, D30: 2.29.3-2.30, D31: 2.31-2.33, D34: 2.34-2.35, D36: 2.36-2.40, D5: 5.0 and later. */
export const hashDialects = ['D24', 'D30', 'D31', 'D34', 'D36', 'D5'] as const;
export type HashDialect = (typeof hashDialects)[number];

/**
 * What `service:x` references stand for at creation: service name to container id, for `network_mode`, `ipc`, `pid`
 * and `volumes_from`. A service missing here keeps its reference as written.
 */
export type ResolvedContainers = Readonly<Record<string, string>> | ReadonlyMap<string, string>;

/**
 * The hash that Compose of a dialect writes as `com.docker.compose.config-hash` on the service's containers.
 * @throws RangeError for a service that the project does not have.
 */
export function serviceHash(
  project: ComposeProject,
  serviceName: string,
  resolved: ResolvedContainers = {},
  dialect: HashDialect = 'D5',
): string {
  return sha256(serviceJson(project, serviceName, resolved, dialect, new Map()));
}

/** All dialects at once: a container is current if its label equals any of them. */
export function serviceHashes(
  project: ComposeProject,
  serviceName: string,
  resolved: ResolvedContainers = {},
): Readonly<Record<HashDialect, string>> {
  const made: Partial<Record<HashDialect, string>> = {};
  const seen = new Map<string, string>();
  const known: EncodedFields = new Map();
  for (const dialect of hashDialects) {
    const text = serviceJson(project, serviceName, resolved, dialect, known);
    let hash = seen.get(text);
    if (hash === undefined) {
      hash = sha256(text);
      seen.set(text, hash);
    }
    made[dialect] = hash;
  }
  return made as Record<HashDialect, string>;
}

/** The label of networks from Compose 2.31 on; before 5, Compose forgets the options of `ipam`. */
export function networkHash(network: ComposeNetwork, dialect: HashDialect = 'D5'): string {
  const { options: _, ...ipam } = network.ipam;
  const hashed = dialect === 'D5' ? network : { ...network, ipam };
  return sha256(goJson(hashed as unknown as Value, networkShape));
}

/** The label of volumes from Compose 2.32 on. */
export function volumeHash(volume: ComposeVolume): string {
  return sha256(goJson({ ...volume, driver: volume.driver ?? 'local' } as unknown as Value, volumeShape));
}

/** The dialect of a Compose version, as in the label `com.docker.compose.version`; undefined for one too old or unknown. */
export function dialectOf(version: string): HashDialect | undefined {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  if (match === null) return undefined;
  const major = Number(match[1]);
  const minor = Number(match[2]);
  if (major >= 5) return 'D5';
  if (major !== 2 || minor < 24) return undefined;
  // Measured at 2.29.2 and 2.29.7; which of those between it was, nobody could say.
  if (minor < 29 || (minor === 29 && Number(match[3] ?? 0) < 3)) return 'D24';
  if (minor < 31) return 'D30';
  if (minor < 34) return 'D31';
  return minor < 36 ? 'D34' : 'D36';
}

/** The exact text that is hashed. */
function serviceJson(
  project: ComposeProject,
  serviceName: string,
  resolved: ResolvedContainers,
  dialect: HashDialect,
  known: EncodedFields,
): string {
  const service = project.services[serviceName];
  if (service === undefined) throw new RangeError(`no service ${serviceName}`);
  return goJsonFields(hashed(service, resolved, dialect) as unknown as Dict, hashFields[dialect], known);
}

function hashed(service: ComposeService, resolved: ResolvedContainers, dialect: HashDialect): ComposeService {
  const changed: { -readonly [Key in keyof ComposeService]: ComposeService[Key] } = { ...service };
  if (service.deploy?.replicas !== undefined) {
    const { replicas: _, ...deploy } = service.deploy;
    changed.deploy = deploy;
  }
  for (const key of ['network_mode', 'ipc', 'pid'] as const) {
    const id = referenced(service[key], resolved);
    if (id !== undefined) changed[key] = `container:${id}`;
  }
  if (service.volumes_from !== undefined) {
    // Compose loses the mode suffix here.
    changed.volumes_from = service.volumes_from.map((source) => {
      const [first = '', second = ''] = source.split(':');
      return first === 'container' ? second : (idOf(resolved, first) ?? source);
    });
  }
  if (dialect === 'D34' || dialect === 'D36' || dialect === 'D5') withOctalModes(service, changed);
  withoutHostPaths(service, changed, dialect === 'D5');
  return changed;
}

function referenced(value: string | undefined, resolved: ResolvedContainers): string | undefined {
  return value?.startsWith('service:') === true ? idOf(resolved, value.slice('service:'.length)) : undefined;
}

function idOf(resolved: ResolvedContainers, service: string): string | undefined {
  if (resolved instanceof Map) return resolved.get(service);
  const listed = resolved as Readonly<Record<string, string>>;
  return Object.hasOwn(listed, service) ? listed[service] : undefined;
}

type Changing = { -readonly [Key in keyof ComposeService]: ComposeService[Key] };

/** From 2.34 on the mode of a secret or config is text: 0440 instead of 288. */
function withOctalModes(service: ComposeService, changed: Changing): void {
  for (const key of ['secrets', 'configs'] as const) {
    const references = service[key];
    if (references?.some((reference) => reference.mode !== undefined) !== true) continue;
    changed[key] = references.map((reference) =>
      reference.mode === undefined
        ? reference
        : { ...reference, mode: `0${reference.mode.toString(8)}` as unknown as number },
    );
  }
}

/** Up to 2.40 `create_host_path: false` is left out, from 5.0 on `true` is. */
function withoutHostPaths(service: ComposeService, changed: Changing, omitted: boolean): void {
  if (service.volumes?.some((mount) => mount.bind?.create_host_path === omitted) !== true) return;
  changed.volumes = service.volumes.map((mount) => {
    if (mount.bind?.create_host_path !== omitted) return mount;
    const { create_host_path: _, ...bind } = mount.bind;
    return { ...mount, bind };
  });
}

type Fields = readonly (readonly [string, Shape])[];

const hashFields: Readonly<Record<HashDialect, Fields>> = {
  D24: fieldsHashed(['profiles', 'depends_on'], false),
  // Its watch rules know no commands; those of Debian's 2.26, built with a newer loader, do.
  D30: fieldsHashed(['profiles'], false).map(([key, shape]) => [key, withoutField(shape, 'exec')] as const),
  D31: fieldsHashed([], false),
  D34: fieldsHashed([], false),
  D36: fieldsHashed([], true),
  D5: fieldsHashed([], true),
};

/** The service's shape less what is not hashed. */
function fieldsHashed(extra: readonly string[], sortedNetworks: boolean): Fields {
  const fields =
    'struct' in (serviceShape as object)
      ? (serviceShape as { struct: readonly (readonly [string, Shape])[] }).struct
      : [];
  const dropped = new Set(
    ['build', 'pull_policy', 'scale', 'profiles', 'depends_on'].filter((key) => !extra.includes(key)),
  );
  return fields
    .filter(([key]) => !dropped.has(key))
    .map(([key, shape]) =>
      key === 'networks' && sortedNetworks ? ([key, sortedStruct(shape)] as const) : ([key, shape] as const),
    );
}

function sortedStruct(shape: Shape): Shape {
  if (typeof shape === 'string') return shape;
  if ('map' in shape) return { map: sortedStruct(shape.map) };
  if ('nullable' in shape) return { nullable: sortedStruct(shape.nullable) };
  if ('struct' in shape) return { struct: [...shape.struct].sort(([a], [b]) => (a < b ? -1 : 1)) };
  return shape;
}

/** The shape without a field of this name, however deep; the very same where it has none, as dialects share what they encode. */
function withoutField(shape: Shape, name: string): Shape {
  if (typeof shape === 'string') return shape;
  if ('nullable' in shape) {
    const below = withoutField(shape.nullable, name);
    return below === shape.nullable ? shape : { nullable: below };
  }
  if ('list' in shape) {
    const below = withoutField(shape.list, name);
    return below === shape.list ? shape : { ...shape, list: below };
  }
  if ('map' in shape) {
    const below = withoutField(shape.map, name);
    return below === shape.map ? shape : { map: below };
  }
  const fields = shape.struct
    .filter(([key]) => key !== name)
    .map(([key, field]) => [key, withoutField(field, name)] as const);
  const same =
    fields.length === shape.struct.length && fields.every(([, field], at) => field === shape.struct[at]?.[1]);
  return same ? shape : { ...shape, struct: fields };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
