/** Knowledge bases: who owns them, who else may read or fill them. */
import { z } from 'zod';
import type { Principal } from '../auth/principal.ts';
import { checkMatch } from '../http/etag.ts';
import { type Page, paged } from '../http/paging.ts';
import { BackendProblem } from '../http/problem.ts';
import { setCancelled } from '../jobs/repository.ts';
import { readableKbs } from '../store/access.ts';
import { type Database, isDuplicate, type Queries } from '../store/database.ts';
import { newId } from '../store/ids.ts';

export const knowledgeBaseJson = z
  .object({
    id: z.guid(),
    name: z.string(),
    description: z.string(),
    isDefault: z.boolean(),
    /** What the caller may do. */
    access: z.enum(['owner', 'editor', 'reader']),
    revision: z.number(),
    createdAtMs: z.number(),
    updatedAtMs: z.number(),
  })
  .meta({ id: 'KnowledgeBase' });
export type KnowledgeBaseJson = z.output<typeof knowledgeBaseJson>;

export const kbStatsJson = z
  .object({
    documents: z.record(z.string(), z.number()),
    chunks: z.number(),
    bytes: z.number(),
    sources: z.number(),
    lastSyncAtMs: z.number().nullable(),
    updatedAtMs: z.number().nullable(),
  })
  .meta({ id: 'KnowledgeBaseStats' });
export type KbStatsJson = z.output<typeof kbStatsJson>;

export const memberJson = z
  .object({ userId: z.guid(), name: z.string(), email: z.string().nullable(), role: z.enum(['reader', 'editor']) })
  .meta({ id: 'Member' });
export type MemberJson = z.output<typeof memberJson>;

export interface KnowledgeRepository {
  list(who: Principal, cursor: string | null, limit: number): Promise<Page<KnowledgeBaseJson>>;
  /** By id, by name, or `default`. @throws {BackendProblem} `not-found` */
  get(who: Principal, kb: string): Promise<KnowledgeBaseJson>;
  /** All of them, or none. @throws {BackendProblem} `not-found` */
  readable(who: Principal, kbs: readonly string[]): Promise<string[]>;
  /** @throws {BackendProblem} `name-taken` */
  create(who: Principal, kb: { name: string; description: string }): Promise<KnowledgeBaseJson>;
  /** @throws {BackendProblem} `not-found`, `kb-read-only`, `name-taken`, `kb-default`, `precondition-failed` */
  change(
    who: Principal,
    kb: string,
    change: { name?: string | undefined; description?: string | undefined },
    ifMatch?: string,
  ): Promise<KnowledgeBaseJson>;
  /** Invisible at once; its documents go as jobs. Answers how many. @throws {BackendProblem} `not-found`, `kb-read-only`, `kb-default` */
  remove(who: Principal, kb: string): Promise<number>;
  stats(who: Principal, kb: string): Promise<KbStatsJson>;
  members(who: Principal, kb: string): Promise<MemberJson[]>;
  /** null takes the access away. @throws {BackendProblem} `not-found`, `kb-read-only` */
  share(who: Principal, kb: string, userId: string, role: 'reader' | 'editor' | null): Promise<MemberJson[]>;
}
export const KNOWLEDGE = Symbol('knowledge bases');

const columns = `k.id, k.name, k.description, k.is_default and k.owner_id = $1 as "isDefault", k.revision,
  case when k.owner_id = $1 then 'owner' else m.role end as access,
  (extract(epoch from k.created_at) * 1000)::float8 as "createdAtMs",
  (extract(epoch from k.updated_at) * 1000)::float8 as "updatedAtMs"`;
const visible = `from knowledge_bases k left join kb_members m on m.kb_id = k.id and m.user_id = $1
  where k.deleted_at is null and (k.owner_id = $1 or m.user_id is not null)`;
const missing = (): BackendProblem => new BackendProblem('not-found', 'There is no knowledge base of this name or id.');

/** The knowledge base as this caller sees it, own ones first. @throws {BackendProblem} `not-found` */
export async function findKb(queries: Queries, who: Principal, kb: string): Promise<KnowledgeBaseJson> {
  const row = await queries.one<KnowledgeBaseJson>(
    `select ${columns} ${visible}
       and (k.id::text = lower($2) or k.name = $2 or ($2 = 'default' and k.is_default and k.owner_id = $1))
     order by (k.id::text = lower($2)) desc, (k.owner_id = $1) desc, ($2 = 'default' and k.is_default) desc limit 1`,
    [who.userId, kb],
  );
  if (row === undefined) throw missing();
  return row;
}

/** @throws {BackendProblem} `not-found`, `kb-read-only` */
export async function findWritableKb(queries: Queries, who: Principal, kb: string): Promise<KnowledgeBaseJson> {
  const row = await findKb(queries, who, kb);
  if (row.access === 'reader') throw new BackendProblem('kb-read-only', 'It was shared with you to be read.');
  return row;
}

async function findOwnKb(queries: Queries, who: Principal, kb: string): Promise<KnowledgeBaseJson> {
  const row = await findKb(queries, who, kb);
  if (row.access !== 'owner') throw new BackendProblem('kb-read-only', 'Only its owner may do this.');
  return row;
}

