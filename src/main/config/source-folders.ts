/**
 * Folders of the person that the backend may read: remembered in the environment, given to it as read-only mounts below
 * /sources by a Compose file of their own (`sources.yaml` in the environment's folder). Never talks to an engine.
 */
import { access, mkdir, realpath, rm, rmdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import { writeFileAtomic } from './atomic-file.ts';
import type { Environment } from './environment.ts';
import { readState, updateState } from './environment-state.ts';
import { giveTo } from './owner.ts';

type Home = Pick<Environment, 'root' | 'dataDir' | 'volumesDir' | 'owner'>;

export interface SourceFolder {
  /** Its name below /sources. */
  readonly slug: string;
  /** Where it lies on this machine. */
  readonly path: string;
}

const maxFolders = 200;
const mountRoot = '/sources';

export const mountedAt = (slug: string): string => `${mountRoot}/${slug}`;
const composeFile = (environment: Pick<Environment, 'root'>): string => join(environment.root, 'sources.yaml');

/** Whether `path` is `folder` or lies within it. */
function within(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

const refused = (code: string, title: string, cause: string, label: string): ProblemError =>
  new ProblemError(problem(code, title, cause, { remedies: [{ action: 'advice', label }] }));

/** Whether the containers' user may list a folder. The mount leads past what it lies in. Only Linux shows containers the owners of this machine. */
async function readableByContainers(environment: Pick<Environment, 'owner'>, folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const { uid, gid } = environment.owner;
  const { mode, uid: owner, gid: group } = await stat(folder);
  const bits = owner === uid ? mode >> 6 : group === gid ? mode >> 3 : mode;
  return (bits & 0o5) === 0o5;
}

/**
 * The real folder behind what the person chose.
 * @throws {ProblemError} `folder-missing`, `folder-unreadable`, `folder-too-wide`, `folder-own-data`
 */
export async function checkedFolder(environment: Home, chosen: string, home = homedir()): Promise<string> {
  const asked = resolve(chosen);
  let path: string;
  try {
    path = await realpath(asked);
    if (!(await stat(path)).isDirectory())
      throw refused(
        'folder-missing',
        'This is not a folder',
        `${asked} is a file.`,
        'Choose a folder, or add the file',
      );
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? `There is no folder ${asked}.`
        : `${asked} cannot be opened.`;
    throw refused('folder-missing', 'The folder is not there', why, 'Check the path, then choose it again');
  }
  // A line break cannot be told in a Compose file's mount.
  if (/[\r\n\0]/.test(path))
    throw refused('folder-missing', 'The folder cannot be used', 'Its path holds a line break.', 'Rename it first');
  if (within(path, environment.dataDir) || within(environment.dataDir, path))
    throw refused(
      'folder-own-data',
      'Quayside’s own data lies there',
      `${path} holds, or lies in, the folder where Quayside keeps its data and its secrets.`,
      'Choose another folder',
    );
  const realHome = await realpath(home).catch(() => home);
  const system = ['/dev', '/proc', '/sys', '/run', '/etc', '/boot'];
  if (within(path, realHome) || dirname(path) === path || system.some((one) => within(one, path)))
    throw refused(
      'folder-too-wide',
      'This is too much for a source',
      `${path} is a whole home folder, a whole disk or a part of the system: far more than documents.`,
      'Choose the folder in it that holds the documents',
    );
  if (!(await readableByContainers(environment, path)))
    throw refused(
      'folder-unreadable',
      'The backend may not read this folder',
      `It runs as user ${environment.owner.uid}, who has no permission to list ${path}.`,
      `Give others permission to read it: chmod -R o+rX ${path}`,
    );
  return path;
}

/** A name below /sources: the folder's own, without what a mount cannot hold, and none that is taken. */
function slugFor(path: string, taken: readonly string[]): string {
  const plain = basename(path)
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._ -]+/gu, '-')
    .replace(/^[. -]+|[. ]+$/g, '')
    .slice(0, 60);
  const name = plain === '' ? 'folder' : plain;
  const used = new Set(taken.map((slug) => slug.toLowerCase()));
  for (let n = 1; ; n += 1) {
    const slug = n === 1 ? name : `${name}-${n}`;
    if (!used.has(slug.toLowerCase())) return slug;
  }
}

