/**
 * The context of a build as a tar that is made while it is sent: one file open at a time, whatever the context's size.
 * Modes and times as they are, owned by root as Docker sends them; links as links; sockets, pipes and devices are
 * passed over. What .dockerignore (or `<Dockerfile>.dockerignore`, which goes before it) leaves out is not read.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { type Pack, pack } from 'tar-stream';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import { type Ignore, IgnoreSyntaxError, parseIgnore } from './build-ignore.ts';

export interface ContextSource {
  readonly service: string;
  /** Absolute. */
  readonly folder: string;
  /** Absolute; null where the text is given. */
  readonly dockerfile: string | null;
  readonly inline?: string;
}

export interface BuildContext {
  readonly dockerfileText: string;
  /** Within the tar. */
  readonly dockerfile: string;
  /** An uncompressed tar. It fails with a ProblemError. To be read or destroyed. */
  open(): Readable;
}

const maxDockerfileBytes = 1024 * 1024;
const chunkBytes = 256 * 1024;

/**
 * Looks at the folder, the Dockerfile and what is to be left out; reads nothing else yet.
 * @throws {ProblemError} `build-context-missing`, `dockerfile-missing`, `dockerignore-invalid`, `build-context-unreadable`
 */
export async function readBuildContext(source: ContextSource): Promise<BuildContext> {
  const { service, folder } = source;
  const isFolder = await stat(folder).then(
    (facts) => facts.isDirectory(),
    () => null,
  );
  if (isFolder !== true) {
    throw contextMissing(service, folder, isFolder === null ? 'there is no such folder' : 'it is not a folder');
  }

  const dockerfileText = await dockerfileOf(source);
  const inside = await pathInside(source);
  const specific = source.dockerfile === null ? null : await textOf(`${source.dockerfile}.dockerignore`, service);
  const shared = await textOf(join(folder, '.dockerignore'), service);
  const ignoreFile = specific === null ? join(folder, '.dockerignore') : `${source.dockerfile}.dockerignore`;
  const ignore = ignoreIn(specific ?? shared ?? '', ignoreFile, service);

  const hash = createHash('sha256').update(dockerfileText).digest('hex').slice(0, 12);
  const dockerfile = inside ?? `.dockerfile.${hash}`;
  // The engine needs these files; it takes those out of the context again which the .dockerignore it is sent names.
  const removed: string[] = [];
  if (inside === null || ignore.ignores(inside)) removed.push(dockerfile);
  if (shared === null ? removed.length > 0 : ignore.ignores('.dockerignore')) removed.push('.dockerignore');
  const planted = new Map<string, string>();
  if (removed.length > 0) {
    const own = specific === null && shared !== null ? `${shared}\n` : '';
    planted.set('.dockerignore', `${own}${removed.join('\n')}\n`);
  }
  if (removed.includes(dockerfile)) planted.set(dockerfile, dockerfileText);

  return {
    dockerfileText,
    dockerfile,
    open() {
      const tar = pack();
      const closed = new AbortController();
      tar.once('close', () => closed.abort());
      fill(tar, source, ignore, planted, closed.signal).catch((error: unknown) => {
        // Given up by its reader: nobody is left to hear of it.
        if (!closed.signal.aborted) tar.destroy(error instanceof Error ? error : new Error(String(error)));
      });
      // tar-stream's own stream is of another make than Node's.
      return Readable.from(tar, { objectMode: false, highWaterMark: chunkBytes });
    },
  };
}

async function dockerfileOf({ service, dockerfile, inline }: ContextSource): Promise<string> {
  if (dockerfile === null) return inline ?? '';
  let handle: FileHandle | undefined;
  try {
    handle = await open(dockerfile);
    const { size } = await handle.stat();
    if (size > maxDockerfileBytes) throw new Error('it is larger than 1 MiB');
    return await handle.readFile('utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : message(error);
    throw new ProblemError(
      problem('dockerfile-missing', `The Dockerfile of ${service} cannot be read`, `${dockerfile}: ${why}.`, {
        remedies: [{ action: 'advice', label: 'Name the right one under `build.dockerfile`, from the context on' }],
        service,
      }),
      { cause: error },
    );
  } finally {
    await handle?.close();
  }
}

/** The Dockerfile's path within the context; null when it lies outside of it, also by way of a link. */
async function pathInside({ folder, dockerfile }: ContextSource): Promise<string | null> {
  if (dockerfile === null) return null;
  const [from, real] = [await realpath(folder), await realpath(dockerfile)];
  const plain = relative(folder, dockerfile);
  const outside = (path: string) => path === '' || path === '..' || path.startsWith(`..${sep}`) || path.includes(':');
  return outside(relative(from, real)) || outside(plain) ? null : plain.split(sep).join('/');
}

async function textOf(path: string, service: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw unreadable(path, service, error);
  }
}

function ignoreIn(text: string, file: string, service: string): Ignore {
  try {
    return parseIgnore(text);
  } catch (error) {
    if (!(error instanceof IgnoreSyntaxError)) throw error;
    throw new ProblemError(
      problem(
        'dockerignore-invalid',
        `The build of ${service} has a broken .dockerignore`,
        `${file}: ${error.message}.`,
        {
          evidence: [`${file}:${error.line}`, text.split(/\r?\n/)[error.line - 1] ?? ''],
          remedies: [{ action: 'advice', label: `Mend line ${error.line} of ${file}` }],
          service,
        },
      ),
      { cause: error },
    );
  }
}

