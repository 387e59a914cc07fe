/** Documents and their versions in Postgres. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Principal } from '../auth/principal.ts';
import { checkMatch } from '../http/etag.ts';
import { type Page, paged } from '../http/paging.ts';
import { BackendProblem } from '../http/problem.ts';
import { insertJob, type JobJson, jobColumns, jobJson, setCancelled } from '../jobs/repository.ts';
import { findKb, findWritableKb } from '../knowledge/repository.ts';
import { readableKbs, writableKbs } from '../store/access.ts';
import type { Database, Queries } from '../store/database.ts';
import { newId } from '../store/ids.ts';

export const documentStates = [
  'queued',
  'extracting',
  'chunking',
  'embedding',
  'indexing',
  'ready',
  'failed',
  'deleting',
] as const;
export type DocumentState = (typeof documentStates)[number];

export const documentJson = z
  .object({
    id: z.guid(),
    kbId: z.guid(),
    title: z.string(),
    sourceName: z.string(),
    mime: z.string(),
    bytes: z.number(),
    chunks: z.number(),
    pages: z.number().nullable(),
    tags: z.array(z.string()),
    state: z.enum(documentStates),
    progress: z.number(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    /** What a person should know although it was read: rows left out, for instance. */
    notices: z.array(z.object({ code: z.string(), message: z.string() })),
    /** Estimated time until it is ready; null while that is not known. */
    remainingMs: z.number().nullable(),
    /** The source that keeps it; null for what was added by hand. */
    sourceId: z.guid().nullable(),
    /** The job that reads it in now, by which that can be cancelled; null while none does. */
    jobId: z.guid().nullable(),
    version: z.number().nullable(),
    revision: z.number(),
    createdAtMs: z.number(),
    updatedAtMs: z.number(),
  })
  .meta({ id: 'Document' });
export type DocumentJson = z.output<typeof documentJson>;

export const chunkJson = z
  .object({
    id: z.guid(),
    no: z.number(),
    text: z.string(),
    tokens: z.number(),
    page: z.number().nullable(),
    headingPath: z.array(z.string()),
    start: z.number(),
    end: z.number(),
  })
  .meta({ id: 'Chunk' });
export type ChunkJson = z.output<typeof chunkJson>;

export const acceptedJson = z
  .object({ document: documentJson, job: jobJson.nullable(), deduplicated: z.boolean() })
  .meta({ id: 'Accepted' });
export type Accepted = z.output<typeof acceptedJson>;

const documentColumns = `d.id, d.kb_id as "kbId", d.title, d.source_uri as "sourceName", d.mime, d.bytes,
  d.chunk_count as chunks, d.pages, d.tags, d.state, d.progress,
  case when d.error_code is null then null
    else json_build_object('code', d.error_code, 'message', d.error_message) end as error,
  d.notices, case when d.state = 'embedding' then d.remaining_ms end as "remainingMs", d.source_id as "sourceId",
  (select j.id from jobs j where j.doc_id = d.id and j.kind = 'ingest' and j.state in ('queued','running')
    order by j.id desc limit 1) as "jobId",
  d.current_version as version, d.revision, (extract(epoch from d.created_at) * 1000)::float8 as "createdAtMs",
  (extract(epoch from d.updated_at) * 1000)::float8 as "updatedAtMs"`;

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

export interface NewFile {
  /** Id or name of the knowledge base, or `default`. */
  readonly kb: string;
  readonly name: string;
  readonly mime: string;
  readonly bytes: Buffer;
  readonly pipeline: string;
  readonly title?: string | undefined;
  readonly tags?: readonly string[] | undefined;
}