/** Every folder that is remembered, by slug. */
export async function sourceFolders(environment: Pick<Environment, 'root'>): Promise<SourceFolder[]> {
  const { sources } = await readState(environment);
  return Object.entries(sources).map(([slug, path]) => ({ slug, path }));
}

/**
 * Remembers a folder for the next start. `added` is false where it was remembered before.
 * @param path as checkedFolder answered it
 * @throws {ProblemError} `folders-too-many`
 */
export async function rememberFolder(environment: Home, path: string): Promise<SourceFolder & { added: boolean }> {
  let slug = '';
  let added = false;
  await updateState(environment, (state) => {
    const known = Object.entries(state.sources).find(([, other]) => other === path);
    slug = known?.[0] ?? slugFor(path, Object.keys(state.sources));
    if (known !== undefined) return state;
    if (Object.keys(state.sources).length >= maxFolders)
      throw refused(
        'folders-too-many',
        'Too many folders',
        `The backend can be given ${maxFolders} folders at most.`,
        'Remove a source that is not needed, or add a folder that holds several',
      );
    added = true;
    return { ...state, sources: { ...state.sources, [slug]: path } };
  });
  await writeSourceFolders(environment);
  return { slug, path, added };
}

/** The backend loses it at the next start. */
export async function forgetFolder(environment: Home, slug: string): Promise<void> {
  await updateState(environment, (state) => ({
    ...state,
    sources: Object.fromEntries(Object.entries(state.sources).filter(([other]) => other !== slug)),
  }));
  await writeSourceFolders(environment);
  await rmdir(join(environment.volumesDir, 'sources', slug)).catch(() => undefined);
}

/**
 * Writes sources.yaml for the folders that are there, or takes it away where none is. A folder that is away (a disk
 * that is not plugged in) is not mounted: its sources then say so, and keep their documents. Its place goes with it, for
 * an empty folder there would look like one whose files were all deleted.
 */
export async function writeSourceFolders(environment: Home): Promise<void> {
  const mounts: string[] = [];
  for (const { slug, path } of await sourceFolders(environment)) {
    const place = join(environment.volumesDir, 'sources', slug);
    const there = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!there) {
      await rmdir(place).catch(() => undefined);
      continue;
    }
    await mkdir(place, { recursive: true, mode: 0o700 });
    await giveTo(environment, place);
    // Compose's own escape; JSON is YAML.
    const quoted = (text: string): string => JSON.stringify(text.replaceAll('$', '$$$$'));
    mounts.push(
      `      - type: bind\n        source: ${quoted(path)}\n        target: ${quoted(mountedAt(slug))}\n        read_only: true\n        bind: { create_host_path: false }`,
    );
  }
  const file = composeFile(environment);
  if (mounts.length === 0) {
    await rm(file, { force: true });
    return;
  }
  const head = '# Written by Quayside: folders that knowledge bases keep up with. Changes here are lost.';
  await writeFileAtomic(file, `${head}\nservices:\n  backend:\n    volumes:\n${mounts.join('\n')}\n`);
}

/** The Compose file that writeSourceFolders wrote; null where there is none. */
export async function mountedFoldersFile(environment: Pick<Environment, 'root'>): Promise<string | null> {
  const file = composeFile(environment);
  return access(file).then(
    () => file,
    () => null,
  );
}

/** The folder on this machine behind one as the backend sees it; null where it is none of these. */
export async function folderBehind(environment: Pick<Environment, 'root'>, mounted: string): Promise<string | null> {
  for (const { slug, path } of await sourceFolders(environment)) {
    const place = mountedAt(slug);
    if (mounted === place || mounted.startsWith(`${place}/`)) return `${path}${mounted.slice(place.length)}`;
  }
  return null;
}
