/** Names the process that listens on a port, from /proc alone. Only Linux tells; elsewhere the answer is null. */
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface PortProcess {
  readonly pid: number;
  /** The kernel's short name, at most 15 bytes. */
  readonly command: string;
}

/** Null when no process is found or may be looked at (another user's, without root). */
export async function processOnPort(port: number, protocol: 'tcp' | 'udp' | 'sctp'): Promise<PortProcess | null> {
  if (process.platform !== 'linux' || protocol === 'sctp') return null;
  const tables = await Promise.all(
    [`/proc/net/${protocol}`, `/proc/net/${protocol}6`].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  const inodes = new Set(tables.flatMap((table) => inodesOnPort(table, port, protocol)));
  if (inodes.size === 0) return null;
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    if (!(await holdsOne(pid, inodes))) continue;
    const command = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
    return { pid: Number(pid), command: command || 'a program' };
  }
  return null;
}

/** proc_net_tcp(5): local_address is `HEXIP:HEXPORT`, state 0A is listening (UDP sockets are 07), inode is the tenth field. */
export function inodesOnPort(table: string, port: number, protocol: 'tcp' | 'udp'): string[] {
  const wantedState = protocol === 'tcp' ? '0A' : '07';
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const local = fields[1]?.split(':')[1];
      if (local === undefined || Number.parseInt(local, 16) !== port || fields[3] !== wantedState) return [];
      const inode = fields[9];
      return inode === undefined || inode === '0' ? [] : [inode];
    });
}

async function holdsOne(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = await readdir(folder).catch(() => []);
  const links = await Promise.all(descriptors.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return links.some((link) => {
    const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
    return inode !== undefined && inodes.has(inode);
  });
}
