/** Published ports: which are free, who holds the others, and where to go instead. */

import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { projectLabel } from '../../shared/model/compose-labels.ts';
import { ProblemError, problem, type Remedy } from '../../shared/model/problem.ts';
import type { ContainerSummary, EngineClient, JsonObject } from '../engine/engine-client.ts';
import { type PortProcess, processOnPort } from './port-process.ts';

export interface PublishedPort {
  readonly service: string;
  /** Empty for all addresses. */
  readonly hostIp: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
}

/** A port on its way to be published, and how the person would move it. */
export interface WantedPort extends PublishedPort {
  /** What the move is remembered by. */
  readonly key: string;
  /** The command line that starts this stack: `quayside up -p shop`. */
  readonly command: string;
}

/** Who has a port: a container the engine knows, a process this machine names, or someone it does not. */
export type PortHolder =
  | { readonly kind: 'container'; readonly name: string; readonly project: string | null }
  | ({ readonly kind: 'process' } & PortProcess)
  | { readonly kind: 'unknown' };

/**
 * Tries to bind. True also where binding cannot tell (the address belongs to another machine or virtual machine,
 * or a low port needs rights that the engine has and the panel has not): then the engine's own answer counts.
 */
export async function portIsFree(hostIp: string, port: number, protocol: PublishedPort['protocol']): Promise<boolean> {
  const error = await (protocol === 'udp' ? bindUdp(hostIp, port) : protocol === 'tcp' ? bindTcp(hostIp, port) : null);
  return error !== 'EADDRINUSE';
}

function bindTcp(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'UNKNOWN'));
    server.listen({ port, host: host === '' ? '0.0.0.0' : host, exclusive: true }, () => {
      server.close(() => resolve(null));
    });
  });
}

function bindUdp(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code ?? 'UNKNOWN');
    });
    socket.bind({ port, address: host === '' ? '0.0.0.0' : host, exclusive: true }, () => {
      socket.close(() => resolve(null));
    });
  });
}

/** Which of the ports are held by someone who is not this project; an empty list is the usual answer. */
export async function takenPorts(
  engine: EngineClient,
  project: string,
  wanted: readonly WantedPort[],
): Promise<{ wanted: WantedPort; holder: PortHolder }[]> {
  const busy = (
    await Promise.all(
      wanted.map(async (port) => ((await portIsFree(port.hostIp, port.port, port.protocol)) ? [] : [port])),
    )
  ).flat();
  if (busy.length === 0) return [];
  const containers = await engine.listContainers([]);
  const taken: { wanted: WantedPort; holder: PortHolder }[] = [];
  for (const port of busy) {
    const container = containers.find((candidate) => publishes(candidate, port));
    if (container?.labels[projectLabel] === project) continue;
    taken.push({ wanted: port, holder: await holderOf(container, port) });
  }
  return taken;
}

async function holderOf(container: ContainerSummary | undefined, port: WantedPort): Promise<PortHolder> {
  if (container !== undefined) {
    return { kind: 'container', name: container.name, project: container.labels[projectLabel] ?? null };
  }
  const found = await processOnPort(port.port, port.protocol);
  return found === null ? { kind: 'unknown' } : { kind: 'process', ...found };
}

function publishes(container: ContainerSummary, wanted: WantedPort): boolean {
  const ports = container.raw.Ports;
  if (!Array.isArray(ports)) return false;
  return ports.some((entry: JsonObject) => {
    if (entry.PublicPort !== wanted.port || entry.Type !== wanted.protocol) return false;
    const ip = typeof entry.IP === 'string' ? entry.IP : '';
    return everywhere(ip) || everywhere(wanted.hostIp) || ip === wanted.hostIp;
  });
}

const everywhere = (ip: string): boolean => ip === '' || ip === '0.0.0.0' || ip === '::';

/** The next port from `from + 1` on that can be bound and is not in `avoid`; after 100 tries any free one. */
export async function nextFreePort(
  hostIp: string,
  from: number,
  protocol: PublishedPort['protocol'] = 'tcp',
  avoid: ReadonlySet<number> = new Set(),
): Promise<number> {
  for (let port = from + 1; port <= Math.min(65_535, from + 100); port += 1) {
    if (!avoid.has(port) && (await portIsFree(hostIp, port, protocol))) return port;
  }
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host: hostIp === '' ? '0.0.0.0' : hostIp }, () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}

/** "nginx (process 812)": words for a person. */
export function nameHolder(holder: PortHolder): string {
  if (holder.kind === 'container') {
    return holder.project === null
      ? `the container ${holder.name}`
      : `the container ${holder.name} of the Compose project ${holder.project}`;
  }
  if (holder.kind === 'process') return `${holder.command} (process ${holder.pid})`;
  return 'another program';
}

/** The Problem for a taken port: names the holder, offers the next free port. */
export async function portTaken(wanted: WantedPort, holder: PortHolder, others: string[] = []): Promise<ProblemError> {
  const free = await nextFreePort(wanted.hostIp, wanted.port, wanted.protocol).catch(() => 0);
  const who = nameHolder(holder);
  const address = `${wanted.hostIp === '' ? '*' : wanted.hostIp}:${wanted.port}`;
  const remedies: Remedy[] = [];
  if (free > 0) {
    remedies.push({
      action: 'use-port',
      label: `Use port ${free} instead`,
      service: wanted.key,
      port: free,
      command: `${wanted.command} --port ${wanted.key}=${free}`,
    });
  }
  remedies.push({ action: 'retry', label: `Try again after ${who} has let go of it` });
  return new ProblemError(
    problem(
      'port-taken',
      `Port ${wanted.port} is taken`,
      `${wanted.service} publishes ${address}/${wanted.protocol}, but ${who} already uses it.`,
      { evidence: [`${address}/${wanted.protocol} is held by ${who}`, ...others], remedies, service: wanted.service },
    ),
  );
}

/** @throws {ProblemError} `port-taken` for the first port that someone else holds; the others are its evidence. */
export async function assertPortsFree(
  engine: EngineClient,
  project: string,
  wanted: readonly WantedPort[],
): Promise<void> {
  const taken = await takenPorts(engine, project, wanted);
  const [first, ...rest] = taken;
  if (first === undefined) return;
  throw await portTaken(
    first.wanted,
    first.holder,
    rest.map((other) => `${other.wanted.service}: port ${other.wanted.port} is held by ${nameHolder(other.holder)}`),
  );
}

/** The port an engine's refusal to start names, as in "Bind for 127.0.0.1:7420 failed: port is already allocated". */
export function portOfEngineError(message: string): number | null {
  if (!/address already in use|port is already allocated|bind: An attempt was made to access a socket/i.test(message)) {
    return null;
  }
  const match =
    /(?:Bind for|listen (?:tcp|udp)[46]?|exposing port (?:TCP|UDP)) \S*?:(\d{1,5})\b/i.exec(message) ??
    /:(\d{1,5})(?=[:\s]|$)/.exec(message);
  const port = Number(match?.[1]);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
}
