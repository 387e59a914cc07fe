/** Folders that the backend may read: only what was mounted for it, and of that only plain files. */
import { constants } from 'node:fs';
import { open, opendir, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { formatByExtension } from '../extract/formats.ts';
import { BackendProblem } from '../http/problem.ts';

export interface FoundFile {
  readonly size: number;
  readonly modifiedMs: number;
}
/** By path within the folder, with `/` between its parts. */
export type FoundFiles = ReadonlyMap<string, FoundFile>;

const maxDepth = 24;
export const maxFiles = 50_000;

const within = (root: string, path: string): boolean => {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
};

/**
 * The real folder behind a path, if one of the roots holds it. A link that leads out of the roots is outside.
 * @param path from the root of the file system, or from the first root
 * @throws {BackendProblem} `folder-not-allowed`, `source-unavailable`
 */
export async function allowedFolder(path: string, roots: readonly string[]): Promise<string> {
  const outside = (): BackendProblem =>
    new BackendProblem('folder-not-allowed', 'The folder is not in one that the backend was given to read.');
  const [first] = roots;
  if (first === undefined || path.includes('\0')) throw outside();
  const wanted = resolve(first, path);
  // Before asking the file system, so that nobody learns what there is elsewhere.
  if (!roots.some((root) => within(resolve(root), wanted))) throw outside();
  let real: string;
  try {
    real = await realpath(wanted);
    await (await opendir(real)).close();
  } catch (error) {
    throw new BackendProblem('source-unavailable', 'The folder is not there, or cannot be opened.', { cause: error });
  }
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => null)));
  if (!realRoots.some((root) => root !== null && within(root, real))) throw outside();
  return real;
}

/** Names that editors and systems make for themselves. */
export const isHidden = (name: string): boolean => name.startsWith('.') || name.startsWith('~$');

/**
 * All files below a folder that could be read, by their extension. Links are not followed.
 * @throws {BackendProblem} `resource-limit`, `source-unavailable`
 */
export async function scanFolder(
  root: string,
  signal: AbortSignal,
): Promise<{ files: Map<string, FoundFile>; ignored: number }> {
  const files = new Map<string, FoundFile>();
  let ignored = 0;
  const walk = async (folder: string, prefix: string, depth: number): Promise<void> => {
    signal.throwIfAborted();
    for await (const entry of await opendir(folder)) {
      if (isHidden(entry.name)) continue;
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      if (entry.isDirectory()) {
        if (depth < maxDepth) await walk(join(folder, entry.name), path, depth + 1);
        continue;
      }
      const extension = /\.([A-Za-z0-9]{1,8})$/.exec(entry.name)?.[1]?.toLowerCase() ?? '';
      if (!entry.isFile() || formatByExtension(extension) === undefined) {
        ignored += 1;
        continue;
      }
      const found = await statOf(join(folder, entry.name));
      if (found !== null) files.set(path, found);
      if (files.size > maxFiles)
        throw new BackendProblem(
          'resource-limit',
          `The folder holds more than ${maxFiles.toLocaleString('en')} files.`,
        );
    }
  };
  try {
    await walk(root, '', 0);
  } catch (error) {
    if (error instanceof BackendProblem || signal.aborted) throw error;
    throw new BackendProblem('source-unavailable', 'A part of the folder cannot be read.', { cause: error });
  }
  return { files, ignored };
}

async function statOf(path: string): Promise<FoundFile | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size, mtimeMs } = await file.stat();
      return { size, modifiedMs: Math.floor(mtimeMs) };
    } finally {
      await file.close();
    }
  } catch {
    // Gone meanwhile, a link, or not ours to read: like a file that is not there.
    return null;
  }
}

/** @throws {BackendProblem} `file-too-large`; null when the file is gone meanwhile */
export async function readFileWithin(root: string, path: string, maxBytes: number): Promise<Buffer | null> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(join(root, ...path.split('/')), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return null;
    if (stat.size > maxBytes)
      throw new BackendProblem('file-too-large', `The file is larger than ${Math.round(maxBytes / 1024 / 1024)} MB.`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
