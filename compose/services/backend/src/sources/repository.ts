/** Sources in Postgres: folders and pages that a knowledge base keeps up with. */
import { z } from 'zod';
import type { Principal } from '../auth/principal.ts';
import { checkMatch } from '../http/etag.ts';
import { type Page, paged } from '../http/paging.ts';
import { BackendProblem } from '../http/problem.ts';
import { insertJob, type JobJson, jobColumns, setCancelled } from '../jobs/repository.ts';
import { findWritableKb } from '../knowledge/repository.ts';
import { readableKbs, writableKbs } from '../store/access.ts';
import { type Database, isDuplicate, type Queries } from '../store/database.ts';
import { newId } from '../store/ids.ts';

const failure = z.object({ code: z.string(), message: z.string() });
export const sourceJson = z
  .object({
    id: z.guid(),
    kbId: z.guid(),
    kind: z.enum(['folder', 'url']),
    uri: z.string(),
    name: z.string(),
    everySeconds: z.number().nullable(),
    state: z.enum(['idle', 'syncing', 'paused', 'failed']),
    error: failure.nullable(),
    /** Files or pages seen, and those of them that could not be read. */
    items: z.number(),
    failedItems: z.number(),
    lastSyncAtMs: z.number().nullable(),
    nextSyncAtMs: z.number().nullable(),
    revision: z.number(),
    createdAtMs: z.number(),
  })
  .meta({ id: 'Source' });
export type SourceJson = z.output<typeof sourceJson>;

export const sourceItemJson = z
  .object({
    path: z.string(),
    bytes: z.number(),
    documentId: z.guid().nullable(),
    /** Of its document; `refused` when the file itself was not taken. */
    state: z.string(),
    error: failure.nullable(),
    seenAtMs: z.number(),
  })
  .meta({ id: 'SourceItem' });
export type SourceItemJson = z.output<typeof sourceItemJson>;

const columns = `s.id, s.kb_id as "kbId", s.kind, s.uri, s.name, s.every_seconds as "everySeconds",
  case when exists (select 1 from jobs j where j.kind = 'sync' and j.state in ('queued','running')
      and j.payload->>'sourceId' = s.id::text) then 'syncing'
    when s.paused_at is not null then 'paused' when s.error_code is not null then 'failed' else 'idle' end as state,
  case when s.error_code is null then null
    else json_build_object('code', s.error_code, 'message', s.error_message) end as error,
  (select count(*) from source_items i where i.source_id = s.id) as items,
  (select count(*) from source_items i left join documents d on d.id = i.doc_id
    where i.source_id = s.id and (i.error_code is not null or d.state = 'failed')) as "failedItems",
  (extract(epoch from s.last_sync_at) * 1000)::float8 as "lastSyncAtMs",
  (extract(epoch from s.next_sync_at) * 1000)::float8 as "nextSyncAtMs", s.revision,
  (extract(epoch from s.created_at) * 1000)::float8 as "createdAtMs"`;

const missing = (): BackendProblem => new BackendProblem('not-found', 'There is no source with this id.');

/** A job that brings a source up to date, unless one is waiting already. Part of the caller's transaction. */
export async function requestSync(
  queries: Queries,
  source: { id: string; kbId: string },
  options: { allowLarge?: boolean; userId?: string; afterSeconds?: number } = {},
): Promise<JobJson> {
  await queries.rows('select pg_advisory_xact_lock(742004, hashtext($1))', [source.id]);
  const waiting = await queries.one<JobJson>(
    `update jobs j set payload = j.payload || $2::jsonb where j.kind = 'sync' and j.state = 'queued' and j.payload->>'sourceId' = $1
     returning ${jobColumns}`,
    [source.id, JSON.stringify(options.allowLarge === true ? { allowLarge: true } : {})],
  );
  if (waiting !== undefined) return waiting;
  const payload = { sourceId: source.id, ...(options.allowLarge === true ? { allowLarge: true } : {}) };
  const job = await insertJob(queries, {
    kind: 'sync',
    kbId: source.kbId,
    payload,
    ...(options.userId === undefined ? {} : { userId: options.userId }),
  });
  if (options.afterSeconds !== undefined)
    await queries.rows('update jobs set run_after = now() + make_interval(secs => $2) where id = $1', [
      job.id,
      options.afterSeconds,
    ]);
  return job;
}

