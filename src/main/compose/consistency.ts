/** What must hold between the parts of a merged project. Each finding names the place it was written. */
import { composeProblem, didYouMean, type KeyPath, type Locate, shown } from './compose-problem.ts';
import { type Dict, dict, isDict, isList, type Value } from './yaml-value.ts';

/**
 * Checks the active services; dependencies that are not required and not active are dropped in place.
 * @param disabled are the services no profile switches on.
 * @throws ProblemError at the first finding.
 */
export function checkConsistency(tree: Dict, disabled: Dict, locate: Locate): void {
  const services = tree.services as Dict;
  const containerNames = new Map<string, string>();
  for (const name of Object.keys(services)) {
    const service = services[name] as Dict;
    const path = ['services', name];
    checkService(name, service, path, locate);
    checkDependencies(name, service, services, disabled, locate);
    checkReferences(name, service, tree, locate);
    checkQuantities(service, path, locate);
    const own = service.container_name;
    if (typeof own === 'string') {
      const other = containerNames.get(own);
      if (other !== undefined) {
        throw composeProblem(
          `${name} and ${other} have the same container_name ${shown(own)}`,
          'Give each service a container name of its own, or none.',
          locate([...path, 'container_name']),
          [...path, 'container_name'],
        );
      }
      containerNames.set(own, name);
    }
  }
  checkTopLevel(tree, locate);
  checkCycles(services, locate);
}

function checkService(name: string, service: Dict, path: KeyPath, locate: Locate): void {
  const { build, image, network_mode: mode, networks, healthcheck } = service;
  if (build === undefined && (image === undefined || image === '')) {
    throw composeProblem(
      `the service ${name} has neither an image nor a build`,
      'Give it `image: name:tag` or `build: ./folder`.',
      locate(path),
      path,
    );
  }
  if (isDict(build)) {
    if (build.dockerfile !== undefined && build.dockerfile_inline !== undefined) {
      throw composeProblem(
        'both `dockerfile` and `dockerfile_inline` are given',
        'Keep one of the two.',
        locate([...path, 'build', 'dockerfile_inline']),
        [...path, 'build', 'dockerfile_inline'],
      );
    }
    const platforms = build.platforms;
    if (isList(platforms) && platforms.length > 0 && typeof service.platform === 'string') {
      if (!platforms.includes(service.platform)) {
        throw composeProblem(
          `build.platforms does not hold the service's platform ${shown(service.platform)}`,
          'Add it to `build.platforms`.',
          locate([...path, 'build', 'platforms']),
          [...path, 'build', 'platforms'],
        );
      }
    }
  }
  if (mode !== undefined && isDict(networks) && Object.keys(networks).length > 0) {
    throw composeProblem(
      `the service ${name} has both \`network_mode\` and \`networks\``,
      'Keep one of the two.',
      locate([...path, 'network_mode']),
      [...path, 'network_mode'],
    );
  }
  const test = isDict(healthcheck) ? healthcheck.test : undefined;
  if (isList(test) && test.length > 0 && !['CMD', 'CMD-SHELL', 'NONE'].includes(String(test[0]))) {
    throw composeProblem(
      `a healthcheck's list begins with ${shown(test[0])}`,
      'It must begin with CMD, CMD-SHELL or NONE: ["CMD", "curl", "-f", "http://localhost"].',
      locate([...path, 'healthcheck', 'test']),
      [...path, 'healthcheck', 'test'],
    );
  }
  if (isDict(healthcheck) && healthcheck.start_interval !== undefined && healthcheck.start_period === undefined) {
    throw composeProblem(
      `the healthcheck of ${name} has \`start_interval\` and no \`start_period\``,
      'Say with `start_period` how long the service may take to start: only then are its first probes sooner.',
      locate([...path, 'healthcheck', 'start_interval']),
      [...path, 'healthcheck', 'start_interval'],
    );
  }
  const scale = typeof service.scale === 'number' ? service.scale : replicasOf(service);
  if (service.container_name !== undefined && scale !== undefined && scale > 1) {
    throw composeProblem(
      `the service ${name} has a container_name and ${scale} replicas`,
      'Remove `container_name`; names of containers are unique.',
      locate([...path, 'container_name']),
      [...path, 'container_name'],
    );
  }
}

