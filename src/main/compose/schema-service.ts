/** What a service may hold, written from the Compose specification's prose and checked against Compose itself. */
import { everyPattern } from './pull-policy.ts';
import {
  anyScalar,
  anything,
  bool,
  duration,
  either,
  fileMode,
  int,
  listOf,
  mapOf,
  mapOrList,
  nullable,
  number,
  object,
  oneOf,
  type Rule,
  scalarMap,
  size,
  text,
  textList,
  textOrList,
  textOrNumber,
} from './schema.ts';

/** Names of services, networks, volumes, secrets and configs. */
export const namePattern = /^[a-zA-Z0-9._-]+$/;

const command = nullable(either('a text or a list of texts', text, textList));

const ulimits = mapOf(
  either('a whole number or {soft, hard}', int, object('a limit', { soft: int, hard: int })),
  /^[a-z]+$/,
  'a mapping of limits',
);

const fileReferences = listOf(
  either(
    'a name or {source, target, uid, gid, mode}',
    text,
    object('a reference', { source: text, target: text, uid: text, gid: text, mode: fileMode }),
  ),
  'a list of names',
);

const build = object(
  'build',
  {
    context: text,
    dockerfile: text,
    dockerfile_inline: text,
    args: mapOrList,
    ssh: either('a mapping or a list of texts', scalarMap, listOf(anyScalar)),
    labels: mapOrList,
    cache_from: textList,
    cache_to: textList,
    no_cache: bool,
    additional_contexts: mapOrList,
    network: text,
    pull: bool,
    target: text,
    shm_size: size,
    extra_hosts: either('a mapping or a list of host=address', mapOf(text), textList),
    isolation: text,
    privileged: bool,
    secrets: fileReferences,
    tags: textList,
    ulimits,
    platforms: textList,
  },
  { entitlements: 'Remove it; images are built without extra entitlements.' },
);

const healthcheck = object('healthcheck', {
  disable: bool,
  interval: duration,
  retries: int,
  test: textOrList,
  timeout: duration,
  start_period: duration,
  start_interval: duration,
});

const deviceRequests = listOf(
  object('a device request', {
    capabilities: textList,
    count: either('a whole number or "all"', { is: '', scalar: { type: 'text', numbers: true } }),
    device_ids: textList,
    driver: text,
    options: mapOrList,
  }),
);

const genericResources = listOf(
  object('a generic resource', {
    discrete_resource_spec: object('a generic resource', { kind: text, value: int }),
  }),
);

const updateConfig = object('an update policy', {
  parallelism: int,
  delay: duration,
  failure_action: text,
  monitor: duration,
  max_failure_ratio: number,
  order: oneOf('start-first', 'stop-first'),
});

const deploy = nullable(
  object('deploy', {
    mode: text,
    endpoint_mode: text,
    replicas: int,
    labels: mapOrList,
    rollback_config: updateConfig,
    update_config: updateConfig,
    resources: object('resources', {
      limits: object('resource limits', {
        cpus: { is: 'a number of CPUs', scalar: { type: 'number' } },
        memory: size,
        pids: int,
      }),
      reservations: object('resource reservations', {
        cpus: { is: 'a number of CPUs', scalar: { type: 'number' } },
        memory: size,
        generic_resources: genericResources,
        devices: deviceRequests,
      }),
    }),
    restart_policy: object('a restart policy', {
      condition: text,
      delay: duration,
      max_attempts: int,
      window: duration,
    }),
    placement: object('placement', {
      constraints: textList,
      preferences: listOf(object('a preference', { spread: text })),
      max_replicas_per_node: int,
    }),
  }),
);

const dependsOn = either(
  'a list of services or a mapping of conditions',
  textList,
  mapOf(
    object('a dependency', {
      condition: oneOf('service_started', 'service_healthy', 'service_completed_successfully'),
      restart: bool,
      required: bool,
    }),
    namePattern,
  ),
);

const throttles = listOf(object('a device limit', { path: text, rate: size }));
const blkio = object('blkio_config', {
  weight: int,
  weight_device: listOf(object('a device weight', { path: text, weight: int })),
  device_read_bps: throttles,
  device_read_iops: throttles,
  device_write_bps: throttles,
  device_write_iops: throttles,
});

const networks = either(
  'a list of networks or a mapping',
  textList,
  mapOf(
    nullable(
      object(
        'a network of a service',
        {
          aliases: textList,
          ipv4_address: text,
          ipv6_address: text,
          link_local_ips: textList,
          mac_address: text,
          driver_opts: mapOf(textOrNumber),
          priority: number,
        },
        {
          gw_priority: 'Remove it, or use `priority`.',
          interface_name: 'Remove it; the engine names the interface.',
        },
      ),
    ),
    namePattern,
  ),
);

