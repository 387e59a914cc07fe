/** A passage in its place: what opens when a citation is pressed. */
import { z } from 'zod';
import type { Principal } from '../auth/principal.ts';
import { BackendProblem } from '../http/problem.ts';
import { readableKbs } from '../store/access.ts';
import type { Database } from '../store/database.ts';

/** Characters shown around it. */
const around = 1500;

export const passageJson = z
  .object({
    chunkId: z.guid(),
    documentId: z.guid(),
    title: z.string(),
    sourceName: z.string(),
    page: z.number().nullable(),
    headingPath: z.array(z.string()),
    before: z.string(),
    text: z.string(),
    after: z.string(),
  })
  .meta({ id: 'PassageInPlace' });
type PassageJson = z.output<typeof passageJson>;

interface Row extends Omit<PassageJson, 'before' | 'after'> {
  readonly whole: string;
  readonly start: number;
  readonly end: number;
}

/** @throws {BackendProblem} `not-found` when its document is gone or was replaced */
export async function passageInPlace(database: Database, who: Principal, chunkId: string): Promise<PassageJson> {
  const row = await database.one<Row>(
    `select c.id as "chunkId", d.id as "documentId", d.title, d.source_uri as "sourceName", c.page,
       c.heading_path as "headingPath", c.text, v.text as whole, c.start_at as start, c.end_at as "end"
     from chunks c
     join document_versions v on v.doc_id = c.doc_id and v.version = c.version
     join documents d on d.id = c.doc_id and d.current_version = c.version and d.deleted_at is null
     where c.id = $1 and d.kb_id in ${readableKbs('$2')}`,
    [chunkId, who.userId],
  );
  if (row === undefined)
    throw new BackendProblem('not-found', 'This passage is gone: its document was deleted or replaced.');
  const { whole, start, end, ...passage } = row;
  // Offsets count UTF-16 units, as JavaScript does; Postgres counts characters, so the cut is made here.
  return {
    ...passage,
    before: whole.slice(Math.max(0, start - around), start).toWellFormed(),
    after: whole.slice(end, end + around).toWellFormed(),
  };
}
