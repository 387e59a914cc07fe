/** A backup's content in words. */
import type { Backup, BackupEntry } from '../../../shared/model/backup.ts';
import { formatBytes } from '../../../shared/model/bytes.ts';
import { count } from '../../ui/format.ts';

const kinds: Readonly<Record<BackupEntry['kind'], { title: string; one: string }>> = {
  postgres: { title: 'Database', one: 'dump' },
  qdrant: { title: 'Vectors', one: 'snapshot' },
  redis: { title: 'Cache', one: 'dump' },
  config: { title: 'Configuration', one: 'file' },
  secrets: { title: 'Keys', one: 'file' },
};

export interface EntryGroup {
  readonly title: string;
  readonly words: string;
  readonly bytes: number;
}

/** Entries put together by what they are, in a fixed order. */
export function entryGroups(backup: Pick<Backup, 'entries'>): EntryGroup[] {
  return (Object.keys(kinds) as BackupEntry['kind'][]).flatMap((kind) => {
    const entries = backup.entries.filter((entry) => entry.kind === kind);
    if (entries.length === 0) return [];
    const { title, one } = kinds[kind];
    return [{ title, words: count(entries.length, one), bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0) }];
  });
}

/** "4.2 MB, 12 entries, environment dev, made by Quayside 0.1.0" */
export function backupFacts(backup: Backup): string {
  return [
    formatBytes(backup.bytes),
    count(backup.entries.length, 'entry', 'entries'),
    `environment ${backup.environment}`,
    `made by Quayside ${backup.appVersion}`,
  ].join(', ');
}
