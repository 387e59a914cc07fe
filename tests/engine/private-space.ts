/**
 * Namespaces of our own (network, mounts, processes) in which a test may run a container engine and break it. The
 * space ends with the test: its first process reads our end of a pipe, and when that closes, even because the test was
 * killed, the kernel ends every process in it and lets go of every mount and link.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';

const prefix = 'quayside-engine-';

export interface SpaceOptions {
  /** A link of its own between the machine and the space, for engines over tcp and registries on this machine. */
  readonly link?: boolean;
  /** Shell commands run inside before anything else, as root; `$folder` is the space's folder. */
  readonly prepare?: string;
}

export interface Space {
  /** Under the system's temporary folder, the same inside and outside. Gone with `close`. */
  readonly folder: string;
  /** Where containers of an engine in here belong, so that it can be removed afterwards. */
  readonly cgroup: string;
  /** Both null without a link. */
  readonly address: { readonly machine: string; readonly space: string } | null;
  /** Starts a program inside; its output goes to `log`. */
  run(command: readonly string[], log: string, env?: Readonly<Record<string, string>>): Inside;
  close(): Promise<void>;
}

/** A program in the space. */
export interface Inside {
  /** How it ended: `code 1`, `SIGKILL`; null while it runs. */
  readonly ended: string | null;
  /** Its number as the machine sees it. @throws when it has ended */
  pid(): number;
  signal(name: NodeJS.Signals): void;
  exit(): Promise<void>;
  /** Ends our side of it; what runs inside ends with the space. */
  abandon(): void;
}

let missing: string | null | undefined;

/** Why there can be no space of our own on this machine; null when there can. */
export function spaceMissing(): string | null {
  missing ??= reasonAgainst();
  return missing;
}

function reasonAgainst(): string | null {
  if (process.platform !== 'linux') return 'only Linux has the namespaces that a private engine needs';
  if (process.getuid?.() !== 0) return 'a private engine needs root';
  for (const tool of ['unshare', 'nsenter', 'setpriv', 'ip', 'docker-init']) {
    if (spawnSync('which', [tool]).status !== 0) return `a private engine needs ${tool}`;
  }
  const tried = spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true'], { encoding: 'utf8' });
  return tried.status === 0 ? null : `this machine gives out no namespaces: ${tried.stderr.trim()}`;
}

const setUp = `set -e
ip link set lo up
mount -t tmpfs tmpfs /run
[ ! -d /etc/docker ] || mount -t tmpfs tmpfs /etc/docker
mkdir -p /run/lock
eval "$prepare"
echo ready
# Reaps what engines leave behind, and ends when our end of the pipe is closed.
exec docker-init -- cat
`;

export async function openSpace({ link = false, prepare = '' }: SpaceOptions = {}): Promise<Space> {
  const reason = spaceMissing();
  if (reason !== null) throw new Error(reason);
  await sweep();
  const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
  const cgroup = `/quayside-test-${process.pid}-${randomBytes(3).toString('hex')}`;
  const holder = spawn(
    'unshare',
    ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--', 'sh', '-c', setUp],
    { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, prepare, folder } },
  );
  const holderEnded = once(holder, 'close');
  const programs: Inside[] = [];
  async function close(): Promise<void> {
    for (const program of programs) program.abandon();
    holder.stdin.destroy();
    holder.kill('SIGKILL');
    await holderEnded;
    await removeFolder(folder);
    removeCgroup(cgroup);
  }
  try {
    await saysReady(holder);
    const init = onlyChild(holder.pid ?? 0);
    const address = link ? addLink(init) : null;
    return { folder, cgroup, address, run, close };
    function run(command: readonly string[], log: string, env?: Readonly<Record<string, string>>): Inside {
      const program = runInside(init, command, log, env);
      programs.push(program);
      return program;
    }
  } catch (error) {
    await close();
    throw error;
  }
}

function saysReady(holder: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    holder.stdout?.on('data', (chunk) => {
      if (String(chunk).includes('ready')) resolve();
    });
    holder.stderr?.on('data', (chunk) => {
      said += String(chunk);
    });
    holder.once('error', reject);
    holder.once('close', () => reject(new Error(`the namespaces could not be set up: ${said}`)));
  });
}

