/**
 * The process of a local engine, looked up in /proc: what tells an engine that starts from one that hangs. Linux only;
 * engines of other systems live in virtual machines, whose processes say nothing about them.
 */
import { readdir, readFile } from 'node:fs/promises';
import { localPath } from './connection.ts';
import type { EngineEndpoint } from './engine-client.ts';

export interface EngineProcess {
  readonly pid: number;
  readonly ageMs: number;
  /** Stopped by a signal or a debugger. */
  readonly halted: boolean;
}

const programs = new Set(['dockerd', 'podman']);
const systemSockets = new Set(['/var/run/docker.sock', '/run/docker.sock']);
/** Of a process's `stat`: the kernel gives out its clock in hundredths of a second to user space. */
const ticksPerS = 100;

/** The youngest engine process that serves this address; null when there is none to be seen. */
export async function engineProcess(endpoint: EngineEndpoint): Promise<EngineProcess | null> {
  const path = localPath(endpoint.url);
  if (process.platform !== 'linux' || path === null) return null;
  const [uptime = ''] = (await text('/proc/uptime')).split(' ');
  const uptimeMs = Number(uptime) * 1000;
  let youngest: EngineProcess | null = null;
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid) || !programs.has((await text(`/proc/${pid}/comm`)).trim())) continue;
    if (!serves((await text(`/proc/${pid}/cmdline`)).split('\0'), path)) continue;
    // The name may hold blanks and brackets: the fields are counted from its end.
    const fields = (await text(`/proc/${pid}/stat`)).replace(/^.*\) /s, '').split(' ');
    const ageMs = uptimeMs - (Number(fields[19]) / ticksPerS) * 1000;
    const found = { pid: Number(pid), ageMs, halted: fields[0] === 'T' || fields[0] === 't' };
    if (Number.isFinite(ageMs) && (youngest === null || found.ageMs < youngest.ageMs)) youngest = found;
  }
  return youngest;
}

/** By its own words: a named socket, or none named (or handed over by systemd) and the system's socket meant. */
function serves(words: readonly string[], path: string): boolean {
  const sockets = words.flatMap((word) => /unix:\/\/(\/.*)/.exec(word)?.[1] ?? []);
  if (sockets.includes(path)) return true;
  return sockets.length === 0 && (systemSockets.has(path) || /^\/run\/user\/\d+\//.test(path));
}

function text(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