export interface DocumentsRepository {
  /** Of one knowledge base, newest first. @throws {BackendProblem} `not-found` */
  list(who: Principal, kb: string, cursor: string | null, limit: number): Promise<Page<DocumentJson>>;
  /** @throws {BackendProblem} `not-found` */
  get(who: Principal, id: string): Promise<DocumentJson>;
  /**
   * Takes a file in: a new document, a new version of the one with this name, or nothing when its bytes are known.
   * @throws {BackendProblem} `not-found`, `kb-read-only`
   */
  accept(who: Principal, file: NewFile): Promise<Accepted>;
  /** @throws {BackendProblem} `not-found`, `precondition-failed` */
  change(
    who: Principal,
    id: string,
    change: { title?: string | undefined; tags?: readonly string[] | undefined },
    ifMatch?: string,
  ): Promise<DocumentJson>;
  /** Reads its bytes again, as a new version. @throws {BackendProblem} `not-found` */
  reindex(who: Principal, id: string, pipeline: string): Promise<{ document: DocumentJson; job: JobJson }>;
  /** Makes it invisible at once and queues the removal of everything that belongs to it. @throws {BackendProblem} `not-found` */
  tombstone(who: Principal, id: string): Promise<{ document: DocumentJson; job: JobJson }>;
  /** Text of the current version. @throws {BackendProblem} `not-found` */
  content(who: Principal, id: string): Promise<{ text: string; pages: number | null; version: number }>;
  /** Bytes of the current version. @throws {BackendProblem} `not-found` */
  original(who: Principal, id: string): Promise<{ bytes: Buffer; mime: string; name: string }>;
  /** Passages of the current version, in order, from number `from` on. @throws {BackendProblem} `not-found` */
  chunks(who: Principal, id: string, from: number, limit: number): Promise<Page<ChunkJson>>;
  /** Those of the knowledge bases that the caller may read. */
  readableKbs(who: Principal, kbIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Of everybody: how many were read with another pipeline. */
  countOtherPipelines(pipeline: string): Promise<number>;
  /** For the worker, who acts for nobody. */
  setState(
    of: { id: string; version: number },
    state: DocumentState,
    progress: number,
    remainingMs?: number | null,
  ): Promise<void>;
  /** Queues every ready document once more, for a vector store that lost its data. Answers how many. */
  requeueAll(): Promise<number>;
}
export const DOCUMENTS = Symbol('documents');

const missing = (): BackendProblem => new BackendProblem('not-found', 'There is no document with this id.');

/** The ingestion of the newest version, instead of one that waits for an older. */
async function replaceJob(queries: Queries, version: { id: string; version: number }, kbId: string): Promise<JobJson> {
  await queries.rows(`update jobs set ${setCancelled} where doc_id = $1 and kind = 'ingest' and state = 'queued'`, [
    version.id,
  ]);
  return insertJob(queries, { kind: 'ingest', documentId: version.id, version: version.version, kbId });
}

/** A new version of the same bytes, and the job that reads it. Part of the caller's transaction. @throws {BackendProblem} `not-found` */
export async function readAgain(
  queries: Queries,
  id: string,
  pipeline: string,
): Promise<{ kbId: string; job: JobJson }> {
  const row = await queries.one<{ id: string; version: number; kbId: string }>(
    `update documents set state = 'queued', progress = 0, error_code = null, error_message = null,
       last_version = last_version + 1, revision = revision + 1, updated_at = now()
     where id = $1 and deleted_at is null returning id, last_version as version, kb_id as "kbId"`,
    [id],
  );
  if (row === undefined) throw missing();
  await queries.rows(
    `insert into document_versions (doc_id, version, content_sha256, pipeline, mime, original)
     select doc_id, $2, content_sha256, $3, mime, original from document_versions
     where doc_id = $1 and version < $2 order by version desc limit 1`,
    [id, row.version, pipeline],
  );
  return { kbId: row.kbId, job: await replaceJob(queries, row, row.kbId) };
}

export function createDocumentsRepository(database: Database): DocumentsRepository {
  const get = async (who: Principal, id: string, queries: Queries = database): Promise<DocumentJson> => {
    const row = await queries.one<DocumentJson>(
      `select ${documentColumns} from documents d where d.id = $1 and d.kb_id in ${readableKbs('$2')}`,
      [id, who.userId],
    );
    if (row === undefined) throw missing();
    return row;
  };

  /** Locks the row for a change. @throws {BackendProblem} `not-found`, `kb-read-only` */
  async function lock(queries: Queries, who: Principal, id: string): Promise<void> {
    const row = await queries.one(
      `select d.id from documents d where d.id = $1 and d.kb_id in ${writableKbs('$2')} for update of d`,
      [id, who.userId],
    );
    if (row !== undefined) return;
    await get(who, id, queries);
    throw new BackendProblem('kb-read-only', 'It was shared with you to be read.');
  }

  async function acceptIn(queries: Queries, who: Principal, file: NewFile): Promise<Accepted> {
    const { id: kbId } = await findWritableKb(queries, who, file.kb);
    const sha = createHash('sha256').update(file.bytes).digest();
    const name = sourceOf(file.name);
    // Ten uploads of one file at the same moment become one document and nine answers that say so. The same bytes under
    // another name are no second document either, unless that name is one already: then its text has to follow.
    await queries.rows('select pg_advisory_xact_lock(742002, hashtext($1))', [kbId]);
    const known = await queries.one<{ id: string; version: number; state: DocumentState }>(
      `select d.id, v.version, d.state from documents d
       join document_versions v on v.doc_id = d.id and v.version = d.last_version
       where d.kb_id = $1 and d.deleted_at is null and v.content_sha256 = $2 and v.pipeline = $3
         and (d.source_uri = $4 or not exists
           (select 1 from documents o where o.kb_id = $1 and o.source_uri = $4 and o.deleted_at is null))
       order by (d.source_uri = $4) desc limit 1`,
      [kbId, sha, file.pipeline, name],
    );
    if (known !== undefined) {
      if (known.state === 'failed') {
        await queries.rows(
          `update documents set state = 'queued', progress = 0, error_code = null, error_message = null, updated_at = now() where id = $1`,
          [known.id],
        );
        const job = await insertJob(queries, { kind: 'ingest', documentId: known.id, version: known.version, kbId });
        return { document: await get(who, known.id, queries), job, deduplicated: false };
      }
      const job = await queries.one<JobJson>(
        `select ${jobColumns} from jobs j where doc_id = $1 and kind = 'ingest' and state in ('queued','running') order by id desc limit 1`,
        [known.id],
      );
      return { document: await get(who, known.id, queries), job: job ?? null, deduplicated: true };
    }
    const row = await queries.one<{ id: string; version: number }>(
      `insert into documents (id, kb_id, source_uri, title, mime, bytes, state, last_version, tags)
       values ($1,$2,$3,$4,$5,$6,'queued',1,$7)
       on conflict (kb_id, source_uri) where deleted_at is null do update set
         mime = excluded.mime, bytes = excluded.bytes, state = 'queued', progress = 0, error_code = null,
         error_message = null, last_version = documents.last_version + 1, revision = documents.revision + 1,
         tags = case when $8 then excluded.tags else documents.tags end, updated_at = now()
       returning id, last_version as version`,
      [newId(), kbId, name, file.title ?? name, file.mime, file.bytes.length, file.tags ?? [], file.tags !== undefined],
    );
    if (row === undefined) throw new Error('insert returned nothing');
    await queries.rows(
      `insert into document_versions (doc_id, version, content_sha256, pipeline, mime, original) values ($1,$2,$3,$4,$5,$6)`,
      [row.id, row.version, sha, file.pipeline, file.mime, file.bytes],
    );
    return {
      document: await get(who, row.id, queries),
      job: await replaceJob(queries, row, kbId),
      deduplicated: false,
    };
  }

  return {
    async list(who, kb, cursor, limit) {
      const { id } = await findKb(database, who, kb);
      const rows = await database.rows<DocumentJson>(
        `select ${documentColumns} from documents d
         where d.kb_id = $1 and d.kb_id in ${readableKbs('$2')} and ($3::uuid is null or d.id < $3)
         order by d.id desc limit $4`,
        [id, who.userId, cursor, limit + 1],
      );
      return paged(rows, limit, (last) => last.id);
    },
    get: (who, id) => get(who, id),
    accept: (who, file) => database.transaction((queries) => acceptIn(queries, who, file)),
    change: (who, id, { title, tags }, ifMatch) =>
      database.transaction(async (queries) => {
        await lock(queries, who, id);
        checkMatch(ifMatch, (await get(who, id, queries)).revision);
        await queries.rows(
          `update documents set title = coalesce($2, title), tags = coalesce($3, tags), revision = revision + 1,
             updated_at = now() where id = $1 and deleted_at is null`,
          [id, title ?? null, tags ?? null],
        );
        return get(who, id, queries);
      }),
    reindex: (who, id, pipeline) =>
      database.transaction(async (queries) => {
        await lock(queries, who, id);
        const { job } = await readAgain(queries, id, pipeline);
        return { document: await get(who, id, queries), job };
      }),
    tombstone: (who, id) =>
      database.transaction(async (queries) => {
        await lock(queries, who, id);
        await queries.rows(
          `update documents set state = 'deleting', progress = 0, deleted_at = coalesce(deleted_at, now()), updated_at = now() where id = $1`,
          [id],
        );
        await queries.rows(
          `update jobs set ${setCancelled} where doc_id = $1 and kind <> 'delete' and state = 'queued'`,
          [id],
        );
        const open = await queries.one<JobJson>(
          `select ${jobColumns} from jobs j where doc_id = $1 and kind = 'delete' and state in ('queued','running')`,
          [id],
        );
        const document = await get(who, id, queries);
        return {
          document,
          job: open ?? (await insertJob(queries, { kind: 'delete', documentId: id, kbId: document.kbId })),
        };
      }),
    async content(who, id) {
      const row = await database.one<{ text: string | null; pages: number | null; version: number }>(
        `select v.text, v.pages, v.version from documents d
         join document_versions v on v.doc_id = d.id and v.version = d.current_version
         where d.id = $1 and d.deleted_at is null and d.kb_id in ${readableKbs('$2')}`,
        [id, who.userId],
      );
      if (row === undefined || row.text === null) throw missing();
      return { ...row, text: row.text };
    },
    async original(who, id) {
      const row = await database.one<{ bytes: Buffer; mime: string; name: string }>(
        `select v.original as bytes, v.mime, d.source_uri as name from documents d
         join document_versions v on v.doc_id = d.id and v.version = coalesce(d.current_version, d.last_version)
         where d.id = $1 and d.deleted_at is null and d.kb_id in ${readableKbs('$2')}`,
        [id, who.userId],
      );
      if (row === undefined) throw missing();
      return row;
    },
    async chunks(who, id, from, limit) {
      await get(who, id);
      const rows = await database.rows<ChunkJson>(
        `select c.id, c.no, c.text, c.token_count as tokens, c.page, c.heading_path as "headingPath",
           c.start_at as start, c.end_at as "end"
         from chunks c join documents d on d.id = c.doc_id and d.current_version = c.version and d.deleted_at is null
         where d.id = $1 and d.kb_id in ${readableKbs('$2')} and c.no >= $3 order by c.no limit $4`,
        [id, who.userId, from, limit + 1],
      );
      return paged(rows, limit, (last) => String(last.no + 1));
    },
    async readableKbs(who, kbIds) {
      const rows = await database.rows<{ id: string }>(
        `select id from ${readableKbs('$1')} r where id = any($2::uuid[])`,
        [who.userId, kbIds],
      );
      return new Set(rows.map((row) => row.id));
    },
    async countOtherPipelines(pipeline) {
      const row = await database.one<{ n: number }>(
        `select count(*) as n from documents d join document_versions v on v.doc_id = d.id and v.version = d.current_version
         where d.deleted_at is null and v.pipeline <> $1`,
        [pipeline],
      );
      return row?.n ?? 0;
    },
    async setState({ id, version }, state, progress, remainingMs = null) {
      // One that was cancelled in the same moment stays so: whoever reads it in has not heard of it yet.
      await database.rows(
        `update documents set state = $2, progress = $3, remaining_ms = $4, error_code = null, error_message = null,
           updated_at = now()
         where id = $1 and last_version = $5 and state <> 'failed' and deleted_at is null`,
        [id, state, progress, remainingMs, version],
      );
    },
    requeueAll: () =>
      database.transaction(async (queries) => {
        const rows = await queries.rows<{ id: string; version: number; kbId: string }>(
          `update documents set state = 'queued', progress = 0, updated_at = now()
           where deleted_at is null and state = 'ready' returning id, last_version as version, kb_id as "kbId"`,
        );
        for (const row of rows)
          await insertJob(queries, { kind: 'ingest', documentId: row.id, version: row.version, kbId: row.kbId });
        return rows.length;
      }),
  };
}