export interface NewSource {
  readonly kb: string;
  readonly kind: 'folder' | 'url';
  readonly uri: string;
  readonly name: string;
  readonly everySeconds: number | null;
}
export interface SourcesRepository {
  /** `due`: only those whose time has come, or that failed and are looked at regularly. */
  list(
    who: Principal,
    of: { kb: string | null; due: boolean },
    cursor: string | null,
    limit: number,
  ): Promise<Page<SourceJson>>;
  /** @throws {BackendProblem} `not-found` */
  get(who: Principal, id: string): Promise<SourceJson>;
  /** With its first synchronisation. @throws {BackendProblem} `not-found`, `kb-read-only`, `source-exists` */
  create(who: Principal, source: NewSource): Promise<{ source: SourceJson; job: JobJson }>;
  /** @throws {BackendProblem} `not-found`, `kb-read-only`, `precondition-failed` */
  change(
    who: Principal,
    id: string,
    change: { everySeconds?: number | null | undefined; paused?: boolean | undefined },
    ifMatch?: string,
  ): Promise<SourceJson>;
  /** Answers the documents that it kept; they stay. @throws {BackendProblem} `not-found`, `kb-read-only` */
  remove(who: Principal, id: string): Promise<string[]>;
  /** Also resumes one that was paused. @throws {BackendProblem} `not-found`, `kb-read-only` */
  sync(who: Principal, id: string, allowLarge: boolean): Promise<JobJson>;
  /** Folders that sources of anybody lie in, as this backend sees them, each once. For owners only. */
  foldersInUse(): Promise<string[]>;
  /** By path, after `after`. @throws {BackendProblem} `not-found` */
  items(who: Principal, id: string, after: string, limit: number): Promise<Page<SourceItemJson>>;
}
export const SOURCES = Symbol('sources');

