/** Documents, their versions and jobs in Postgres. */
import { createHash } from 'node:crypto';
import { BackendProblem } from '../http/problem.ts';
import type { Database, Queries } from '../store/database.ts';
import { newId } from '../store/ids.ts';

/** Changes whenever extraction, chunking or the embedding model do: the same bytes are then worth reading again. */
export const pipeline = 'extract1-chunk200/240/15-minilm384p1';

export type DocumentState =
  | 'queued'
  | 'extracting'
  | 'chunking'
  | 'embedding'
  | 'indexing'
  | 'ready'
  | 'failed'
  | 'deleting';

export interface DocumentJson {
  readonly id: string;
  readonly kbId: string;
  readonly title: string;
  readonly sourceName: string;
  readonly mime: string;
  readonly bytes: number;
  readonly chunks: number;
  readonly pages: number | null;
  readonly state: DocumentState;
  readonly progress: number;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly version: number | null;
  readonly createdAtMs: number;
}
export interface JobJson {
  readonly id: string;
  readonly kind: 'ingest' | 'delete' | 'purge';
  readonly documentId: string;
  readonly state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  readonly stage: string | null;
  readonly attempts: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

const documentColumns = `d.id, d.kb_id as "kbId", d.title, d.source_uri as "sourceName", d.mime, d.bytes,
  d.chunk_count as chunks, d.pages, d.state, d.progress,
  case when d.error_code is null then null
    else json_build_object('code', d.error_code, 'message', d.error_message) end as error,
  d.current_version as version, (extract(epoch from d.created_at) * 1000)::float8 as "createdAtMs"`;
const jobColumns = `id, kind, doc_id as "documentId", state, stage, attempts,
  case when error_code is null then null else json_build_object('code', error_code, 'message', error_message) end as error`;

export interface Accepted {
  readonly document: DocumentJson;
  readonly job: JobJson | null;
  readonly deduplicated: boolean;
}

/** A name as it is shown: no folders, no control or direction-turning characters, at most 300. */
export function displayName(name: string): string {
  const base = name.toWellFormed().split(/[/\\]/).at(-1) ?? '';
  const clean = base.replace(/[\p{Cc}\p{Cf}]/gu, '').trim();
  return clean === '' || /^\.+$/.test(clean) ? 'document' : clean.slice(-300);
}

/** What a document is known by: a relative path as the person knows it, without steps upwards, at most 500. */
export function sourceOf(path: string): string {
  const parts = path.split(/[/\\]/).filter((part) => part !== '' && part !== '.' && part !== '..');
  const clean = parts.map(displayName).slice(-12).join('/').slice(-500);
  return clean === '' ? 'document' : clean;
}

export interface DocumentsRepository {
  knowledgeBases(): Promise<{ id: string; name: string }[]>;
  /** @throws {BackendProblem} `not-found` */
  knowledgeBase(idOrName: string): Promise<string>;
  list(cursor: string | null, limit: number): Promise<DocumentJson[]>;
  /** @throws {BackendProblem} `not-found` */
  get(id: string): Promise<DocumentJson>;
  /** Takes a file in: a new document, a new version of the one with this name, or nothing when its bytes are known. */
  accept(file: { kbId: string; name: string; mime: string; bytes: Buffer }): Promise<Accepted>;
  /** Makes it invisible at once and queues the removal of everything that belongs to it. @throws {BackendProblem} `not-found` */
  tombstone(id: string): Promise<{ document: DocumentJson; job: JobJson }>;
  /** @throws {BackendProblem} `not-found` */
  job(id: string): Promise<JobJson>;
  setState(id: string, state: DocumentState, progress: number): Promise<void>;
  /** Queues every ready document once more, for a vector store that lost its data. Answers how many. */
  requeueAll(): Promise<number>;
}
export const DOCUMENTS = Symbol('documents');

async function insertJob(
  queries: Queries,
  kind: JobJson['kind'],
  docId: string,
  version: number | null,
): Promise<JobJson> {
  const job = await queries.one<JobJson>(
    `insert into jobs (id, kind, doc_id, version, state) values ($1,$2,$3,$4,'queued') returning ${jobColumns}`,
    [newId(), kind, docId, version],
  );
  if (job === undefined) throw new Error('insert returned nothing');
  return job;
}

export function createDocumentsRepository(database: Database): DocumentsRepository {
  const get = async (id: string, queries: Queries = database): Promise<DocumentJson> => {
    const row = await queries.one<DocumentJson>(`select ${documentColumns} from documents d where d.id = $1`, [id]);
    if (row === undefined) throw new BackendProblem('not-found', 'There is no document with this id.');
    return row;
  };

  async function acceptIn(
    queries: Queries,
    file: { kbId: string; name: string; mime: string; bytes: Buffer },
  ): Promise<Accepted> {
    const sha = createHash('sha256').update(file.bytes).digest();
    const name = sourceOf(file.name);
    // Ten uploads of one file at the same moment become one document and nine answers that say so.
    await queries.rows('select pg_advisory_xact_lock(742002, hashtext($1))', [file.kbId]);
    const known = await queries.one<{ id: string; version: number; state: DocumentState }>(
      `select d.id, v.version, d.state from documents d
       join document_versions v on v.doc_id = d.id and v.version = d.last_version
       where d.kb_id = $1 and d.deleted_at is null and v.content_sha256 = $2 and v.pipeline = $3
       order by (d.source_uri = $4) desc limit 1`,
      [file.kbId, sha, pipeline, name],
    );
    if (known !== undefined) {
      if (known.state === 'failed') {
        await queries.rows(
          `update documents set state = 'queued', progress = 0, error_code = null, error_message = null, updated_at = now() where id = $1`,
          [known.id],
        );
        const job = await insertJob(queries, 'ingest', known.id, known.version);
        return { document: await get(known.id, queries), job, deduplicated: false };
      }
      const job = await queries.one<JobJson>(
        `select ${jobColumns} from jobs where doc_id = $1 and kind = 'ingest' and state in ('queued','running') order by id desc limit 1`,
        [known.id],
      );
      return { document: await get(known.id, queries), job: job ?? null, deduplicated: true };
    }
    const row = await queries.one<{ id: string; version: number }>(
      `insert into documents (id, kb_id, source_uri, title, mime, bytes, state, last_version)
       values ($1,$2,$3,$3,$4,$5,'queued',1)
       on conflict (kb_id, source_uri) where deleted_at is null do update set
         mime = excluded.mime, bytes = excluded.bytes, state = 'queued', progress = 0, error_code = null,
         error_message = null, last_version = documents.last_version + 1, updated_at = now()
       returning id, last_version as version`,
      [newId(), file.kbId, name, file.mime, file.bytes.length],
    );
    if (row === undefined) throw new Error('insert returned nothing');
    await queries.rows(
      `insert into document_versions (doc_id, version, content_sha256, pipeline, mime, original) values ($1,$2,$3,$4,$5,$6)`,
      [row.id, row.version, sha, pipeline, file.mime, file.bytes],
    );
    await queries.rows(
      `update jobs set state = 'cancelled', ended_at = now() where doc_id = $1 and kind = 'ingest' and state = 'queued'`,
      [row.id],
    );
    const job = await insertJob(queries, 'ingest', row.id, row.version);
    return { document: await get(row.id, queries), job, deduplicated: false };
  }

  return {
    knowledgeBases: () => database.rows('select id, name from knowledge_bases order by id'),
    async knowledgeBase(idOrName) {
      const row = await database.one<{ id: string }>(
        'select id from knowledge_bases where id::text = $1 or name = $1 limit 1',
        [idOrName],
      );
      if (row === undefined) throw new BackendProblem('not-found', 'There is no knowledge base of this name or id.');
      return row.id;
    },
    list: (cursor, limit) =>
      database.rows<DocumentJson>(
        `select ${documentColumns} from documents d where ($1::uuid is null or d.id < $1) order by d.id desc limit $2`,
        [cursor, limit],
      ),
    get,
    accept: (file) => database.transaction((queries) => acceptIn(queries, file)),
    tombstone: (id) =>
      database.transaction(async (queries) => {
        await get(id, queries);
        await queries.rows(
          `update documents set state = 'deleting', progress = 0, deleted_at = coalesce(deleted_at, now()), updated_at = now() where id = $1`,
          [id],
        );
        await queries.rows(
          `update jobs set state = 'cancelled', ended_at = now() where doc_id = $1 and kind <> 'delete' and state = 'queued'`,
          [id],
        );
        const open = await queries.one<JobJson>(
          `select ${jobColumns} from jobs where doc_id = $1 and kind = 'delete' and state in ('queued','running')`,
          [id],
        );
        return { document: await get(id, queries), job: open ?? (await insertJob(queries, 'delete', id, null)) };
      }),
    async job(id) {
      const row = await database.one<JobJson>(`select ${jobColumns} from jobs where id = $1`, [id]);
      if (row === undefined) throw new BackendProblem('not-found', 'There is no job with this id.');
      return row;
    },
    async setState(id, state, progress) {
      await database.rows(
        `update documents set state = $2, progress = $3, updated_at = now() where id = $1 and deleted_at is null`,
        [id, state, progress],
      );
    },
    requeueAll: () =>
      database.transaction(async (queries) => {
        const rows = await queries.rows<{ id: string; version: number }>(
          `update documents set state = 'queued', progress = 0, updated_at = now()
           where deleted_at is null and state = 'ready' returning id, last_version as version`,
        );
        for (const row of rows) await insertJob(queries, 'ingest', row.id, row.version);
        return rows.length;
      }),
  };
}
