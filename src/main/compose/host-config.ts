/** The HostConfig half of a create body: mounts, ports, limits, rights. */
import type { Json, JsonObject } from '../engine/engine-client.ts';
import { type BodyContext, compact } from './body-context.ts';
import type { ComposeDevice, ComposeService, ComposeThrottle } from './model.ts';
import { mountsOf } from './mounts.ts';
import { bytes } from './quantities.ts';

export function hostConfig(context: BodyContext, networkMode: string): JsonObject {
  const { service } = context;
  const limits = service.deploy?.resources?.limits;
  const reservations = service.deploy?.resources?.reservations;
  const { binds, mounts } = mountsOf(context);
  const security = splitSecurity(service.security_opt ?? []);
  return compact({
    Binds: binds.length === 0 ? undefined : binds,
    Mounts: mounts.length === 0 ? undefined : mounts,
    NetworkMode: networkMode,
    PortBindings: portBindings(service),
    RestartPolicy: restartPolicy(service),
    LogConfig: logConfig(service),
    VolumesFrom: some(
      service.volumes_from?.map((entry) => {
        const [from = '', mode] = entry.replace(/^container:/, '').split(':');
        const id = entry.startsWith('container:') ? from : context.containerId(from);
        return mode === undefined ? id : `${id}:${mode}`;
      }),
    ),
    CapAdd: some(service.cap_add),
    CapDrop: some(service.cap_drop),
    CgroupnsMode: service.cgroup,
    CgroupParent: service.cgroup_parent,
    Dns: some(service.dns),
    DnsOptions: some(service.dns_opt),
    DnsSearch: some(service.dns_search),
    // The canonical form separates with "=", the engine with the first ":".
    ExtraHosts: (service.extra_hosts ?? []).map((entry) => entry.replace('=', ':')),
    GroupAdd: some(service.group_add?.map(String)),
    IpcMode: namespace(service.ipc, context),
    PidMode: namespace(service.pid, context),
    UTSMode: service.uts,
    UsernsMode: service.userns_mode,
    Links: context.links.length === 0 ? undefined : [...context.links],
    OomScoreAdj: service.oom_score_adj,
    OomKillDisable: service.oom_kill_disable,
    Privileged: service.privileged,
    ReadonlyRootfs: service.read_only,
    SecurityOpt: some(security.options),
    MaskedPaths: security.unconfinedPaths ? [] : undefined,
    ReadonlyPaths: security.unconfinedPaths ? [] : undefined,
    Sysctls: service.sysctls === undefined ? undefined : { ...service.sysctls },
    StorageOpt: service.storage_opt === undefined ? undefined : { ...service.storage_opt },
    Tmpfs: tmpfs(service),
    ShmSize: service.shm_size === undefined ? undefined : bytes(service.shm_size),
    Isolation: service.isolation,
    Runtime: service.runtime,
    Init: service.init,
    // Engines before API 1.43 know none and ignore them.
    Annotations: service.annotations === undefined ? undefined : { ...service.annotations },
    CpuShares: service.cpu_shares,
    CpuPeriod: service.cpu_period,
    CpuQuota: service.cpu_quota,
    CpuRealtimePeriod: service.cpu_rt_period,
    CpuRealtimeRuntime: service.cpu_rt_runtime,
    CpuCount: service.cpu_count,
    // Hundredths, as Compose sends it; only Windows knows the field.
    CpuPercent: service.cpu_percent === undefined ? undefined : Math.trunc(service.cpu_percent * 100),
    CpusetCpus: service.cpuset,
    NanoCpus: nanoCpus(limits?.cpus ?? service.cpus),
    Memory: size(limits?.memory ?? service.mem_limit),
    MemoryReservation: size(reservations?.memory ?? service.mem_reservation),
    MemorySwap: size(service.memswap_limit),
    MemorySwappiness: service.mem_swappiness === undefined ? undefined : Number(service.mem_swappiness),
    PidsLimit: limits?.pids ?? service.pids_limit,
    Ulimits: ulimits(service),
    DeviceRequests: deviceRequests(service),
    Devices: some(service.devices?.map(deviceMapping)),
    DeviceCgroupRules: some(service.device_cgroup_rules),
    ...blockIo(service),
  });
}

