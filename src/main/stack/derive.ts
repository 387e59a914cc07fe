/** What a stack's state follows from: pure functions from inspects and declarations to what a page shows. */

import { numberLabel, oneoffLabel, serviceLabel } from '../../shared/model/compose-labels.ts';
import { asList, asNumber, asObject, asText } from '../../shared/model/json.ts';
import type { ContainerState, PublishedPort, ServiceState, StackState } from '../../shared/model/stack.ts';
import type { JsonObject } from '../engine/engine-client.ts';

/** A service as the Compose file declares it; the engine fills in the rest. */
export interface DeclaredService {
  readonly name: string;
  readonly role: 'service' | 'job';
  readonly purpose: string;
  readonly image: string;
  readonly dependsOn: readonly string[];
}

const states = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const;
const healths = ['starting', 'healthy', 'unhealthy'] as const;

/** The engine writes year 1 for "never". */
function time(value: unknown): number | null {
  const atMs = Date.parse(asText(value));
  return Number.isFinite(atMs) && atMs > 0 ? atMs : null;
}

export interface ObservedContainer extends ContainerState {
  readonly service: string;
  readonly ports: readonly PublishedPort[];
}

/** One inspect as a container of a service; null when it is not one of a Compose project, or a one-off (`run`). */
export function toContainer(inspect: JsonObject): ObservedContainer | null {
  const config = asObject(inspect.Config);
  const labelsOf = asObject(config.Labels);
  const service = asText(labelsOf[serviceLabel]);
  if (service === '' || service.length > 64 || labelsOf[oneoffLabel] === 'True') return null;
  const state = asObject(inspect.State);
  const status = states.find((known) => known === state.Status) ?? 'dead';
  const number = Number(asText(labelsOf[numberLabel]));
  return {
    service,
    id: asText(inspect.Id).slice(0, 64),
    name: asText(inspect.Name).replace(/^\//, '').slice(0, 256),
    number: Number.isInteger(number) && number > 0 ? number : 1,
    state: status,
    health: healths.find((known) => known === asObject(state.Health).Status) ?? 'none',
    startedAtMs: time(state.StartedAt),
    finishedAtMs: time(state.FinishedAt),
    exitCode: status === 'exited' || status === 'dead' ? Math.trunc(asNumber(state.ExitCode)) : null,
    oomKilled: state.OOMKilled === true,
    restartCount: Math.max(0, Math.trunc(asNumber(inspect.RestartCount))),
    image: asText(config.Image).slice(0, 512),
    ports: publishedPorts(asObject(asObject(inspect.NetworkSettings).Ports)),
  };
}

/** The port bindings in force, IPv6 twins of an IPv4 binding left out. */
function publishedPorts(raw: JsonObject): PublishedPort[] {
  const ports: PublishedPort[] = [];
  for (const [key, bindings] of Object.entries(raw)) {
    const match = /^(\d{1,5})\/(tcp|udp|sctp)$/.exec(key);
    if (!match) continue;
    for (const binding of asList(bindings)) {
      const hostPort = Number(asText(asObject(binding).HostPort));
      const hostIp = asText(asObject(binding).HostIp);
      if (!Number.isInteger(hostPort) || hostPort < 1 || hostPort > 65_535) continue;
      const port = {
        hostIp,
        hostPort,
        containerPort: Number(match[1]),
        protocol: match[2] as PublishedPort['protocol'],
      };
      const twin = ports.some(
        (p) => p.hostPort === port.hostPort && p.containerPort === port.containerPort && p.protocol === port.protocol,
      );
      if (!twin) ports.push(port);
    }
  }
  return ports.slice(0, 64);
}

/** A service's one word, from its worst container: what needs attention wins. */
export function serviceStatus(
  role: ServiceState['role'],
  containers: readonly ContainerState[],
): ServiceState['status'] {
  if (containers.length === 0) return 'absent';
  const ended = (container: ContainerState) => container.state === 'exited' || container.state === 'dead';
  const order = containers.map((container): ServiceState['status'] => {
    if (ended(container)) {
      if (container.exitCode === 0) return role === 'job' ? 'done' : 'exited';
      // 137 and 143 are what a stop on request leaves, unless memory ran out.
      const stopped = (container.exitCode === 137 || container.exitCode === 143) && !container.oomKilled;
      return stopped ? 'exited' : 'failed';
    }
    if (container.state === 'restarting') return 'restarting';
    if (container.state === 'paused') return 'paused';
    if (container.state === 'created') return 'created';
    if (container.state === 'removing') return 'exited';
    if (container.health === 'unhealthy') return 'unhealthy';
    if (container.health === 'starting') return 'starting';
    return container.health === 'healthy' ? 'healthy' : 'running';
  });
  const worst: ServiceState['status'][] = [
    'failed',
    'restarting',
    'unhealthy',
    'paused',
    'exited',
    'created',
    'starting',
    'running',
    'healthy',
    'done',
  ];
  return worst.find((status) => order.includes(status)) ?? 'absent';
}

/** The stack's one word. `stopping` is never derived: only who stops it knows. */
export function stackStatus(services: readonly ServiceState[]): StackState['status'] {
  const status = services.map((service) => service.status);
  const lasting = services.filter((service) => service.role === 'service').map((service) => service.status);
  if (status.every((one) => one === 'absent')) return 'absent';
  const up = (one: ServiceState['status']) => one === 'healthy' || one === 'running' || one === 'done';
  if (status.every(up)) return 'healthy';
  const off = (one: ServiceState['status']) =>
    one === 'absent' || one === 'exited' || one === 'created' || one === 'failed' || one === 'done';
  if (lasting.every(off)) return lasting.some((one) => one === 'failed') ? 'degraded' : 'stopped';
  const bad = status.some(
    (one) => one === 'failed' || one === 'unhealthy' || one === 'restarting' || one === 'paused' || one === 'exited',
  );
  return bad ? 'degraded' : 'starting';
}

/** Declared services first, in file order; then what runs in the project without being declared. */
export function toServices(
  declared: readonly DeclaredService[],
  observed: readonly ObservedContainer[],
): ServiceState[] {
  const names = new Set(declared.map((service) => service.name));
  const extra = [...new Set(observed.map((container) => container.service))].filter((name) => !names.has(name)).sort();
  const all: DeclaredService[] = [
    ...declared,
    ...extra.map(
      (name): DeclaredService => ({
        name,
        role: 'service',
        purpose: 'Not in the Compose file any more',
        image: '',
        dependsOn: [],
      }),
    ),
  ];
  return all.map((service) => {
    const own = observed.filter((container) => container.service === service.name).sort((a, b) => a.number - b.number);
    const containers = own.map(({ service: _service, ports: _ports, ...container }): ContainerState => container);
    return {
      name: service.name,
      role: service.role,
      purpose: service.purpose,
      image: own[0]?.image || service.image,
      status: serviceStatus(service.role, containers),
      containers,
      ports: own.flatMap((container) => container.ports).slice(0, 64),
      dependsOn: [...service.dependsOn],
    };
  });
}

/** Where the backend answers, from the port that is really bound: the gateway's where there is one, else its own. */
export function backendUrl(services: readonly ServiceState[]): string | null {
  return serviceUrl(services, ['gateway', 'backend']);
}

/** Where the first of these services that runs and publishes a port answers on this machine. */
export function serviceUrl(services: readonly ServiceState[], names: readonly string[]): string | null {
  const [port] = names.flatMap((name) => {
    const door = services.find((service) => service.name === name);
    if (!door?.containers.some((container) => container.state === 'running')) return [];
    return door.ports.filter((published) => published.protocol === 'tcp');
  });
  if (port === undefined) return null;
  const host = port.hostIp === '' || port.hostIp === '0.0.0.0' || port.hostIp === '::' ? '127.0.0.1' : port.hostIp;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port.hostPort}`;
}