const taken = (): BackendProblem => new BackendProblem('name-taken', 'You already have a knowledge base of this name.');

export function createKnowledgeRepository(database: Database): KnowledgeRepository {
  const members = (queries: Queries, id: string): Promise<MemberJson[]> =>
    queries.rows<MemberJson>(
      `select m.user_id as "userId", u.name, u.email, m.role from kb_members m join users u on u.id = m.user_id
       where m.kb_id = $1 order by m.created_at, m.user_id`,
      [id],
    );
  return {
    async list(who, cursor, limit) {
      const rows = await database.rows<KnowledgeBaseJson>(
        `select ${columns} ${visible} and ($2::uuid is null or k.id > $2) order by k.id limit $3`,
        [who.userId, cursor, limit + 1],
      );
      return paged(rows, limit, (last) => last.id);
    },
    get: (who, kb) => findKb(database, who, kb),
    async readable(who, kbs) {
      const ids: string[] = [];
      for (const kb of new Set(kbs)) ids.push((await findKb(database, who, kb)).id);
      return [...new Set(ids)];
    },
    async create(who, { name, description }) {
      const id = newId();
      try {
        await database.rows(`insert into knowledge_bases (id, owner_id, name, description) values ($1,$2,$3,$4)`, [
          id,
          who.userId,
          name,
          description,
        ]);
      } catch (error) {
        throw isDuplicate(error) ? taken() : error;
      }
      return findKb(database, who, id);
    },
    async change(who, kb, { name, description }, ifMatch) {
      try {
        return await database.transaction(async (queries) => {
          const before = await findOwnKb(queries, who, kb);
          await queries.rows('select 1 from knowledge_bases where id = $1 for update', [before.id]);
          const now = await findOwnKb(queries, who, before.id);
          checkMatch(ifMatch, now.revision);
          if (now.isDefault && name !== undefined && name !== now.name)
            throw new BackendProblem('kb-default', 'The default knowledge base keeps its name.');
          await queries.rows(
            `update knowledge_bases set name = coalesce($3, name), description = coalesce($4, description),
               revision = revision + 1, updated_at = now() where id = $1 and owner_id = $2`,
            [now.id, who.userId, name ?? null, description ?? null],
          );
          return findKb(queries, who, now.id);
        });
      } catch (error) {
        throw isDuplicate(error) ? taken() : error;
      }
    },
    remove: (who, kb) =>
      database.transaction(async (queries) => {
        const { id, isDefault } = await findOwnKb(queries, who, kb);
        if (isDefault) throw new BackendProblem('kb-default', 'Delete its documents instead.');
        await queries.rows('update knowledge_bases set deleted_at = now() where id = $1 and owner_id = $2', [
          id,
          who.userId,
        ]);
        await queries.rows(
          `update jobs set ${setCancelled} where kb_id = $1 and kind <> 'delete' and state = 'queued'`,
          [id],
        );
        const gone = await queries.rows(
          `with gone as (
             update documents set state = 'deleting', deleted_at = now(), updated_at = now()
             where kb_id = $1 and deleted_at is null returning id)
           insert into jobs (id, kind, doc_id, kb_id, state)
           select gen_random_uuid(), 'delete', id, $1, 'queued' from gone returning doc_id`,
          [id],
        );
        if (gone.length === 0)
          await queries.rows(
            'delete from knowledge_bases k where k.id = $1 and not exists (select 1 from documents d where d.kb_id = k.id)',
            [id],
          );
        return gone.length;
      }),
    async stats(who, kb) {
      const { id } = await findKb(database, who, kb);
      const row = await database.one<KbStatsJson>(
        `select coalesce((select jsonb_object_agg(state, n) from
             (select state, count(*) as n from documents where kb_id = $1 group by state) states), '{}') as documents,
           coalesce(sum(d.chunk_count) filter (where d.current_version is not null and d.deleted_at is null), 0)::int8 as chunks,
           coalesce(sum(d.bytes) filter (where d.deleted_at is null), 0)::int8 as bytes,
           (select count(*) from sources where kb_id = $1) as sources,
           (select (extract(epoch from max(last_sync_at)) * 1000)::float8 from sources where kb_id = $1) as "lastSyncAtMs",
           (extract(epoch from max(d.updated_at)) * 1000)::float8 as "updatedAtMs"
         from documents d where d.kb_id = $1 and d.kb_id in ${readableKbs('$2')}`,
        [id, who.userId],
      );
      if (row === undefined) throw missing();
      return row;
    },
    async members(who, kb) {
      const { id } = await findOwnKb(database, who, kb);
      return members(database, id);
    },
    share: (who, kb, userId, role) =>
      database.transaction(async (queries) => {
        const { id } = await findOwnKb(queries, who, kb);
        if (role === null) await queries.rows('delete from kb_members where kb_id = $1 and user_id = $2', [id, userId]);
        else {
          const made = await queries.one(
            `insert into kb_members (kb_id, user_id, role)
             select $1, id, $3 from users where id = $2 and id <> $4 and deleted_at is null
             on conflict (kb_id, user_id) do update set role = excluded.role returning user_id`,
            [id, userId, role, who.userId],
          );
          if (made === undefined) throw new BackendProblem('not-found', 'There is no such user to share with.');
        }
        return members(queries, id);
      }),
  };
}
