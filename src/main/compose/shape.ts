/**
 * The order and the omissions of Compose's own JSON, as a table. The hash depends on every byte of it:
 * which key stands where, and whether an empty value is printed.
 */
import { type Dict, dict, isDict, isList, type Value } from './yaml-value.ts';

/**
 * zero: a scalar left out when 0, false or ""; amount: also when "0" or "0s". kept: a scalar printed whatever its value.
 * A list or map is left out when empty, a struct never once present; `always` ones are printed even when absent.
 */
export type Shape =
  | 'zero'
  | 'amount'
  | 'kept'
  | { readonly list: Shape; readonly always?: true }
  | { readonly map: Shape }
  | { readonly struct: readonly (readonly [string, Shape])[]; readonly always?: true }
  | { readonly nullable: Shape };

const texts: Shape = { list: 'kept' };
const textMap: Shape = { map: 'kept' };

function struct(fields: Readonly<Record<string, Shape>>): Shape {
  return { struct: Object.entries(fields) };
}

const ulimits: Shape = { map: struct({ single: 'zero', soft: 'zero', hard: 'zero' }) };
const reference = struct({ source: 'zero', target: 'zero', uid: 'zero', gid: 'zero', mode: 'kept' });
const references: Shape = { list: reference };

const updateConfig = struct({
  parallelism: 'kept',
  delay: 'amount',
  failure_action: 'zero',
  monitor: 'amount',
  max_failure_ratio: 'zero',
  order: 'zero',
});
const resource = struct({
  cpus: 'zero',
  memory: 'amount',
  pids: 'zero',
  devices: {
    list: struct({ capabilities: texts, driver: 'zero', count: 'zero', device_ids: texts, options: textMap }),
  },
  generic_resources: { list: struct({ discrete_resource_spec: struct({ kind: 'kept', value: 'kept' }) }) },
});
const deploy = struct({
  mode: 'zero',
  replicas: 'kept',
  labels: textMap,
  update_config: updateConfig,
  rollback_config: updateConfig,
  resources: { struct: Object.entries({ limits: resource, reservations: resource }), always: true },
  restart_policy: struct({ condition: 'zero', delay: 'kept', max_attempts: 'kept', window: 'kept' }),
  placement: {
    struct: Object.entries({
      constraints: texts,
      preferences: { list: struct({ spread: 'zero' }) },
      max_replicas_per_node: 'zero',
    }),
    always: true,
  },
  endpoint_mode: 'zero',
});

const build = struct({
  context: 'zero',
  dockerfile: 'zero',
  dockerfile_inline: 'zero',
  entitlements: texts,
  args: { map: { nullable: 'kept' } },
  ssh: texts,
  labels: textMap,
  cache_from: texts,
  cache_to: texts,
  no_cache: 'zero',
  additional_contexts: textMap,
  pull: 'zero',
  extra_hosts: texts,
  isolation: 'zero',
  network: 'zero',
  target: 'zero',
  secrets: references,
  shm_size: 'amount',
  tags: texts,
  ulimits,
  platforms: texts,
  privileged: 'zero',
});

const throttles: Shape = { list: struct({ Path: 'kept', Rate: 'kept' }) };
const serviceNetwork = struct({
  priority: 'zero',
  aliases: texts,
  ipv4_address: 'zero',
  ipv6_address: 'zero',
  link_local_ips: texts,
  mac_address: 'zero',
  driver_opts: textMap,
});