function some<T extends Json>(values: readonly T[] | undefined): readonly T[] | undefined {
  return values === undefined || values.length === 0 ? undefined : values;
}

function size(value: string | number | undefined): number | undefined {
  return value === undefined ? undefined : bytes(value);
}

function nanoCpus(value: string | number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(Number(value) * 1e9);
}

function namespace(value: string | undefined, context: BodyContext): string | undefined {
  return value?.startsWith('service:') ? `container:${context.containerId(value.slice('service:'.length))}` : value;
}

function portBindings(service: ComposeService): JsonObject {
  const bindings: Record<string, JsonObject[]> = {};
  for (const port of service.ports ?? []) {
    const key = `${port.target}/${port.protocol ?? 'tcp'}`;
    bindings[key] = [...(bindings[key] ?? []), { HostIp: port.host_ip ?? '', HostPort: port.published ?? '' }];
  }
  return bindings;
}

function restartPolicy(service: ComposeService): JsonObject | undefined {
  const deployed = service.deploy?.restart_policy;
  if (deployed !== undefined) {
    const { condition = '' } = deployed;
    // Without a condition Compose asks for none, whatever the specification says.
    const name = condition === 'none' ? 'no' : condition === 'any' ? 'always' : condition;
    return { Name: name, MaximumRetryCount: deployed.max_attempts ?? 0 };
  }
  if (service.restart === undefined) return undefined;
  const [name = '', count] = service.restart.split(':');
  return { Name: name, MaximumRetryCount: count === undefined ? 0 : Number(count) };
}

function logConfig(service: ComposeService): JsonObject | undefined {
  if (service.logging === undefined) return undefined;
  const options = Object.entries(service.logging.options ?? {}).map(([key, value]) => [key, String(value)]);
  return { Type: service.logging.driver ?? '', Config: Object.fromEntries(options) };
}

/** Each entry is "/path" or "/path:options". */
function tmpfs(service: ComposeService): JsonObject | undefined {
  if (service.tmpfs === undefined || service.tmpfs.length === 0) return undefined;
  return Object.fromEntries(
    service.tmpfs.map((entry) => {
      const colon = entry.indexOf(':');
      return colon < 0 ? [entry, ''] : [entry.slice(0, colon), entry.slice(colon + 1)];
    }),
  );
}

function ulimits(service: ComposeService): JsonObject[] | undefined {
  if (service.ulimits === undefined) return undefined;
  return Object.entries(service.ulimits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, limit]) =>
      typeof limit === 'number'
        ? { Name: name, Soft: limit, Hard: limit }
        : { Name: name, Soft: Number(limit.soft), Hard: Number(limit.hard) },
    );
}

function deviceMapping(device: ComposeDevice): JsonObject {
  return { PathOnHost: device.source, PathInContainer: device.target, CgroupPermissions: device.permissions };
}

function deviceRequests(service: ComposeService): JsonObject[] | undefined {
  return service.deploy?.resources.reservations?.devices?.map((device) =>
    compact({
      Driver: device.driver ?? '',
      Count: device.count ?? 0,
      DeviceIDs: device.device_ids,
      Capabilities: [[...(device.capabilities ?? [])]],
      Options: device.options,
    }),
  );
}

/** `systempaths=unconfined` is the client's to translate; the engine does not know it. */
function splitSecurity(options: readonly string[]): { options: string[]; unconfinedPaths: boolean } {
  return {
    options: options.filter((option) => option !== 'systempaths=unconfined'),
    unconfinedPaths: options.includes('systempaths=unconfined'),
  };
}

function blockIo(service: ComposeService): Record<string, Json | undefined> {
  const io = service.blkio_config;
  if (io === undefined) return {};
  const rates = (entries: readonly ComposeThrottle[] | undefined): Json | undefined =>
    entries?.map(({ Path, Rate }) => ({ Path, Rate: bytes(Rate) }));
  return {
    BlkioWeight: io.weight,
    BlkioWeightDevice: io.weight_device?.map(({ Path, Weight }) => ({ Path, Weight })),
    BlkioDeviceReadBps: rates(io.device_read_bps),
    BlkioDeviceWriteBps: rates(io.device_write_bps),
    BlkioDeviceReadIOps: rates(io.device_read_iops),
    BlkioDeviceWriteIOps: rates(io.device_write_iops),
  };
}
