/** Which machine this is, so that a process number read elsewhere is only believed where it means something. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);
let own: Promise<string> | undefined;

/**
 * The same text for every process of this machine that sees the same process numbers, another one anywhere else; empty
 * where the system does not tell. A hash, because the machine's own number is nobody else's business. Read once.
 */
export function machineIdentity(): Promise<string> {
  own ??= read().then((parts) =>
    parts === null ? '' : createHash('sha256').update(`quayside lease\0${parts}`).digest('hex').slice(0, 32),
  );
  return own;
}

async function read(): Promise<string | null> {
  try {
    if (process.platform === 'linux') {
      const [machine, numbers] = await Promise.all([
        readFile('/etc/machine-id', 'utf8').catch(() => readFile('/var/lib/dbus/machine-id', 'utf8')),
        // A panel inside a container shares the machine's id, but not its process numbers.
        readlink('/proc/self/ns/pid'),
      ]);
      return machine.trim() === '' ? null : `${hostname()}\0${machine.trim()}\0${numbers}`;
    }
    if (process.platform === 'darwin') {
      const { stdout } = await run('ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice'], { timeout: 2000 });
      return /"IOPlatformUUID" = "([^"]+)"/.exec(stdout)?.[1] ?? null;
    }
    if (process.platform === 'win32') {
      const key = 'HKLM\\SOFTWARE\\Microsoft\\Cryptography';
      const { stdout } = await run('reg', ['query', key, '/v', 'MachineGuid'], { timeout: 2000 });
      return /MachineGuid\s+REG_SZ\s+(\S+)/.exec(stdout)?.[1] ?? null;
    }
  } catch {
    return null;
  }
  return null;
}