export const serviceShape = struct({
  profiles: texts,
  annotations: textMap,
  attach: 'kept',
  build,
  develop: struct({
    watch: {
      list: struct({
        path: 'zero',
        action: 'zero',
        target: 'zero',
        exec: { struct: Object.entries({ command: { list: 'kept', always: true } as const }), always: true },
        ignore: texts,
      }),
    },
  }),
  blkio_config: struct({
    weight: 'zero',
    weight_device: { list: struct({ Path: 'kept', Weight: 'kept' }) },
    device_read_bps: throttles,
    device_read_iops: throttles,
    device_write_bps: throttles,
    device_write_iops: throttles,
  }),
  cap_add: texts,
  cap_drop: texts,
  cgroup_parent: 'zero',
  cgroup: 'zero',
  cpu_count: 'zero',
  cpu_percent: 'zero',
  cpu_period: 'zero',
  cpu_quota: 'zero',
  cpu_rt_period: 'zero',
  cpu_rt_runtime: 'zero',
  cpus: 'zero',
  cpuset: 'zero',
  cpu_shares: 'zero',
  command: { list: 'kept', always: true },
  configs: references,
  container_name: 'zero',
  credential_spec: struct({ config: 'zero', file: 'zero', registry: 'zero' }),
  depends_on: { map: struct({ condition: 'zero', restart: 'zero', required: 'kept' }) },
  deploy,
  device_cgroup_rules: texts,
  devices: { list: struct({ source: 'zero', target: 'zero', permissions: 'zero' }) },
  dns: texts,
  dns_opt: texts,
  dns_search: texts,
  domainname: 'zero',
  entrypoint: { list: 'kept', always: true },
  environment: { map: { nullable: 'kept' } },
  expose: texts,
  external_links: texts,
  extra_hosts: texts,
  group_add: texts,
  hostname: 'zero',
  healthcheck: struct({
    test: texts,
    timeout: 'kept',
    interval: 'kept',
    retries: 'kept',
    start_period: 'kept',
    start_interval: 'kept',
    disable: 'zero',
  }),
  image: 'zero',
  init: 'kept',
  ipc: 'zero',
  isolation: 'zero',
  labels: textMap,
  links: texts,
  logging: struct({ driver: 'zero', options: textMap }),
  mem_limit: 'amount',
  mem_reservation: 'amount',
  memswap_limit: 'amount',
  mem_swappiness: 'amount',
  mac_address: 'zero',
  network_mode: 'zero',
  networks: { map: { nullable: serviceNetwork } },
  oom_kill_disable: 'zero',
  oom_score_adj: 'zero',
  pid: 'zero',
  pids_limit: 'zero',
  platform: 'zero',
  ports: {
    list: struct({
      name: 'zero',
      mode: 'zero',
      host_ip: 'zero',
      target: 'zero',
      published: 'zero',
      protocol: 'zero',
      app_protocol: 'zero',
    }),
  },
  privileged: 'zero',
  pull_policy: 'zero',
  read_only: 'zero',
  restart: 'zero',
  runtime: 'zero',
  scale: 'kept',
  secrets: references,
  security_opt: texts,
  shm_size: 'amount',
  stdin_open: 'zero',
  stop_grace_period: 'kept',
  stop_signal: 'zero',
  storage_opt: textMap,
  sysctls: textMap,
  tmpfs: texts,
  tty: 'zero',
  ulimits,
  user: 'zero',
  userns_mode: 'zero',
  uts: 'zero',
  volumes: {
    list: struct({
      type: 'zero',
      source: 'zero',
      target: 'zero',
      read_only: 'zero',
      consistency: 'zero',
      bind: struct({ selinux: 'zero', propagation: 'zero', create_host_path: 'kept' }),
      volume: struct({ nocopy: 'zero', subpath: 'zero' }),
      tmpfs: struct({ size: 'amount', mode: 'zero' }),
    }),
  },
  volumes_from: texts,
  working_dir: 'zero',
});

export const networkShape = struct({
  name: 'zero',
  driver: 'zero',
  driver_opts: textMap,
  ipam: {
    struct: Object.entries({
      driver: 'zero',
      config: { list: struct({ subnet: 'zero', gateway: 'zero', ip_range: 'zero', aux_addresses: textMap }) },
      options: textMap,
    } as const),
    always: true,
  },
  external: 'zero',
  internal: 'zero',
  attachable: 'zero',
  labels: textMap,
  enable_ipv4: 'kept',
  enable_ipv6: 'kept',
});

export const volumeShape = struct({
  name: 'zero',
  driver: 'zero',
  driver_opts: textMap,
  external: 'zero',
  labels: textMap,
});

export const fileObjectShape = struct({
  name: 'zero',
  file: 'zero',
  environment: 'zero',
  content: 'zero',
  external: 'zero',
  labels: textMap,
  driver: 'zero',
  driver_opts: textMap,
  template_driver: 'zero',
});

/** A value with its keys in order and its omissions made; undefined where the whole is left out. */
export function shaped(value: Value | undefined, shape: Shape): Value | undefined {
  if (shape === 'kept') return value ?? undefined;
  if (shape === 'amount') return value === '0' || value === '0s' || value === null ? undefined : value;
  if (shape === 'zero') return value === 0 || value === '' || value === false || value === null ? undefined : value;
  if ('nullable' in shape) return value === null ? null : shaped(value, shape.nullable);
  if ('list' in shape) {
    if (!isList(value)) return shape.always === true ? null : undefined;
    if (value.length === 0) return shape.always === true ? [] : undefined;
    return value.map((item) => shaped(item, shape.list) ?? null);
  }
  if ('map' in shape) {
    if (!isDict(value)) return undefined;
    const made = dict();
    for (const key of Object.keys(value)) {
      const entry = shaped(value[key], shape.map);
      if (entry !== undefined) made[key] = entry;
    }
    return Object.keys(made).length === 0 ? undefined : made;
  }
  // A limit given as one number.
  if (typeof value === 'number') return value;
  if (!isDict(value)) return shape.always === true ? shapedStruct(dict(), shape.struct) : undefined;
  return shapedStruct(value, shape.struct);
}

function shapedStruct(value: Dict, fields: readonly (readonly [string, Shape])[]): Dict {
  const made: Dict = {};
  for (const [key, shape] of fields) {
    const entry = shaped(value[key], shape);
    if (entry !== undefined) made[key] = entry;
  }
  return made;
}