function runInside(init: number, command: readonly string[], log: string, env = {}): Inside {
  const out = openSync(log, 'a');
  // nsenter stops along with the program it waits for; the kernel ends it with us even then.
  const words = ['--pdeathsig', 'KILL', 'nsenter', '--target', String(init), '--net', '--mount', '--pid', '--'];
  const enter = spawn('setpriv', [...words, ...command], {
    stdio: ['ignore', out, out],
    env: { ...process.env, ...env },
  });
  closeSync(out);
  let ended: string | null = null;
  const exited = once(enter, 'exit').then(([code, signal]) => {
    ended = signal === null ? `code ${code}` : String(signal);
  });
  const pid = () => onlyChild(enter.pid ?? 0);
  return {
    get ended() {
      return ended;
    },
    pid,
    signal(name) {
      if (ended !== null) return;
      process.kill(pid(), name);
      // nsenter stops along with the program it waits for, and has to be woken by itself.
      if (name === 'SIGKILL' || name === 'SIGCONT') enter.kill('SIGCONT');
    },
    exit: () => exited,
    abandon: () => void enter.kill('SIGKILL'),
  };
}

function onlyChild(pid: number): number {
  // Between fork and exec there is a moment without one.
  for (const deadline = Date.now() + 2000; Date.now() < deadline; ) {
    let text = '';
    try {
      text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    } catch {
      break;
    }
    const child = Number(text.trim().split(' ')[0]);
    if (child > 0) return child;
  }
  throw new Error(`process ${pid} has no child`);
}

/** A pair of ends, one here and one inside. The kernel removes both with the space. */
function addLink(init: number): { machine: string; space: string } {
  const name = `qs${randomBytes(5).toString('hex')}`;
  // 198.18.0.0/15 is for tests of network devices (RFC 2544), so no real network or engine pool uses it.
  const taken = new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address)));
  let machine = '';
  let space = '';
  do {
    const net = `198.${randomInt(18, 20)}.${randomInt(256)}`;
    const base = randomInt(63) * 4;
    machine = `${net}.${base + 1}`;
    space = `${net}.${base + 2}`;
  } while (taken.has(machine));
  const inside = ['nsenter', '--target', String(init), '--net', '--'];
  for (const words of [
    ['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(init)],
    ['ip', 'addr', 'add', `${machine}/30`, 'dev', name],
    ['ip', 'link', 'set', name, 'up'],
    [...inside, 'ip', 'addr', 'add', `${space}/30`, 'dev', 'eth0'],
    [...inside, 'ip', 'link', 'set', 'eth0', 'up'],
    [...inside, 'ip', 'route', 'add', 'default', 'via', machine],
  ]) {
    const [program = '', ...args] = words;
    const done = spawnSync(program, args, { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${words.join(' ')}: ${done.stderr}`);
  }
  return { machine, space };
}

/** What tests left that were killed themselves: their processes are gone with the pipe, their folders are not. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || alive(Number(owner))) continue;
    await removeFolder(join(tmpdir(), name));
  }
  for (const path of cgroupFolders()) {
    const owner = /quayside-test-(\d+)-[0-9a-f]+$/.exec(path)?.[1];
    if (owner !== undefined && !alive(Number(owner))) removeTree(path);
  }
}

function alive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

/** Processes with this text in their command line. */
export function processesNaming(text: string): number[] {
  return readdirSync('/proc')
    .filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function removeFolder(folder: string): Promise<void> {
  // Every mount inside went with its namespace; none was ever visible out here.
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

function cgroupFolders(): string[] {
  const top = '/sys/fs/cgroup';
  const controllers = existsSync(join(top, 'cgroup.controllers')) ? [top] : folders(top);
  return controllers.flatMap(folders).filter((path) => path.includes('/quayside-test-'));
}

function removeCgroup(cgroup: string): void {
  for (const path of cgroupFolders()) if (path.endsWith(cgroup)) removeTree(path);
}

/** A cgroup is removed by its folders alone: the files in it are the kernel's. */
function removeTree(path: string): void {
  for (const inner of folders(path)) removeTree(inner);
  try {
    rmdirSync(path);
  } catch {
    // The last process is still on its way out: the next run sweeps it.
  }
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(path, entry.name));
  } catch {
    return [];
  }
}
