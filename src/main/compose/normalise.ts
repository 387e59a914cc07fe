/** What Compose adds to merged files: names, the default network, implied dependencies, defaults of fields. */

import type { Lookup } from './interpolate.ts';
import { type Dict, dict, isDict, isList, type Value } from './yaml-value.ts';

/** Changes the merged tree in place. */
export function normalise(tree: Dict, projectName: string): void {
  const networks = isDict(tree.networks) ? tree.networks : dict();
  tree.networks = networks;
  networks.default ??= null;
  const services = isDict(tree.services) ? tree.services : dict();
  tree.services = services;
  for (const name of Object.keys(services)) {
    const service = services[name];
    if (isDict(service)) normaliseService(service);
  }
  for (const kind of ['networks', 'volumes', 'secrets', 'configs'] as const) {
    const entries = isDict(tree[kind]) ? tree[kind] : dict();
    tree[kind] = entries;
    for (const key of Object.keys(entries)) entries[key] = named(entries[key], key, projectName);
  }
}

function normaliseService(service: Dict): void {
  if (service.network_mode === undefined && (!isDict(service.networks) || Object.keys(service.networks).length === 0)) {
    service.networks = dict([['default', null]]);
  }
  const build = service.build;
  if (isDict(build)) {
    if (build.dockerfile === undefined && build.dockerfile_inline === undefined) build.dockerfile = 'Dockerfile';
  }
  for (const host of [service, build]) {
    if (isDict(host) && isDict(host.extra_hosts)) host.extra_hosts = hostList(host.extra_hosts);
  }
  if (isDict(service.blkio_config)) capitalise(service.blkio_config);
  implyDependencies(service);
}

/**
 * What a file's own folder and variables decide, so that an included file keeps its own: the default build context,
 * and the values of variables that are named without one. Changes the services in place.
 */
export function applyFileDefaults(services: Dict, folder: string, lookup: Lookup): void {
  for (const name of Object.keys(services)) {
    const service = services[name];
    if (!isDict(service)) continue;
    if (isDict(service.build)) {
      service.build.context ??= folder;
      if (isDict(service.build.args)) resolveEmpty(service.build.args, lookup, true);
    }
    if (isDict(service.environment)) resolveEmpty(service.environment, lookup, false);
  }
}

/** A key without a value takes the environment's, where it has one. */
function resolveEmpty(values: Dict, lookup: Lookup, drop: boolean): void {
  for (const key of Object.keys(values)) {
    if (values[key] !== null) continue;
    const value = lookup(key);
    if (value !== undefined) values[key] = value;
    else if (drop) delete values[key];
  }
}

function hostList(hosts: Dict): Value[] {
  const made: string[] = [];
  for (const host of Object.keys(hosts)) {
    for (const address of isList(hosts[host]) ? hosts[host] : []) made.push(`${host}=${String(address)}`);
  }
  return made.sort();
}

/** Compose prints these structures with capital letters. */
function capitalise(blkio: Dict): void {
  for (const key of Object.keys(blkio)) {
    const list = blkio[key];
    if (!isList(list)) continue;
    blkio[key] = list.map((entry) => {
      const { path, weight, rate } = entry as Dict;
      return key === 'weight_device'
        ? dict([
            ['Path', path ?? ''],
            ['Weight', weight ?? 0],
          ])
        : dict([
            ['Path', path ?? ''],
            ['Rate', rate ?? '0'],
          ]);
    });
  }
}

/** Sharing a namespace, volumes or a link with a service means depending on it. */
function implyDependencies(service: Dict): void {
  const implied: [string, boolean][] = [];
  for (const link of isList(service.links) ? service.links : []) implied.push([String(link).split(':')[0] ?? '', true]);
  for (const key of ['network_mode', 'ipc', 'pid', 'uts', 'cgroup'] as const) {
    const value = service[key];
    if (typeof value === 'string' && value.startsWith('service:')) implied.push([value.slice(8), true]);
  }
  for (const source of isList(service.volumes_from) ? service.volumes_from : []) {
    const text = String(source);
    if (!text.startsWith('container:')) implied.push([text.split(':')[0] ?? '', false]);
  }
  if (implied.length === 0) return;
  const dependencies = isDict(service.depends_on) ? service.depends_on : dict();
  for (const [name, restart] of implied) {
    dependencies[name] ??= dict([
      ['condition', 'service_started'],
      ['restart', restart],
      ['required', true],
    ]);
  }
  service.depends_on = dependencies;
}

/** A network, volume, secret or config with its engine name: its own, or `project_key`. */
function named(value: Value | undefined, key: string, projectName: string): Dict {
  const made = dict(isDict(value) ? Object.entries(value) : []);
  if (isDict(made.external)) {
    made.name ??= made.external.name ?? key;
    made.external = true;
  }
  made.name ??= made.external === true ? key : `${projectName}_${key}`;
  return made;
}
