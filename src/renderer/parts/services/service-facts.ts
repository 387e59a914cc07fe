/** What a service card says, worked out from the state: addresses, since when, the last exit in words. */
import type { ContainerState, PublishedPort, ServiceState } from '../../../shared/model/stack.ts';

/** Addresses a person can open; one per port even when the engine lists IPv4 and IPv6. */
export function addressesOf(ports: readonly PublishedPort[]): string[] {
  const seen = new Set<string>();
  for (const port of ports) {
    if (port.hostPort === 0) continue;
    const host = port.hostIp === '' || port.hostIp === '0.0.0.0' || port.hostIp === '::' ? 'localhost' : port.hostIp;
    const named = host.includes(':') ? `[${host}]` : host;
    seen.add(`${named}:${port.hostPort}${port.protocol === 'tcp' ? '' : `/${port.protocol}`}`);
  }
  return [...seen];
}

/** Since when all of it runs: the youngest running container; null when none runs. */
export function runningSinceMs(service: ServiceState): number | null {
  const starts = service.containers
    .filter((container) => container.state === 'running' && container.startedAtMs !== null)
    .map((container) => container.startedAtMs ?? 0);
  return starts.length === 0 ? null : Math.max(...starts);
}

export function restartsOf(service: ServiceState): number {
  return service.containers.reduce((sum, container) => sum + container.restartCount, 0);
}

const signals: Readonly<Record<number, string>> = {
  129: 'hung up',
  130: 'interrupted',
  134: 'aborted',
  137: 'killed',
  139: 'crashed',
  143: 'asked to stop',
};

/** "Ran out of memory (exit code 137)", "Ended with exit code 1"; null for one that never ended. */
export function exitWords(container: ContainerState): string | null {
  if (container.exitCode === null || container.finishedAtMs === null) return null;
  if (container.oomKilled) return `Ran out of memory (exit code ${container.exitCode})`;
  if (container.exitCode === 0) return 'Ended normally (exit code 0)';
  const signal = signals[container.exitCode];
  return signal === undefined
    ? `Ended with exit code ${container.exitCode}`
    : `Was ${signal} (exit code ${container.exitCode})`;
}

/** The container that ended last, for the card of a service that does not run. */
export function lastEnded(service: ServiceState): ContainerState | null {
  const ended = service.containers.filter((container) => container.finishedAtMs !== null);
  return ended.sort((a, b) => (b.finishedAtMs ?? 0) - (a.finishedAtMs ?? 0))[0] ?? null;
}
