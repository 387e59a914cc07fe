/** One backup from its first byte to its final name. Either a whole, checked archive is there in the end, or nothing. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat, statfs } from 'node:fs/promises';
import { formatBytes } from '../../shared/model/bytes.ts';
import { ProblemError } from '../../shared/model/problem.ts';
import type { Environment } from '../config/environment.ts';
import type { OperationContext, StepHandle } from '../operations/operation-runner.ts';
import { checkArchive } from './archive-check.ts';
import { newId, partialSuffix } from './archive-format.ts';
import { openArchive } from './archive-reader.ts';
import { type ArchiveWriter, createArchive } from './archive-writer.ts';
import { diskFull, notWhole, writeProblem } from './backup-problems.ts';
import { archivePath } from './catalog.ts';
import { backUpConfig, secretsNote } from './config-store.ts';
import { openLeftovers, removePartials } from './leftovers.ts';
import type { StoreContainer } from './ports.ts';
import { backUpPostgres, listDatabases } from './postgres-store.ts';
import { backUpQdrant, removeLeftSnapshots } from './qdrant-store.ts';
import { backUpRedis } from './redis-store.ts';
import { writeVerdict } from './verdict.ts';

/** Room beside the estimate for what is small and what grows meanwhile. */
const spareBytes = 16 * 1024 * 1024;

export interface BackupRun {
  readonly environment: Environment;
  readonly appVersion: string;
  readonly stores: Readonly<Record<'postgres' | 'qdrant' | 'redis', StoreContainer | null>>;
  /** Free bytes of the file system a folder is on. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** Answers the outcome sentence. On failure or cancel nothing of the archive is left, and no snapshot on a server. */
export async function createBackup(run: BackupRun, context: OperationContext): Promise<string> {
  const { environment, stores } = run;
  const { signal } = context;
  const folder = environment.backupsDir;
  const leftovers = openLeftovers(folder);
  const prepare = context.step('prepare', 'Look at what there is and at the room for it');
  const steps = {
    postgres: context.step('store/postgres', 'PostgreSQL', { service: 'postgres' }),
    qdrant: context.step('store/qdrant', 'Qdrant', { service: 'qdrant' }),
    redis: context.step('store/redis', 'Redis', { service: 'redis' }),
  };
  const config = context.step('config', 'Configuration');
  const check = context.step('check', 'Read the archive back');

  prepare.start();
  await removePartials(folder);
  const databases = stores.postgres === null ? null : await listDatabases(stores.postgres, signal);
  const needBytes = spareBytes + (databases?.bytes ?? 0) / 2 + (await storeBytes(stores, signal));
  const freeBytes = await (run.freeBytes ?? freeBytesOf)(folder);
  if (freeBytes < needBytes) throw diskFull(folder, { needBytes, freeBytes });
  prepare.done(`${formatBytes(freeBytes)} free`);

  const atMs = Date.now();
  const id = newId(atMs, randomBytes(3).toString('hex'));
  const finalPath = archivePath(folder, id);
  const partialPath = `${finalPath}${partialSuffix}`;
  await context.note({ partial: partialPath });
  let archive: ArchiveWriter | null = null;
  try {
    archive = await createArchive(partialPath, {
      id,
      atMs,
      environment: environment.name,
      project: environment.project,
      appVersion: run.appVersion,
    });
    const open = archive;
    const notes = [secretsNote];
    const store = async (
      name: keyof typeof steps,
      body: (container: StoreContainer, step: StepHandle) => Promise<void>,
    ) => {
      const container = stores[name];
      if (container === null) {
        notes.push(`This stack has no ${name}.`);
        steps[name].skip('Not part of this stack');
        return;
      }
      steps[name].start();
      await body(container, steps[name]);
      steps[name].done();
    };
    // The database first: a vector without its row is harmless, a row without its vector is not.
    await store('postgres', async (container, step) => {
      if (databases === null) return;
      await backUpPostgres(
        container,
        databases,
        open,
        (bytes, detail) => {
          step.detail(detail);
          step.progress({ done: bytes, total: null, unit: 'bytes' });
        },
        signal,
      );
    });
    await store('qdrant', (container, step) =>
      backUpQdrant(
        container,
        open,
        leftovers,
        (bytes, total, detail) => {
          step.detail(detail);
          step.progress({ done: bytes, total, unit: 'bytes' });
        },
        signal,
      ),
    );
    await store('redis', (container, step) =>
      backUpRedis(container, open, (bytes, total) => step.progress({ done: bytes, total, unit: 'bytes' }), signal),
    );
    config.start();
    config.done(`${await backUpConfig(environment, archive)} files`);
    signal.throwIfAborted();

    check.start();
    const manifest = await archive.finish(notes);
    await archive.close();
    const bytes = await readBack(partialPath, id, check, signal);
    await rename(partialPath, finalPath);
    await syncFolder(folder);
    const file = await stat(finalPath);
    await writeVerdict(finalPath, {
      atMs: Date.now(),
      ok: true,
      detail: `Read back after it was written: ${manifest.entries.length} entries, ${formatBytes(bytes)}.`,
      file: { bytes: file.size, changedAtMs: file.mtimeMs },
    });
    check.done();
    return `${id}: ${manifest.entries.length} entries, ${formatBytes(bytes)}`;
  } catch (error) {
    await archive?.close().catch(() => undefined);
    await rm(partialPath, { force: true });
    // Best effort, and noted on disk for the next run where it fails.
    if (stores.qdrant !== null) await removeLeftSnapshots(stores.qdrant, leftovers).catch(() => undefined);
    throw writeProblem(error, folder);
  }
}

async function readBack(path: string, id: string, step: StepHandle, signal: AbortSignal): Promise<number> {
  const archive = await openArchive(path);
  try {
    await checkArchive(archive, (done) => step.progress({ done, total: archive.bytes, unit: 'bytes' }), signal);
    return archive.bytes;
  } catch (error) {
    if (signal.aborted || error instanceof ProblemError) throw error;
    throw notWhole(id, error instanceof Error ? error.message : String(error));
  } finally {
    await archive.close();
  }
}

/** What Qdrant and Redis keep on their disks, as an upper bound of their snapshots; 0 where nobody can say. */
async function storeBytes(stores: BackupRun['stores'], signal: AbortSignal): Promise<number> {
  let bytes = 0;
  for (const [store, path] of [
    [stores.qdrant, '/qdrant/storage'],
    [stores.redis, '/data'],
  ] as const) {
    if (store === null) continue;
    const answer = await store.engine.exec(store.containerId, store.owner, { cmd: ['du', '-sk', path] }, { signal });
    bytes += 1024 * (Number.parseInt(answer.stdout, 10) || 0);
  }
  return bytes;
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** A rename survives a power cut only once the folder is on the disk too. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