function replicasOf(service: Dict): number | undefined {
  const replicas = isDict(service.deploy) ? service.deploy.replicas : undefined;
  return typeof replicas === 'number' ? replicas : undefined;
}

function checkDependencies(name: string, service: Dict, services: Dict, disabled: Dict, locate: Locate): void {
  const dependencies = service.depends_on;
  if (!isDict(dependencies)) return;
  for (const target of Object.keys(dependencies)) {
    if (target in services) continue;
    const dependency = dependencies[target];
    const off = disabled[target];
    if (isDict(off) && isDict(dependency) && dependency.required === false) {
      delete dependencies[target];
      continue;
    }
    const path = dependencyPath(name, service, target, locate);
    if (isDict(off)) {
      const profiles = isList(off.profiles) ? off.profiles.map(String).join(', ') : '';
      throw composeProblem(
        `${name} needs ${target}, which no active profile switches on`,
        `Switch on one of its profiles (${profiles}), or give ${name} the same.`,
        locate(path),
        path,
      );
    }
    throw undefinedReference(name, 'service', target, Object.keys(services), path, locate);
  }
}

/** Where the dependency was written: `depends_on`, or the field that implies it. */
function dependencyPath(name: string, service: Dict, target: string, locate: Locate): KeyPath {
  for (const key of ['network_mode', 'ipc', 'pid', 'uts', 'cgroup'] as const) {
    if (service[key] === `service:${target}`) return ['services', name, key];
  }
  for (const key of ['links', 'volumes_from'] as const) {
    const list = service[key];
    const index = isList(list) ? list.findIndex((item) => String(item).split(':')[0] === target) : -1;
    if (index !== -1) return ['services', name, key, index];
  }
  const path = ['services', name, 'depends_on', target];
  return locate(path) === undefined ? ['services', name, 'depends_on'] : path;
}

function undefinedReference(
  name: string,
  kind: string,
  target: string,
  known: readonly string[],
  path: KeyPath,
  locate: Locate,
): Error {
  const meant = didYouMean(target, known);
  const right =
    meant !== undefined
      ? `Did you mean \`${meant}\`?`
      : kind === 'service'
        ? 'Define it under `services`, or remove the reference.'
        : `Define it under \`${kind}s\` at the top of the file, or remove the reference.`;
  return composeProblem(`${name} uses the ${kind} ${shown(target)}, which is not defined`, right, locate(path), path);
}

function checkReferences(name: string, service: Dict, tree: Dict, locate: Locate): void {
  const path = ['services', name];
  if (isDict(service.networks)) {
    for (const key of Object.keys(service.networks)) {
      requireDefined(tree, 'network', key, [...path, 'networks', key]);
    }
  }
  (isList(service.volumes) ? service.volumes : []).forEach((mount, index) => {
    if (!isDict(mount) || mount.type !== 'volume' || typeof mount.source !== 'string' || mount.source === '') return;
    requireDefined(tree, 'volume', mount.source, [...path, 'volumes', index]);
  });
  const build = isDict(service.build) ? service.build : dict();
  for (const [list, kind, at] of [
    [service.secrets, 'secret', [...path, 'secrets']],
    [service.configs, 'config', [...path, 'configs']],
    [build.secrets, 'secret', [...path, 'build', 'secrets']],
  ] as const) {
    (isList(list) ? list : []).forEach((reference, index) => {
      if (isDict(reference)) requireDefined(tree, kind, String(reference.source ?? ''), [...at, index]);
    });
  }

  function requireDefined(where: Dict, kind: 'network' | 'volume' | 'secret' | 'config', key: string, at: KeyPath) {
    const defined = where[`${kind}s`];
    if (isDict(defined) && key in defined) return;
    throw undefinedReference(name, kind, key, isDict(defined) ? Object.keys(defined) : [], at, locate);
  }
}

