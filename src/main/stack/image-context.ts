/** The files an image is built from: which they are, the hash that names the image, and the tar the engine gets. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import { parseIgnore } from '../compose/build-ignore.ts';

export interface ContextFile {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly executable: boolean;
  readonly bytes: Buffer;
}

/** A context larger than this holds something that does not belong there. */
const maxContextBytes = 64 * 1024 * 1024;

/**
 * Reads a build context, sorted by path, without what its .dockerignore leaves out. Links and sockets are passed over.
 * @throws {ProblemError} `image-recipe` when the folder or its Dockerfile cannot be read, or it is larger than 64 MiB.
 */
export async function readContext(folder: string): Promise<ContextFile[]> {
  try {
    const ignore = parseIgnore(await readFile(join(folder, '.dockerignore'), 'utf8').catch(() => ''));
    const files: ContextFile[] = [];
    let total = 0;
    const walk = async (below: string): Promise<void> => {
      for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
        const path = below === '' ? entry.name : `${below}/${entry.name}`;
        if (entry.isDirectory()) {
          if (!ignore.ignores(path) || ignore.mayHoldWanted(path)) await walk(path);
        } else if (entry.isFile() && (path === 'Dockerfile' || !ignore.ignores(path))) {
          const bytes = await readFile(join(folder, path));
          total += bytes.length;
          if (total > maxContextBytes) throw new Error(`it holds more than ${maxContextBytes / 1024 / 1024} MiB`);
          // Not the file's own mode: a checkout on Windows has none, and a umask changes it.
          files.push({ path, executable: bytes.subarray(0, 2).toString('latin1') === '#!', bytes });
        }
      }
    };
    await walk('');
    if (!files.some((file) => file.path === 'Dockerfile')) throw new Error('there is no Dockerfile in it');
    return files.sort((a, b) => (a.path < b.path ? -1 : 1));
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new ProblemError(
      problem('image-recipe', 'A recipe of an image cannot be read', `The folder ${folder} is not usable: ${cause}.`, {
        remedies: [{ action: 'advice', label: 'Install Quayside again: its own files are damaged or missing' }],
      }),
      { cause: error },
    );
  }
}

/** SHA-256 over paths, modes, contents and build arguments: equal exactly when the same image would be built. */
export function contextHash(files: readonly ContextFile[], buildArgs: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  // Each part carries its length, so that no two different contexts run together to the same bytes.
  const add = (part: string | Buffer) => {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    hash.update(`${bytes.length}:`).update(bytes);
  };
  for (const file of files) {
    add(file.path);
    add(file.executable ? '755' : '644');
    add(file.bytes);
  }
  for (const [name, value] of Object.entries(buildArgs).sort(([a], [b]) => (a < b ? -1 : 1))) {
    add(name);
    add(value);
  }
  return hash.digest('hex');
}

/** The same tar for the same files, always: no times, no owners. `extra` files are not part of the hash. */
export function packContext(files: readonly ContextFile[], extra: readonly ContextFile[] = []): Readable {
  const tar = pack();
  const mtime = new Date(0);
  const folders = new Set<string>();
  for (const file of [...files, ...extra]) {
    const parts = file.path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) folders.add(parts.slice(0, depth).join('/'));
  }
  for (const name of [...folders].sort()) tar.entry({ name: `${name}/`, type: 'directory', mode: 0o755, mtime });
  for (const file of [...files, ...extra]) {
    tar.entry({ name: file.path, mode: file.executable ? 0o755 : 0o644, mtime }, file.bytes);
  }
  tar.finalize();
  // tar-stream's own stream is of another make than Node's.
  return Readable.from(tar);
}