const ports = listOf(
  either(
    'a port such as "8080:80" or {target, published}',
    textOrNumber,
    object('a port', {
      name: text,
      mode: text,
      host_ip: text,
      target: int,
      published: textOrNumber,
      protocol: text,
      app_protocol: text,
    }),
  ),
  'a list of ports',
);

const volumes = listOf(
  either(
    'a text such as ./data:/data or {type, source, target}',
    text,
    object(
      'a volume of a service',
      {
        type: text,
        source: text,
        target: text,
        read_only: bool,
        consistency: text,
        bind: object(
          'bind',
          {
            propagation: text,
            create_host_path: bool,
            selinux: oneOf('z', 'Z'),
          },
          { recursive: 'Remove it; the engine binds folders below too.' },
        ),
        volume: object(
          'volume',
          { nocopy: bool, subpath: text },
          { labels: 'Remove it, or label the volume at the top level.' },
        ),
        tmpfs: object('tmpfs', { size, mode: int }),
      },
      { image: 'Remove it; mounts of images need Compose 5.' },
    ),
  ),
  'a list of volumes',
);

const extraHosts = either(
  'a list of host=address or a mapping',
  mapOf(either('an address or a list of addresses', text, textList)),
  textList,
);

const notRun = 'Remove it; Quayside does not run this yet.';

export const service: Rule = object(
  'a service',
  {
    annotations: mapOrList,
    attach: bool,
    build: either('a folder or a mapping', text, build),
    blkio_config: blkio,
    cap_add: textList,
    cap_drop: textList,
    cgroup: oneOf('host', 'private'),
    cgroup_parent: text,
    command,
    configs: fileReferences,
    container_name: text,
    cpu_count: int,
    cpu_percent: number,
    cpu_shares: int,
    cpu_quota: int,
    cpu_period: int,
    cpu_rt_period: int,
    cpu_rt_runtime: int,
    cpus: number,
    cpuset: text,
    credential_spec: object('credential_spec', { config: text, file: text, registry: text }),
    depends_on: dependsOn,
    deploy,
    develop: anything,
    device_cgroup_rules: textList,
    devices: textList,
    dns: textOrList,
    dns_opt: textList,
    dns_search: textOrList,
    domainname: text,
    entrypoint: command,
    env_file: either(
      'a path or a list of paths',
      text,
      listOf(
        either(
          'a path or {path, required}',
          text,
          object('an env file', { path: text, required: bool }, { format: notRun }),
        ),
      ),
    ),
    environment: mapOrList,
    expose: listOf(textOrNumber),
    extends: either('a service or {service, file}', text, object('extends', { service: text, file: text })),
    external_links: textList,
    extra_hosts: extraHosts,
    group_add: listOf(textOrNumber),
    healthcheck,
    hostname: text,
    image: text,
    init: bool,
    ipc: text,
    isolation: text,
    labels: mapOrList,
    links: textList,
    logging: object('logging', { driver: text, options: mapOf(nullable(textOrNumber)) }),
    mac_address: text,
    mem_limit: size,
    mem_reservation: size,
    mem_swappiness: int,
    memswap_limit: size,
    network_mode: text,
    networks,
    oom_kill_disable: bool,
    oom_score_adj: int,
    pid: text,
    pids_limit: int,
    platform: text,
    ports,
    privileged: bool,
    profiles: textList,
    pull_policy: {
      is: 'one of always, never, missing, if_not_present, build, daily, weekly, every_12h',
      scalar: {
        type: 'text',
        oneOf: ['always', 'never', 'if_not_present', 'build', 'missing', 'daily', 'weekly'],
        orLike: everyPattern,
      },
    },
    read_only: bool,
    restart: text,
    runtime: text,
    scale: int,
    secrets: fileReferences,
    security_opt: textList,
    shm_size: size,
    stdin_open: bool,
    stop_grace_period: duration,
    stop_signal: text,
    storage_opt: mapOf(anyScalar),
    sysctls: mapOrList,
    tmpfs: textOrList,
    tty: bool,
    ulimits,
    user: text,
    userns_mode: text,
    uts: text,
    volumes,
    volumes_from: textList,
    working_dir: text,
  },
  {
    gpus: 'Reserve the devices under `deploy.resources.reservations.devices`.',
    label_file: 'List the labels under `labels`.',
    models: notRun,
    post_start: notRun,
    pre_start: notRun,
    pre_stop: notRun,
    provider: notRun,
    use_api_socket: 'Remove it; Quayside gives no container the engine itself.',
    volume_driver: 'Set the driver on the volume at the top level.',
  },
);