/** Fields that say the same thing in two places must agree. */
function checkQuantities(service: Dict, path: KeyPath, locate: Locate): void {
  const deploy = isDict(service.deploy) ? service.deploy : dict();
  const resources = isDict(deploy.resources) ? deploy.resources : dict();
  const limits = isDict(resources.limits) ? resources.limits : dict();
  const reservations = isDict(resources.reservations) ? resources.reservations : dict();
  const pairs: readonly (readonly [string, Value | undefined, string])[] = [
    ['scale', deploy.replicas, 'deploy.replicas'],
    ['cpus', limits.cpus, 'deploy.resources.limits.cpus'],
    ['mem_limit', limits.memory, 'deploy.resources.limits.memory'],
    ['mem_reservation', reservations.memory, 'deploy.resources.reservations.memory'],
    ['pids_limit', limits.pids, 'deploy.resources.limits.pids'],
  ];
  for (const [key, other, otherKey] of pairs) {
    const value = service[key];
    if (value === undefined || other === undefined || String(value) === String(other)) continue;
    if (key !== 'scale' && (String(value) === '0' || String(other) === '0')) continue;
    throw composeProblem(
      `\`${key}\` is ${String(value)} and \`${otherKey}\` is ${String(other)}`,
      'Both say the same thing: keep one, or make them equal.',
      locate([...path, key]),
      [...path, key],
    );
  }
}

function checkTopLevel(tree: Dict, locate: Locate): void {
  for (const kind of ['secrets', 'configs'] as const) {
    const objects = isDict(tree[kind]) ? tree[kind] : dict();
    for (const name of Object.keys(objects)) {
      const object = objects[name] as Dict;
      if (object.external === true) continue;
      const sources = ['file', 'environment', 'content'].filter((key) => object[key] !== undefined);
      if (sources.length === 1) continue;
      const allowed = kind === 'secrets' ? '`file` or `environment`' : '`file`, `environment` or `content`';
      throw composeProblem(
        sources.length === 0
          ? `the ${kind.slice(0, -1)} ${name} says nowhere where it comes from`
          : `the ${kind.slice(0, -1)} ${name} comes from ${sources.join(' and ')} at once`,
        `Give it exactly one of ${allowed}.`,
        locate([kind, name]),
        [kind, name],
      );
    }
  }
  for (const kind of ['volumes', 'networks'] as const) {
    const entries = isDict(tree[kind]) ? tree[kind] : dict();
    for (const name of Object.keys(entries)) {
      const entry = entries[name] as Dict;
      if (entry.external !== true) continue;
      const extra = Object.keys(entry).find((key) => key !== 'name' && key !== 'external' && !key.startsWith('x-'));
      if (extra === undefined) continue;
      throw composeProblem(
        `the ${kind.slice(0, -1)} ${name} is external and has \`${extra}\``,
        'An external one is used as it is: only `name` may stand beside `external`.',
        locate([kind, name, extra]),
        [kind, name, extra],
      );
    }
  }
}

function checkCycles(services: Dict, locate: Locate): void {
  const done = new Set<string>();
  const open: string[] = [];
  const visit = (name: string): void => {
    if (done.has(name)) return;
    const start = open.indexOf(name);
    if (start !== -1) {
      const cycle = [...open.slice(start), name];
      const path = ['services', cycle[0] ?? '', 'depends_on'];
      throw composeProblem(
        `services depend on each other in a circle: ${cycle.slice(0, 12).join(' -> ')}`,
        'Remove one of these dependencies.',
        locate(path),
        path,
      );
    }
    open.push(name);
    const service = services[name];
    const dependencies = isDict(service) ? service.depends_on : undefined;
    for (const target of isDict(dependencies) ? Object.keys(dependencies) : []) visit(target);
    open.pop();
    done.add(name);
  };
  for (const name of Object.keys(services)) visit(name);
}