/** Writes the whole context; each entry waits until the one before has been taken. */
async function fill(
  tar: Pack,
  source: ContextSource,
  ignore: Ignore,
  planted: ReadonlyMap<string, string>,
  closed: AbortSignal,
): Promise<void> {
  const { folder, service } = source;
  const written = new Set<string>();
  const root = { uid: 0, gid: 0 };
  for (const [name, text] of planted) tar.entry({ name, mode: 0o644, mtime: new Date(0), ...root }, text);

  async function walk(below: string, left: boolean): Promise<void> {
    let names: string[];
    try {
      names = (await readdir(join(folder, below))).sort();
    } catch (error) {
      throw unreadable(join(folder, below), service, error);
    }
    for (const name of names) {
      closed.throwIfAborted();
      const path = below === '' ? name : `${below}/${name}`;
      if (planted.has(path)) continue;
      await add(path, left);
    }
  }

  /** `left`: a folder above is left out, and only what a later pattern takes back is sent. */
  async function add(path: string, left: boolean): Promise<void> {
    const full = join(folder, path);
    const ignored = ignore.ignores(path);
    if (ignored && !ignore.mayHoldWanted(path)) return;
    const facts = await lstat(full).catch((error: unknown) => {
      throw changed(full, service, error);
    });
    const header = { name: path, mode: facts.mode & 0o7777, mtime: facts.mtime, ...root };
    if (facts.isDirectory()) {
      if (!ignored) await folders(path);
      await walk(path, left || ignored);
      return;
    }
    if (ignored) return;
    if (facts.isSymbolicLink()) {
      await folders(parent(path));
      tar.entry({ ...header, type: 'symlink', linkname: await readlink(full) });
    } else if (facts.isFile()) {
      await folders(parent(path));
      await sendFile(tar, header, full, service, closed);
    }
  }

  /** A folder stands in the tar before what it holds, also one that is only kept for a file in it. */
  async function folders(path: string): Promise<void> {
    if (path === '' || written.has(path)) return;
    await folders(parent(path));
    written.add(path);
    const facts = await lstat(join(folder, path));
    tar.entry({ name: `${path}/`, type: 'directory', mode: facts.mode & 0o7777, mtime: facts.mtime, ...root });
  }

  await walk('', false);
  tar.finalize();
}

function parent(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}

async function sendFile(
  tar: Pack,
  header: { readonly name: string; readonly mode: number },
  path: string,
  service: string,
  closed: AbortSignal,
): Promise<void> {
  let handle: FileHandle | undefined;
  let finish: (error?: Error | null) => void = () => undefined;
  const giveUp = () => finish(new Error('the tar was given up'));
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
      throw unreadable(path, service, error);
    });
    const before = await handle.stat();
    const taken = new Promise<void>((resolve, reject) => {
      finish = (error) => (error ? reject(error) : resolve(undefined));
    });
    // Whoever waits below hears of it; when the tar is given up before that, nobody needs to.
    taken.catch(() => undefined);
    const sink = tar.entry({ ...header, size: before.size }, (error) => finish(error));
    // Its end is the tar's own, which is told there.
    sink.on('error', () => undefined);
    closed.addEventListener('abort', giveUp, { once: true });
    for (let left = before.size; left > 0; ) {
      closed.throwIfAborted();
      const chunk = Buffer.allocUnsafe(Math.min(left, chunkBytes));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length);
      if (bytesRead === 0) throw changed(path, service);
      left -= bytesRead;
      if (!sink.write(chunk.subarray(0, bytesRead))) await once(sink, 'drain', { signal: closed });
    }
    const after = await handle.stat();
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) throw changed(path, service);
    sink.end(undefined);
    closed.throwIfAborted();
    await taken;
  } finally {
    closed.removeEventListener('abort', giveUp);
    await handle?.close();
  }
}

function contextMissing(service: string, folder: string, why: string): ProblemError {
  return new ProblemError(
    problem('build-context-missing', `${service} cannot be built`, `Its context ${folder} is not usable: ${why}.`, {
      remedies: [{ action: 'advice', label: 'Name the right folder under `build.context`' }],
      service,
    }),
  );
}

function unreadable(path: string, service: string, cause: unknown): ProblemError {
  return new ProblemError(
    problem('build-context-unreadable', `${service} cannot be built`, `${path} cannot be read: ${message(cause)}.`, {
      remedies: [{ action: 'advice', label: 'Let this account read it, or name it in .dockerignore' }],
      service,
    }),
    { cause },
  );
}

function changed(path: string, service: string, cause?: unknown): ProblemError {
  return new ProblemError(
    problem('build-context-changed', `${service} was not built`, `${path} changed while it was sent to the engine.`, {
      remedies: [
        { action: 'retry', label: 'Try again' },
        { action: 'advice', label: 'Name files that always change in .dockerignore' },
      ],
      service,
    }),
    { cause },
  );
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
