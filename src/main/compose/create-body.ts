/**
 * A canonical service as the body of POST /containers/create, as Docker Compose 2.26 sends it (recorded through a
 * proxy). Pure: ids of other containers, the image and the labels come in resolved.
 */
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { Json, JsonObject } from '../engine/engine-client.ts';
import { type BodyContext, compact } from './body-context.ts';
import { hostConfig } from './host-config.ts';
import { platformOf } from './image-ref.ts';
import type { ComposeService } from './model.ts';
import { nanoseconds } from './quantities.ts';

export interface CreateBody {
  readonly body: JsonObject;
  /** Networks to connect after the create, in order: engines before API 1.44 take only one in the body. */
  readonly connect: readonly { readonly network: string; readonly endpoint: JsonObject }[];
  readonly platform: string | undefined;
}

export function createBody(context: BodyContext): CreateBody {
  const { service, project } = context;
  const networks = orderedNetworks(service);
  const endpoints = networks.map((key) => ({
    network: project.networks[key]?.name ?? `${project.name}_${key}`,
    endpoint: endpointOf(context, key),
  }));
  const [first] = endpoints;
  const allAtOnce = compareApi(context.apiVersion, '1.44') >= 0;
  const inBody = allAtOnce ? endpoints : endpoints.slice(0, 1);
  const body = compact({
    Hostname: service.hostname,
    Domainname: service.domainname,
    User: service.user,
    AttachStdout: true,
    AttachStderr: true,
    ExposedPorts: exposedPorts(service),
    Tty: service.tty,
    OpenStdin: service.stdin_open,
    Env: environment(service),
    Cmd: strings(service.command),
    Entrypoint: strings(service.entrypoint),
    Healthcheck: healthcheck(service, context.apiVersion),
    Image: context.imageRef,
    WorkingDir: service.working_dir,
    Labels: { ...context.labels },
    StopSignal: service.stop_signal,
    StopTimeout:
      service.stop_grace_period === undefined ? undefined : Math.floor(nanoseconds(service.stop_grace_period) / 1e9),
    MacAddress: allAtOnce ? undefined : containerMac(context, networks),
    HostConfig: hostConfig(context, networkMode(context, first?.network)),
    NetworkingConfig:
      inBody.length === 0
        ? undefined
        : { EndpointsConfig: Object.fromEntries(inBody.map(({ network, endpoint }) => [network, endpoint])) },
  });
  return { body, connect: endpoints.slice(inBody.length), platform: platformOf(project, service) };
}

/** Engines before API 1.44 know one MAC address of a container, that of its first network. */
function containerMac({ serviceName, service }: BodyContext, networks: readonly string[]): string | undefined {
  const [first = '', ...others] = networks;
  const beyond = others.find((key) => service.networks?.[key]?.mac_address !== undefined);
  if (beyond !== undefined) {
    throw new ProblemError(
      problem(
        'compose-invalid',
        `${serviceName} cannot have a MAC address on ${beyond}`,
        `This engine gives a MAC address to the first network of a container only, and that of ${serviceName} is ${first}; engines from 25 on give one to each.`,
        {
          remedies: [{ action: 'advice', label: `Give ${beyond} the highest priority, or update the engine` }],
          service: serviceName,
        },
      ),
    );
  }
  return service.networks?.[first]?.mac_address ?? service.mac_address;
}

/** Highest priority first, then by name: the first is the one the container's default route goes through. */
export function orderedNetworks(service: ComposeService): string[] {
  if (service.network_mode !== undefined) return [];
  const networks = service.networks ?? {};
  const priority = (key: string): number => networks[key]?.priority ?? 0;
  return Object.keys(networks).sort((a, b) => priority(b) - priority(a) || (a < b ? -1 : 1));
}

function networkMode(context: BodyContext, first: string | undefined): string {
  const mode = context.service.network_mode;
  if (mode === undefined) return first ?? 'none';
  return mode.startsWith('service:') ? `container:${context.containerId(mode.slice('service:'.length))}` : mode;
}

function endpointOf(context: BodyContext, key: string): JsonObject {
  const { service, name } = context;
  const options = service.networks?.[key] ?? undefined;
  const ipam = compact({
    IPv4Address: options?.ipv4_address,
    IPv6Address: options?.ipv6_address,
    LinkLocalIPs: strings(options?.link_local_ips),
  });
  return compact({
    Aliases: [...new Set([name, context.serviceName, ...(options?.aliases ?? [])])],
    // Empty where the file has other options of the network, as Compose sends it: the engine shows the difference.
    IPAMConfig: options === undefined ? undefined : ipam,
    Links: context.links.length === 0 ? undefined : [...context.links],
    DriverOpts: options?.driver_opts,
    MacAddress: compareApi(context.apiVersion, '1.44') >= 0 ? (options?.mac_address ?? service.mac_address) : undefined,
  });
}

function strings(values: readonly string[] | null | undefined): Json | undefined {
  return values ?? undefined;
}

/** A variable without a value goes bare: it unsets the image's own. */
function environment(service: ComposeService): string[] | undefined {
  const entries = Object.entries(service.environment ?? {});
  if (entries.length === 0) return undefined;
  return entries.map(([key, value]) => (value === null ? key : `${key}=${value}`));
}

function exposedPorts(service: ComposeService): JsonObject | undefined {
  const keys = [
    ...(service.expose ?? []).map(String),
    ...(service.ports ?? []).map((port) => `${port.target}/${port.protocol ?? 'tcp'}`),
  ];
  return keys.length === 0 ? undefined : Object.fromEntries(keys.map((key) => [key, {}]));
}

function healthcheck(service: ComposeService, apiVersion: string): JsonObject | undefined {
  const check = service.healthcheck;
  if (check === undefined) return undefined;
  if (check.disable === true) return { Test: ['NONE'] };
  const time = (value: string | undefined): number | undefined =>
    value === undefined ? undefined : nanoseconds(value);
  return compact({
    Test: strings(check.test),
    Interval: time(check.interval),
    Timeout: time(check.timeout),
    Retries: check.retries,
    StartPeriod: time(check.start_period),
    // Older engines refuse nothing and ignore it; Compose does not send it to them either.
    StartInterval: compareApi(apiVersion, '1.44') >= 0 ? time(check.start_interval) : undefined,
  });
}

/** Below zero when `a` is the older: "1.9" is older than "1.41". */
export function compareApi(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}
