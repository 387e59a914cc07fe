/** Failures of backups, mapped once. */

import { formatBytes } from '../../shared/model/bytes.ts';
import { ProblemError, problem, toProblem } from '../../shared/model/problem.ts';

export function stackNotRunning(missing: readonly string[]): ProblemError {
  return new ProblemError(
    problem(
      'stack-not-running',
      'A backup needs a running stack',
      `The stores are read through their own servers, and ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not running.`,
      {
        remedies: [
          { action: 'start-stack', label: 'Start the stack, then back it up', command: 'bin/quayside up' },
          { action: 'open-page', label: 'Open the stack', page: 'stack' },
        ],
      },
    ),
  );
}

export function backupNotFound(id: string): ProblemError {
  return new ProblemError(
    problem('backup-not-found', 'There is no such backup', `No backup ${id.slice(0, 100)} lies in the folder.`, {
      remedies: [{ action: 'advice', label: 'List the backups', command: 'bin/quayside backup list' }],
    }),
  );
}

export function diskFull(folder: string, need?: { needBytes: number; freeBytes: number }): ProblemError {
  const figures =
    need === undefined
      ? `The disk that holds ${folder} became full while the backup was written.`
      : `The backup may need ${formatBytes(need.needBytes)}, and the disk that holds ${folder} has ${formatBytes(need.freeBytes)} free.`;
  return new ProblemError(
    problem('disk-full', 'There is no room for the backup', `${figures} No half archive was left behind.`, {
      remedies: [
        { action: 'free-space', label: `Free space on the disk that holds ${folder}` },
        { action: 'retry', label: 'Back up again' },
      ],
    }),
  );
}

/** A store that could not be read: nothing of the archive is kept. */
export function storeFailed(service: string, cause: string, evidence: readonly string[] = []): ProblemError {
  return new ProblemError(
    problem('backup-store-failed', `${service} could not be backed up`, cause, {
      service,
      evidence,
      remedies: [
        { action: 'retry', label: 'Back up again' },
        { action: 'open-page', label: `Look at the logs of ${service}`, page: 'logs' },
      ],
    }),
  );
}

export function notWhole(id: string, cause: string): ProblemError {
  return new ProblemError(
    problem('backup-damaged', 'The backup is damaged', `${id} is not what was written: ${cause}.`, {
      evidence: [cause],
      remedies: [
        { action: 'advice', label: 'Keep the file, do not rely on it, and make a new backup now' },
        { action: 'advice', label: 'Copy it anew if this is a copy of a file kept elsewhere' },
      ],
    }),
  );
}

/** Maps what the file system says while an archive is written. */
export function writeProblem(error: unknown, folder: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(folder);
  if (error instanceof ProblemError) return error;
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return new ProblemError(
      problem('backup-folder', 'The backup folder cannot be written to', `${folder}: ${toProblem(error).cause}`, {
        remedies: [{ action: 'advice', label: `Make ${folder} writable for you` }],
      }),
    );
  }
  return error;
}
