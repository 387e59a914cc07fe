/** Tells "that process still lives" from "another process has its number now". */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the platform's own words; empty where the platform does not say. */
  readonly started: string;
}

const run = promisify(execFile);
let ownIdentity: Promise<ProcessIdentity> | undefined;

/** This process. Read once. */
export function ownProcess(): Promise<ProcessIdentity> {
  ownIdentity ??= startOf(process.pid).then((started) => ({ pid: process.pid, started: started ?? '' }));
  return ownIdentity;
}

/** True while the very process that was recorded is running. Where start times are unknown, the number alone decides. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  if (!Number.isInteger(identity.pid) || identity.pid <= 0) return false;
  if (!numberInUse(identity.pid)) return false;
  if (identity.started === '') return true;
  const started = await startOf(identity.pid);
  return started === null || started === identity.started;
}

function numberInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function startOf(pid: number): Promise<string | null> {
  try {
    if (process.platform === 'linux') {
      const [stat, boot] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'utf8'),
        readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      ]);
      // proc(5): the command in parentheses may hold spaces; starttime is field 22, the 20th after it.
      const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      return ticks === undefined ? null : `${boot.trim()}/${ticks}`;
    }
    if (process.platform === 'darwin') {
      const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], { timeout: 2000 });
      return stdout.trim() || null;
    }
  } catch {
    return null;
  }
  return null;
}
