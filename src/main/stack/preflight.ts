/** What is looked at before a start, so that a failure comes early and in words: room on the disk, memory, ports. */
import { statfs } from 'node:fs/promises';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { ComposeProject } from '../compose/model.ts';
import type { EngineVersion } from '../engine/engine-client.ts';
import type { PublishedPort } from './ports.ts';

const mb = 1024 ** 2;
/** Below this a database cannot be trusted to write. */
const leastFreeBytes = 300 * mb;
/** Images of the whole stack, unpacked, with some air. */
const leastFreeForImagesBytes = 3 * 1024 * mb;

/** @throws {ProblemError} `disk-full` when the data folder's disk has too little room; silent where it cannot be told. */
export async function assertRoom(folder: string, images: boolean): Promise<void> {
  const room = await statfs(folder).catch(() => null);
  if (room === null) return;
  const free = room.bavail * room.bsize;
  const least = images ? leastFreeForImagesBytes : leastFreeBytes;
  if (free >= least) return;
  throw new ProblemError(
    problem(
      'disk-full',
      'There is too little room on the disk',
      `The disk of ${folder} has ${Math.floor(free / mb)} MB free; ${images ? 'getting the images' : 'the stack'} needs ${Math.floor(least / mb)} MB.`,
      {
        evidence: [`free: ${free} bytes`, `needed: ${least} bytes`],
        remedies: [
          { action: 'free-space', label: 'Free some space' },
          { action: 'retry', label: 'Try again' },
        ],
      },
    ),
  );
}

/** @throws {ProblemError} `memory-low` when the engine's machine could not hold the stack at all. */
export function assertMemory(version: EngineVersion, leastMemoryBytes: number): void {
  if (version.memBytes <= 0 || version.memBytes >= leastMemoryBytes) return;
  throw new ProblemError(
    problem(
      'memory-low',
      'The engine has too little memory',
      `The engine's machine has ${Math.floor(version.memBytes / mb)} MB; the stack needs at least ${leastMemoryBytes / mb} MB.`,
      { remedies: [{ action: 'advice', label: 'Give the engine more memory in its settings' }] },
    ),
  );
}

/** The single ports that the services publish on this machine. Ranges and "any port" are left to the engine. */
export function publishedPorts(project: ComposeProject, services: Iterable<string>): PublishedPort[] {
  return [...services].flatMap((name) =>
    (project.services[name]?.ports ?? []).flatMap((port) => {
      const number = Number(port.published);
      if (!Number.isInteger(number) || number <= 0) return [];
      const protocol = port.protocol === 'udp' || port.protocol === 'sctp' ? port.protocol : 'tcp';
      return [{ service: name, hostIp: port.host_ip ?? '', port: number, protocol }];
    }),
  );
}
