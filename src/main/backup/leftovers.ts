/**
 * What a run must clear away when it is over, on disk before it is made: a panel that was killed in the middle leaves
 * its note, and the next run clears it.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../config/atomic-file.ts';
import { extension, partialSuffix } from './archive-format.ts';

const noteSchema = z.array(
  z.strictObject({
    collection: z.string().max(255),
    /** The snapshots that were there before ours, which are not ours to remove. */
    known: z.array(z.string().max(300)).max(10_000),
  }),
);
type Note = z.infer<typeof noteSchema>[number];

export interface Leftovers {
  list(): Promise<readonly Note[]>;
  add(note: Note): Promise<void>;
  remove(collection: string): Promise<void>;
}

/** Only the run that holds the stack's lock may use it. */
export function openLeftovers(folder: string): Leftovers {
  const path = join(folder, '.snapshots.json');
  const list = async (): Promise<Note[]> => {
    const text = await readFile(path, 'utf8').catch(() => '[]');
    try {
      return noteSchema.parse(JSON.parse(text));
    } catch {
      return [];
    }
  };
  const write = async (notes: readonly Note[]): Promise<void> => {
    if (notes.length === 0) await rm(path, { force: true });
    else await writeFileAtomic(path, JSON.stringify(notes));
  };
  return {
    list,
    add: async (note) => write([...(await list()).filter((other) => other.collection !== note.collection), note]),
    remove: async (collection) => write((await list()).filter((other) => other.collection !== collection)),
  };
}

/** Removes half archives. Call it under the stack's lock, when no run can be writing one. */
export async function removePartials(folder: string): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(`${extension}${partialSuffix}`));
  for (const name of names) await rm(join(folder, name), { force: true });
  return names.length;
}
