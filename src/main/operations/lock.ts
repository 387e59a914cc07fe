/** One holder at a time on a data folder, across processes: a file that names its holder, taken over only when that process is gone. */
import { randomBytes } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { isAlive, ownProcess } from './process-identity.ts';

/** Between two looks at a takeover that someone else is at. */
const retryMs = 10;

const holderSchema = z.object({
  pid: z.int(),
  started: z.string(),
  operationId: z.string(),
  title: z.string(),
  sinceMs: z.number(),
});
export type LockHolder = z.infer<typeof holderSchema>;

export type LockAttempt =
  | { readonly taken: true; release(): Promise<void> }
  | { readonly taken: false; readonly holder: LockHolder };

/** Takes the lock or answers who holds it. A lock left by a process that is gone (or an unreadable one) is taken over. */
export async function takeLock(path: string, operationId: string, title: string): Promise<LockAttempt> {
  const holder: LockHolder = { ...(await ownProcess()), operationId, title, sinceMs: Date.now() };
  const text = JSON.stringify(holder);
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await createWhole(path, text)) return { taken: true, release: () => releaseOwn(path, text) };
    const found = await readText(path);
    if (found === null) continue;
    const other = parseHolder(found);
    if (other !== null && (await isAlive(other))) return { taken: false, holder: other };
    await removeStale(path, found, text);
  }
  throw new Error(`The lock ${path} could not be taken: it keeps changing hands.`);
}

/** A link appears with its whole content or not at all, and fails where one exists: a plain exclusive create could be read half-written. */
async function createWhole(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return false;
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS' || code === 'EINVAL')
      return createPlain(path, text);
    throw error;
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

/** For file systems without hard links. */
async function createPlain(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a stale lock. Only who holds the takeover file may, so that nobody removes the lock of someone who took over
 * a moment before: between reading and removing, a stale file can be replaced by no one else.
 */
async function removeStale(path: string, stale: string, ownText: string): Promise<void> {
  const takeover = `${path}.takeover`;
  if (await createWhole(takeover, ownText)) {
    try {
      if ((await readText(path)) === stale) await unlink(path);
    } finally {
      await unlink(takeover).catch(() => undefined);
    }
    return;
  }
  const found = await readText(takeover);
  const other = found === null ? null : parseHolder(found);
  // Left by a process that was killed between the two removals above.
  if (found !== null && (other === null || !(await isAlive(other)))) await unlink(takeover).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, retryMs));
}

async function releaseOwn(path: string, text: string): Promise<void> {
  if ((await readText(path)) === text) await unlink(path).catch(() => undefined);
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

function parseHolder(text: string): LockHolder | null {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