export function createSourcesRepository(database: Database): SourcesRepository {
  const get = async (who: Principal, id: string, queries: Queries = database): Promise<SourceJson> => {
    const row = await queries.one<SourceJson>(
      `select ${columns} from sources s where s.id = $1 and s.kb_id in ${readableKbs('$2')}`,
      [id, who.userId],
    );
    if (row === undefined) throw missing();
    return row;
  };
  /** Locks it for a change. @throws {BackendProblem} `not-found`, `kb-read-only` */
  const lock = async (queries: Queries, who: Principal, id: string): Promise<void> => {
    const row = await queries.one(
      `select s.id from sources s where s.id = $1 and s.kb_id in ${writableKbs('$2')} for update of s`,
      [id, who.userId],
    );
    if (row !== undefined) return;
    await get(who, id, queries);
    throw new BackendProblem('kb-read-only', 'It was shared with you to be read.');
  };
  return {
    async list(who, { kb, due }, cursor, limit) {
      const rows = await database.rows<SourceJson>(
        `select ${columns} from sources s where s.kb_id in ${readableKbs('$1')}
           and ($2::uuid is null or s.kb_id = $2) and ($3::uuid is null or s.id > $3)
           and (not $5 or s.paused_at is null and s.every_seconds is not null
             and (s.next_sync_at <= now() or s.error_code is not null)
             and not exists (select 1 from jobs j where j.kind = 'sync' and j.state in ('queued','running')
               and j.payload->>'sourceId' = s.id::text))
         order by s.id limit $4`,
        [who.userId, kb, cursor, limit + 1, due],
      );
      return paged(rows, limit, (last) => last.id);
    },
    get: (who, id) => get(who, id),
    async foldersInUse() {
      const rows = await database.rows<{ uri: string }>(
        `select distinct s.uri from sources s join knowledge_bases k on k.id = s.kb_id and k.deleted_at is null
         where s.kind = 'folder' order by s.uri limit 10000`,
        [],
      );
      return rows.map(({ uri }) => uri);
    },
    async create(who, source) {
      try {
        return await database.transaction(async (queries) => {
          const { id: kbId } = await findWritableKb(queries, who, source.kb);
          const id = newId();
          // Documents are known by the name of their source and their path: two of one name would overwrite each other.
          const names = await queries.rows<{ name: string }>('select name from sources where kb_id = $1', [kbId]);
          const taken = new Set(names.map((row) => row.name));
          let name = source.name;
          for (let no = 2; taken.has(name); no += 1) name = `${source.name} (${no})`;
          await queries.rows(
            `insert into sources (id, kb_id, kind, uri, name, every_seconds, next_sync_at)
             values ($1,$2,$3,$4,$5,$6::int, now() + make_interval(secs => $6::int))`,
            [id, kbId, source.kind, source.uri, name, source.everySeconds],
          );
          const job = await requestSync(queries, { id, kbId }, { userId: who.userId });
          return { source: await get(who, id, queries), job };
        });
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        throw new BackendProblem('source-exists', 'This knowledge base already keeps up with it.');
      }
    },
    change: (who, id, { everySeconds, paused }, ifMatch) =>
      database.transaction(async (queries) => {
        await lock(queries, who, id);
        checkMatch(ifMatch, (await get(who, id, queries)).revision);
        if (everySeconds !== undefined)
          await queries.rows(
            `update sources set every_seconds = $2::int, next_sync_at = now() + make_interval(secs => $2::int) where id = $1`,
            [id, everySeconds],
          );
        if (paused !== undefined)
          await queries.rows(
            `update sources set paused_at = case when $2 then coalesce(paused_at, now()) end,
               error_code = null, error_message = null where id = $1`,
            [id, paused],
          );
        await queries.rows('update sources set revision = revision + 1, updated_at = now() where id = $1', [id]);
        return get(who, id, queries);
      }),
    remove: (who, id) =>
      database.transaction(async (queries) => {
        await lock(queries, who, id);
        const kept = await queries.rows<{ id: string }>(
          'select id from documents where source_id = $1 and deleted_at is null',
          [id],
        );
        await queries.rows(
          `update jobs set ${setCancelled}
           where kind = 'sync' and state in ('queued','running') and payload->>'sourceId' = $1`,
          [id],
        );
        await queries.rows('delete from sources where id = $1', [id]);
        return kept.map((row) => row.id);
      }),
    sync: (who, id, allowLarge) =>
      database.transaction(async (queries) => {
        await lock(queries, who, id);
        const { kbId } = await get(who, id, queries);
        await queries.rows('update sources set paused_at = null where id = $1', [id]);
        return requestSync(queries, { id, kbId }, { allowLarge, userId: who.userId });
      }),
    async items(who, id, after, limit) {
      await get(who, id);
      const rows = await database.rows<SourceItemJson>(
        `select i.path, i.size as bytes, i.doc_id as "documentId",
           case when i.error_code is not null then 'refused' when d.deleted_at is not null or d.id is null then 'removed'
             else d.state end as state,
           case when i.error_code is not null then json_build_object('code', i.error_code, 'message', i.error_message)
             when d.error_code is not null then json_build_object('code', d.error_code, 'message', d.error_message)
           end as error, (extract(epoch from i.seen_at) * 1000)::float8 as "seenAtMs"
         from source_items i left join documents d on d.id = i.doc_id
         where i.source_id = $1 and i.path > $2 order by i.path limit $3`,
        [id, after, limit + 1],
      );
      return paged(rows, limit, (last) => last.path);
    },
  };
}
