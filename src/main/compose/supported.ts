/** What Quayside runs. A field that loads and is not here is a Problem, never ignored. */
import { composeProblem, type KeyPath, type Locate } from './compose-problem.ts';
import type { ComposeProject, ComposeService } from './model.ts';

/** Keys of a canonical service that planning or creation acts on, or that rightly change nothing in the background. */
export const supportedServiceKeys: ReadonlySet<keyof ComposeService> = new Set<keyof ComposeService>([
  'annotations',
  'attach',
  'blkio_config',
  'cap_add',
  'cap_drop',
  'cgroup',
  'cgroup_parent',
  'command',
  'configs',
  'container_name',
  'cpu_count',
  'cpu_percent',
  'cpu_period',
  'cpu_quota',
  'cpu_rt_period',
  'cpu_rt_runtime',
  'cpu_shares',
  'cpus',
  'cpuset',
  'depends_on',
  'deploy',
  'develop',
  'device_cgroup_rules',
  'devices',
  'dns',
  'dns_opt',
  'dns_search',
  'domainname',
  'entrypoint',
  'environment',
  'expose',
  'external_links',
  'extra_hosts',
  'group_add',
  'healthcheck',
  'hostname',
  'image',
  'init',
  'ipc',
  'isolation',
  'labels',
  'links',
  'logging',
  'mac_address',
  'mem_limit',
  'mem_reservation',
  'mem_swappiness',
  'memswap_limit',
  'network_mode',
  'networks',
  'oom_kill_disable',
  'oom_score_adj',
  'pid',
  'pids_limit',
  'platform',
  'ports',
  'privileged',
  'profiles',
  'pull_policy',
  'read_only',
  'restart',
  'runtime',
  'scale',
  'secrets',
  'security_opt',
  'shm_size',
  'stdin_open',
  'stop_grace_period',
  'stop_signal',
  'storage_opt',
  'sysctls',
  'tmpfs',
  'tty',
  'ulimits',
  'user',
  'userns_mode',
  'uts',
  'volumes',
  'volumes_from',
  'working_dir',
]);

/** What to do about the ones that people meet most. */
const instead: Readonly<Record<string, string>> = {
  build: 'Build the image, name it under `image` and remove `build`.',
};

/** @throws ProblemError at the first field of an active service that Quayside does not run. */
export function assertSupported(project: ComposeProject, locate: Locate): void {
  for (const [name, service] of Object.entries(project.services)) {
    for (const key of Object.keys(service)) {
      if (supportedServiceKeys.has(key as keyof ComposeService)) continue;
      refuse(['services', name, key], `\`${key}\``, instead[key] ?? 'Remove it; Quayside does not run this field.');
    }
    if (service.pull_policy !== undefined && service.pull_policy !== 'missing') {
      const right = 'Remove it, or write `missing`: Quayside pulls an image that is not there.';
      refuse(['services', name, 'pull_policy'], `\`pull_policy: ${service.pull_policy}\``, right);
    }
    for (const [index, mount] of (service.volumes ?? []).entries()) {
      if (['bind', 'volume', 'tmpfs'].includes(mount.type)) continue;
      refuse(['services', name, 'volumes', index], `a volume of type ${mount.type}`, 'Use bind, volume or tmpfs.');
    }
    for (const kind of ['secrets', 'configs'] as const) {
      for (const [index, reference] of (service[kind] ?? []).entries()) {
        const object = project[kind][reference.source];
        if (object?.external !== true && object?.driver === undefined) continue;
        refuse(
          ['services', name, kind, index],
          `the ${object.external === true ? 'external' : 'driver of the'} ${kind.slice(0, -1)} ${reference.source}`,
          'Give its content with `file` or `environment`; only a swarm has external ones.',
        );
      }
    }
  }

  function refuse(path: KeyPath, what: string, right: string): never {
    throw composeProblem(`${what} is not supported by Quayside`, right, locate(path), path);
  }
}
