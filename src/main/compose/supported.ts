/** What Quayside runs. A field that loads and is not here is a Problem, never ignored. */
import { composeProblem, type KeyPath, type Locate } from './compose-problem.ts';
import type { ComposeBuild, ComposeProject, ComposeService } from './model.ts';

/** Keys of a canonical service that planning or creation acts on, or that rightly change nothing in the background. */
export const supportedServiceKeys: ReadonlySet<keyof ComposeService> = new Set<keyof ComposeService>([
  'annotations',
  'attach',
  'blkio_config',
  'build',
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

/** Keys of `build` that only BuildKit's own protocol can serve, and what would be right instead. */
const needsBuildKit: readonly (readonly [keyof ComposeBuild, string])[] = [
  ['secrets', 'Copy what the build needs into its context, or fetch it when the container runs.'],
  ['ssh', 'Fetch private sources before the build and copy them in from the context.'],
  ['additional_contexts', 'Put the files under the one `context`, or use an image with `COPY --from=name:tag`.'],
  ['privileged', 'Remove it; images are built without extra privileges.'],
  ['cache_to', 'Remove it; the engine keeps the cache of its builds by itself.'],
];

/** @throws ProblemError at the first field of an active service that Quayside does not run. */
export function assertSupported(project: ComposeProject, locate: Locate): void {
  for (const [name, service] of Object.entries(project.services)) {
    for (const key of Object.keys(service)) {
      if (supportedServiceKeys.has(key as keyof ComposeService)) continue;
      refuse(['services', name, key], `\`${key}\``, 'Remove it; Quayside does not run this field.');
    }
    for (const [key, right] of needsBuildKit) {
      if (isGiven(service.build?.[key])) refuse(['services', name, 'build', key], `\`build.${key}\``, right);
    }
    for (const [index, source] of (service.build?.cache_from ?? []).entries()) {
      if (!source.includes('=') || /^type=registry,ref=[^,=]+$/.test(source)) continue;
      const right = 'Name images: the engine takes over the layers of those it has.';
      refuse(['services', name, 'build', 'cache_from', index], `the cache ${source}`, right);
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

  function isGiven(value: unknown): boolean {
    return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
  }

  function refuse(path: KeyPath, what: string, right: string): never {
    throw composeProblem(`${what} is not supported by Quayside`, right, locate(path), path);
  }
}
