/** Checks one archive: every byte recomputed, and each database dump read to its end by PostgreSQL's own tool. */
import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { formatBytes } from '../../shared/model/bytes.ts';
import { ProblemError } from '../../shared/model/problem.ts';
import type { OperationContext, StepHandle } from '../operations/operation-runner.ts';
import { type CheckedEntry, checkArchive } from './archive-check.ts';
import { type ArchiveFile, openArchive } from './archive-reader.ts';
import { notWhole } from './backup-problems.ts';
import { putContainerFile, spoolPath } from './container-file.ts';
import type { StoreContainer } from './ports.ts';
import { writeVerdict } from './verdict.ts';

/** Where compose.yaml gives PostgreSQL a folder to read a dump from. */
const spoolFolder = '/spool';

/**
 * Answers the outcome sentence and keeps the verdict beside the archive, good or bad.
 * @throws {ProblemError} `backup-damaged`, naming the entry at fault.
 */
export async function verifyBackup(
  archive: { id: string; path: string },
  postgres: StoreContainer | null,
  context: OperationContext,
): Promise<string> {
  const { id, path } = archive;
  const { signal } = context;
  const bytesStep = context.step('bytes', 'Recompute every size and checksum');
  const dumpStep = context.step('dumps', 'Let PostgreSQL read each dump to its end');
  const before = await stat(path);
  const file = { bytes: before.size, changedAtMs: before.mtimeMs };
  const verdict = (ok: boolean, detail: string) => writeVerdict(path, { atMs: Date.now(), ok, detail, file });
  let opened: ArchiveFile | null = null;
  try {
    opened = await openArchive(path);
    bytesStep.start();
    const { bytes } = opened;
    const { manifest, entries } = await checkArchive(
      opened,
      (done) => bytesStep.progress({ done, total: bytes, unit: 'bytes' }),
      signal,
    );
    bytesStep.done(`${manifest.entries.length} entries, ${formatBytes(bytes)}`);
    const dumps = entries.filter((entry) => /^postgres\/.*\.dump$/.test(entry.name));
    const read = await readDumps(opened, id, dumps, postgres, dumpStep, signal);
    const detail = `${manifest.entries.length} entries, ${formatBytes(bytes)}: every size and checksum is right. ${read}`;
    await verdict(true, detail);
    return detail;
  } catch (error) {
    if (signal.aborted) throw error;
    // An engine that does not answer says nothing about the archive.
    if (error instanceof ProblemError && error.problem.code !== 'backup-damaged') throw error;
    const damage =
      error instanceof ProblemError ? error : notWhole(id, error instanceof Error ? error.message : String(error));
    await verdict(false, damage.problem.cause);
    throw damage;
  } finally {
    await opened?.close();
  }
}

async function readDumps(
  archive: ArchiveFile,
  id: string,
  dumps: readonly CheckedEntry[],
  postgres: StoreContainer | null,
  step: StepHandle,
  signal: AbortSignal,
): Promise<string> {
  if (dumps.length === 0) {
    step.skip('There is no dump in it');
    return 'It holds no database.';
  }
  if (postgres === null || !(await hasSpool(postgres))) {
    step.skip('PostgreSQL is not running');
    return 'PostgreSQL was not running to read the dumps.';
  }
  step.start();
  let done = 0;
  for (const dump of dumps) {
    step.detail(dump.name);
    await readDump(archive, id, dump, postgres, signal);
    done += 1;
    step.progress({ done, total: dumps.length, unit: 'items' });
  }
  step.done(`${dumps.length} read`);
  return `PostgreSQL read ${dumps.length === 1 ? 'its dump' : `all ${dumps.length} dumps`} to the end.`;
}

async function readDump(
  archive: ArchiveFile,
  id: string,
  dump: CheckedEntry,
  postgres: StoreContainer,
  signal: AbortSignal,
): Promise<void> {
  const { engine, containerId, owner } = postgres;
  const path = spoolPath(spoolFolder, id, dump.name);
  const ids = await engine.exec(containerId, owner, { cmd: ['sh', '-c', 'id -u; id -g'] }, { signal });
  const [uid = 0, gid = 0] = ids.stdout.trim().split('\n').map(Number);
  const content = archive.content(dump.offset, dump.bytes);
  try {
    const file = { folder: spoolFolder, name: posix.basename(path), bytes: dump.bytes, uid, gid, content };
    await putContainerFile(postgres, file, signal);
    // Only a full read finds a dump that is cut short: `pg_restore --list` accepts one cut in half.
    const cmd = ['pg_restore', '--file=/dev/null', path];
    const { exitCode, stderr } = await engine.exec(containerId, owner, { cmd }, { signal });
    if (exitCode !== 0) throw notWhole(id, `PostgreSQL cannot read ${dump.name} (${stderr.trim().slice(0, 500)})`);
  } finally {
    await engine.exec(containerId, owner, { cmd: ['rm', '-f', path] }).catch(() => undefined);
  }
}

async function hasSpool({ engine, containerId, owner }: StoreContainer): Promise<boolean> {
  const { exitCode } = await engine.exec(containerId, owner, {
    cmd: ['test', '-d', spoolFolder, '-a', '-w', spoolFolder],
  });
  return exitCode === 0;
}
