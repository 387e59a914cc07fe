/** The journal of operations: one JSON file each, replaced whole at every change, so that a kill never leaves half a record. */
import { mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { operationSchema } from '../../shared/model/operation.ts';

export type Note = Readonly<Record<string, string | number | boolean>>;

const recordSchema = z.object({
  process: z.object({ pid: z.int(), started: z.string() }),
  notes: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
  operation: operationSchema,
});
export type JournalRecord = z.infer<typeof recordSchema>;

export interface Journal {
  /** Replaces the record of this operation. */
  write(record: JournalRecord): Promise<void>;
  /** Every readable record, oldest first. Unreadable files are left where they are and skipped. */
  readAll(): Promise<JournalRecord[]>;
  remove(id: string): Promise<void>;
}

const fileName = /^op-[a-z0-9-]{1,60}\.json$/;

export function openJournal(folder: string): Journal {
  let made: Promise<unknown> | undefined;
  let serial = 0;
  return {
    async write(record) {
      made ??= mkdir(folder, { recursive: true, mode: 0o700 });
      await made;
      const path = join(folder, `${record.operation.id}.json`);
      const temporary = `${path}.${process.pid}-${serial++}.tmp`;
      try {
        await writeFile(temporary, JSON.stringify(record), { mode: 0o600 });
        await rename(temporary, path);
      } catch (error) {
        await unlink(temporary).catch(() => undefined);
        throw error;
      }
    },
    async readAll() {
      const names = await readdir(folder).catch(() => [] as string[]);
      const records = await Promise.all(
        names.filter((name) => fileName.test(name)).map((name) => read(join(folder, name))),
      );
      return records
        .filter((record) => record !== null)
        .sort(
          (a, b) => a.operation.startedAtMs - b.operation.startedAtMs || (a.operation.id < b.operation.id ? -1 : 1),
        );
    },
    async remove(id) {
      await unlink(join(folder, `${id}.json`)).catch(() => undefined);
    },
  };
}

async function read(path: string): Promise<JournalRecord | null> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}
