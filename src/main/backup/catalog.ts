/** The backups of a folder, told from the archives themselves: a lost catalogue can lose nothing. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backup } from '../../shared/model/backup.ts';
import { extension, idPattern, type Manifest } from './archive-format.ts';
import { openArchive } from './archive-reader.ts';
import { readVerdict } from './verdict.ts';

const maxListed = 1000;

export function archivePath(folder: string, id: string): string {
  return join(folder, `${id}${extension}`);
}

/** Newest first. A file that is no whole backup is listed too, with the reason: a person must be able to see it. */
export async function listBackups(folder: string): Promise<Backup[]> {
  const ids = (await readdir(folder))
    .filter((name) => name.endsWith(extension))
    .map((name) => name.slice(0, -extension.length))
    .filter((id) => idPattern.test(id))
    .sort()
    .reverse()
    .slice(0, maxListed);
  const backups: Backup[] = [];
  for (const id of ids) {
    const backup = await readBackup(folder, id);
    if (backup !== null) backups.push(backup);
  }
  return backups;
}

/** null when there is no such file (any more). */
export async function readBackup(folder: string, id: string): Promise<Backup | null> {
  const path = archivePath(folder, id);
  const stat = await lstat(path).catch(() => null);
  if (stat === null) return null;
  const base = { id, fileName: `${id}${extension}`, bytes: stat.size };
  try {
    const manifest = await readManifest(path);
    if (manifest.id !== id) throw new Error(`it was written as ${manifest.id}`);
    return {
      ...base,
      atMs: manifest.atMs,
      environment: manifest.environment,
      appVersion: manifest.appVersion,
      entries: manifest.entries.map(({ name, kind, bytes, sha256 }) => ({ name, kind, bytes, sha256 })),
      notes: manifest.notes,
      verified: await readVerdict(path, { bytes: stat.size, changedAtMs: stat.mtimeMs }),
    };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    const detail = `It cannot be read as a backup: ${cause}.`.slice(0, 500);
    return {
      ...base,
      atMs: stat.mtimeMs,
      environment: '',
      appVersion: '',
      entries: [],
      notes: [detail],
      verified: { atMs: stat.mtimeMs, ok: false, detail },
    };
  }
}

async function readManifest(path: string): Promise<Manifest> {
  const archive = await openArchive(path);
  try {
    const { manifest } = await archive.summary();
    const last = manifest.entries.reduce((sum, entry) => sum + entry.bytes, 0);
    if (last > archive.bytes) throw new Error('it is cut off');
    return manifest;
  } finally {
    await archive.close();
  }
}
