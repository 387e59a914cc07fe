/** A passage in its place: what opens when a citation is pressed. */
import { BackendProblem } from '../http/problem.ts';
import type { Database } from '../store/database.ts';

/** Characters shown around it. */
const around = 1500;

export interface PassageJson {
  readonly chunkId: string;
  readonly documentId: string;
  readonly title: string;
  readonly sourceName: string;
  readonly page: number | null;
  readonly headingPath: readonly string[];
  readonly before: string;
  readonly text: string;
  readonly after: string;
}

interface Row extends Omit<PassageJson, 'before' | 'after'> {
  readonly whole: string;
  readonly start: number;
  readonly end: number;
}

/** @throws {BackendProblem} `not-found` when its document is gone or was replaced */
export async function passageInPlace(database: Database, chunkId: string): Promise<PassageJson> {
  const row = await database.one<Row>(
    `select c.id as "chunkId", d.id as "documentId", d.title, d.source_uri as "sourceName", c.page,
       c.heading_path as "headingPath", c.text, v.text as whole, c.start_at as start, c.end_at as "end"
     from chunks c
     join document_versions v on v.doc_id = c.doc_id and v.version = c.version
     join documents d on d.id = c.doc_id and d.current_version = c.version and d.deleted_at is null
     where c.id = $1`,
    [chunkId],
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
