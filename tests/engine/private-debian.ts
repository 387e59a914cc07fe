/**
 * Engines of other Debian releases: newer Docker engines and Podman, unpacked (not installed) into the cache folder and
 * run with their own libraries from there, in namespaces of their own. Nothing on the machine changes.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type PrivateEngine, startPrivateEngine } from './private-engine.ts';
import { cacheFolder } from './private-packages.ts';

const run = promisify(execFile);
const packages = [
  'base-files',
  'docker.io',
  'iptables',
  'podman',
  'crun',
  'netavark',
  'aardvark-dns',
  'catatonit',
  'nftables',
  'conmon',
  'mount',
  'coreutils',
  'dash',
];

/** `trixie` is Debian 13 (Docker 26.1, Podman 5.4), `sid` the newest there is. */
export type DebianRelease = 'trixie' | 'sid';

/** Its folder, fetched once (about 20 s and 110 MB). @throws where apt or the mirror cannot give it */
async function debianTree(release: DebianRelease): Promise<string> {
  // Another list of packages is another tree.
  const key = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 8);
  const target = join(cacheFolder(), `debian-${release}-${key}`);
  if (existsSync(target)) return target;
  await mkdir(cacheFolder(), { recursive: true });
  const scratch = await mkdtemp(join(cacheFolder(), '.fetch-'));
  try {
    await Promise.all(['lists', 'archives'].map((name) => mkdir(join(scratch, name, 'partial'), { recursive: true })));
    await writeFile(join(scratch, 'sources.list'), `deb ${await mirror()} ${release} main\n`);
    // Its own state, in which nothing is installed: apt fetches every library too, and the machine's stays untouched.
    const options = [
      `Dir::Etc::sourcelist=${join(scratch, 'sources.list')}`,
      'Dir::Etc::sourceparts=/dev/null',
      'Dir::Etc::preferencesparts=/dev/null',
      `Dir::State::lists=${join(scratch, 'lists')}`,
      'Dir::State::status=/dev/null',
      `Dir::Cache=${scratch}`,
      `Dir::Cache::archives=${join(scratch, 'archives')}`,
      'Acquire::Languages=none',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
      'APT::Sandbox::User=root',
    ].flatMap((option) => ['-o', option]);
    const apt = (...words: string[]) => run('apt-get', [...options, '-q', '-y', ...words], { maxBuffer: 64 << 20 });
    await apt('update');
    await apt('install', '--download-only', '--no-install-recommends', ...packages);
    const tree = join(scratch, 'tree');
    for (const file of (await readdir(join(scratch, 'archives'))).sort(baseFirst)) {
      if (file.endsWith('.deb')) await run('dpkg', ['-x', join(scratch, 'archives', file), tree]);
    }
    // What the packages' own scripts would have done, as far as an engine needs it.
    for (const name of ['iptables', 'ip6tables', 'iptables-restore', 'iptables-save']) {
      const [base, suffix] = name.split('-');
      await symlink(`${base}-nft${suffix === undefined ? '' : `-${suffix}`}`, join(tree, 'usr/sbin', name)).catch(
        () => undefined,
      );
    }
    await writeFile(join(tree, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    // There is no network inside; Podman's name server wants the file nevertheless.
    await writeFile(join(tree, 'etc/resolv.conf'), 'nameserver 127.0.0.1\n');
    await writeFile(join(tree, 'etc/group'), 'root:x:0:\n');
    for (const name of ['etc/docker', 'mnt']) await mkdir(join(tree, name), { recursive: true });
    await rename(tree, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return target;
}

/** The links from /bin to /usr/bin must be there before the first program is. */
function baseFirst(a: string, b: string): number {
  return Number(b.startsWith('base-files_')) - Number(a.startsWith('base-files_'));
}

async function mirror(): Promise<string> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(SITE)'], { maxBuffer: 16 << 20 });
  const sites = stdout.split('\n').filter((line) => line.trim() !== '' && !line.includes('security'));
  if (sites[0] === undefined) throw new Error('apt has no sources on this machine');
  return sites[0];
}

/** Shell lines that make the tree look like a machine of its own; `$folder` is the space's. */
function mounts(tree: string): string {
  return `
    mount --bind "${tree}" "${tree}"
    for part in proc sys dev run; do mkdir -p "${tree}/$part"; mount --rbind "/$part" "${tree}/$part"; done
    mkdir -p "${tree}/tmp" "${tree}/var/lib"
    mount -t tmpfs tmpfs "${tree}/var/lib"
    mount -t tmpfs tmpfs "${tree}/tmp"
    mkdir -p "${tree}$folder"
    mount --rbind "$folder" "${tree}$folder"
  `;
}

/** A chroot would not do: what an engine executes in a container would see through it. */
function inside(tree: string): string[] {
  const enter = 'cd "$1" && shift && pivot_root . mnt && cd / && umount -l /mnt && exec "$@"';
  return ['unshare', '--mount', '--', 'sh', '-c', enter, 'sh', tree];
}

export async function startDebianEngine(release: DebianRelease): Promise<PrivateEngine> {
  const tree = await debianTree(release);
  return startPrivateEngine({ command: [...inside(tree), 'dockerd'], prepare: mounts(tree) });
}

/**
 * Podman's own service, as root, with Podman's own networks. Its health checks are timers of systemd, of which there is
 * none in here: a loop stands in for the clock, and the verdict stays Podman's.
 */
export async function startPodman(release: DebianRelease): Promise<PrivateEngine> {
  const tree = await debianTree(release);
  const podman = (dataRoot: string) => [
    ...inside(tree),
    'podman',
    ...['--root', dataRoot, '--runroot', '/run/podman-run', '--cgroup-manager=cgroupfs', '--runtime=runc'],
  ];
  const engine = await startPrivateEngine({
    prepare: mounts(tree),
    program: ({ socket, dataRoot }) => [...podman(dataRoot), 'system', 'service', '--time=0', `unix://${socket}`],
  });
  const [enter, words] = [inside(tree), podman(engine.dataRoot).slice(inside(tree).length)];
  const clock =
    'while :; do for id in $("$@" ps -q --filter health=starting --filter health=healthy --filter health=unhealthy); do "$@" healthcheck run "$id"; done; sleep 0.5; done';
  engine.run([...enter, 'sh', '-c', clock, 'sh', ...words], join(engine.folder, 'clock.log'));
  return engine;
}
