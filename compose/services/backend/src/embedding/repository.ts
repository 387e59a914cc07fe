/** The change of the embedding model as it stands in Postgres: profiles, the job that fills one, and the swap. */
import { z } from 'zod';
import { BackendProblem } from '../http/problem.ts';
import { insertJob, setCancelled } from '../jobs/repository.ts';
import type { Database, Queries } from '../store/database.ts';
import type { EmbeddingModel } from '../store/nlp.ts';
import { type EmbeddingProfile, findProfile, lockProfiles, profileStates, writtenProfiles } from './profiles.ts';

export const profileJson = z
  .object({
    id: z.string(),
    model: z.string(),
    dim: z.number(),
    maxTokens: z.number(),
    collection: z.string(),
    status: z.enum(profileStates),
    /** Passages of live documents that are in its collection. */
    chunks: z.number(),
  })
  .meta({ id: 'EmbeddingProfile' });
type ProfileJson = z.output<typeof profileJson>;
export const changeJson = z.object({
  id: z.guid(),
  from: z.string(),
  to: z.string(),
  state: z.enum(['building', 'failed']),
  progress: z.number(),
  documentsDone: z.number(),
  documentsTotal: z.number(),
  remainingMs: z.number().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
type ChangeJson = z.output<typeof changeJson>;

/** A live document whose passages are not all in a collection. */
export interface Missing {
  readonly documentId: string;
  readonly version: number;
  readonly kbId: string;
}
export interface Share {
  readonly documentsDone: number;
  readonly documentsTotal: number;
  readonly chunksDone: number;
  readonly chunksTotal: number;
}

export interface EmbeddingRepository {
  profiles(): Promise<ProfileJson[]>;
  /** What is under way, or failed and was neither given up nor begun again. */
  change(): Promise<ChangeJson | null>;
  undo(): Promise<{ profile: EmbeddingProfile; untilMs: number | null } | null>;
  /** The profile for this model: one that is half built or kept to go back to, else what a new one would be. */
  draft(model: EmbeddingModel & { maxTokens: number }): Promise<EmbeddingProfile>;
  /** Queues the job. A change that failed before is taken up where it stopped. @throws {BackendProblem} `embedding-change-running` */
  begin(userId: string, profile: EmbeddingProfile): Promise<void>;
  /** Answers the id of its job. @throws {BackendProblem} `job-final` when there is no change */
  cancel(): Promise<string>;
  share(profileId: string): Promise<Share>;
  missing(profileId: string, limit: number): Promise<Missing[]>;
  /**
   * Makes a profile in one of these states the active one, unless a live document is not in it. From the commit on
   * every search that begins uses it. @returns false when a document is missing, or the profile is in another state
   */
  swap(profileId: string, from: readonly ('building' | 'previous')[], undoHours: number): Promise<boolean>;
  /** Gives a profile up when its time has come. @returns it, when its collection is to be dropped */
  retire(profileId: string): Promise<EmbeddingProfile | undefined>;
  /** After a collection was found empty. */
  forget(profileId: string): Promise<void>;
}
export const EMBEDDING = Symbol('embedding');

const live = `documents d where d.deleted_at is null and d.current_version is not null`;
const isIn = (profile: string): string =>
  `exists (select 1 from embedded_versions e where e.profile_id = ${profile} and e.doc_id = d.id and e.version = d.current_version)`;

async function queueRetirement(queries: Queries, profileId: string, inHours = 0): Promise<void> {
  const job = await insertJob(queries, { kind: 'embed-retire', payload: { profile: profileId } });
  await queries.rows('update jobs set run_after = now() + make_interval(secs => $2) where id = $1', [
    job.id,
    inHours * 3600,
  ]);
}

async function giveUp(queries: Queries, condition: string, values: readonly unknown[] = []): Promise<void> {
  const rows = await queries.rows<{ id: string }>(
    `update embedding_profiles set status = 'retired', undo_until = null where ${condition} returning id`,
    values,
  );
  for (const { id } of rows) await queueRetirement(queries, id);
}

export function createEmbeddingRepository(database: Database): EmbeddingRepository {
  const share = async (profileId: string): Promise<Share> => {
    const row = await database.one<Share>(
      `select count(*) filter (where ${isIn('$1')}) as "documentsDone", count(*) as "documentsTotal",
         coalesce(sum(d.chunk_count) filter (where ${isIn('$1')}), 0)::float8 as "chunksDone",
         coalesce(sum(d.chunk_count), 0)::float8 as "chunksTotal" from ${live}`,
      [profileId],
    );
    return row ?? { documentsDone: 0, documentsTotal: 0, chunksDone: 0, chunksTotal: 0 };
  };
  return {
    profiles: () =>
      database.rows<ProfileJson>(
        `select p.id, p.model, p.dim, p.max_tokens as "maxTokens", p.collection, p.status,
           (select coalesce(sum(d.chunk_count), 0)::float8 from ${live} and ${isIn('p.id')}) as chunks
         from embedding_profiles p order by p.created_at, p.id`,
      ),
    async change() {
      const row = await database.one<Omit<ChangeJson, 'documentsDone' | 'documentsTotal'>>(
        `select j.id, a.id as "from", p.id as "to", case when j.state = 'failed' then 'failed' else 'building' end as state,
           j.progress, case when j.state = 'failed' then null else (j.result->>'remainingMs')::float8 end as "remainingMs",
           case when j.error_code is null then null
             else json_build_object('code', j.error_code, 'message', j.error_message) end as error
         from jobs j join embedding_profiles p on p.id = j.payload->>'profile'
           join embedding_profiles a on a.status = 'active'
         where j.kind = 'embed-change' and p.status in ('building','previous')
           and (j.state in ('queued','running') or (j.state = 'failed' and p.status = 'building'))
         order by j.id desc limit 1`,
      );
      if (row === undefined) return null;
      const { documentsDone, documentsTotal } = await share(row.to);
      return { ...row, documentsDone, documentsTotal };
    },
    async undo() {
      const profile = (await writtenProfiles(database)).find(({ status }) => status === 'previous');
      if (profile === undefined) return null;
      const row = await database.one<{ untilMs: number | null }>(
        `select (extract(epoch from undo_until) * 1000)::float8 as "untilMs" from embedding_profiles where id = $1`,
        [profile.id],
      );
      return { profile, untilMs: row?.untilMs ?? null };
    },
    async draft({ model, dim, maxTokens }) {
      const there = (await writtenProfiles(database)).find(
        (profile) => profile.status !== 'active' && profile.model === model && profile.dim === dim,
      );
      if (there !== undefined) return there;
      const rows = await database.rows<{ id: string }>('select id from embedding_profiles');
      const short = (model.split('/').at(-1) ?? model)
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '_')
        .slice(0, 40);
      const no = rows.length + 1;
      // As the schema's first profile: special word-pieces aside.
      const limit = maxTokens - 2;
      const collection = `chunks__${short}__p${no}`;
      return { id: `${short}-p${no}`, model, dim, maxTokens: limit, collection, status: 'building' };
    },
    begin: (userId, profile) =>
      database.transaction(async (queries) => {
        await lockProfiles(queries, 'exclusive');
        const open = await queries.one(
          `select 1 as open from jobs where kind = 'embed-change' and state in ('queued','running')`,
        );
        if (open !== undefined)
          throw new BackendProblem('embedding-change-running', 'Wait until it is done, or cancel it first.');
        await giveUp(queries, `status = 'building' and id <> $1`, [profile.id]);
        await queries.rows(
          `insert into embedding_profiles (id, model, dim, max_tokens, bm25_opts, collection, status)
           select $1, $2, $3, $4, bm25_opts, $5, 'building' from embedding_profiles where status = 'active'
           on conflict (id) do nothing`,
          [profile.id, profile.model, profile.dim, profile.maxTokens, profile.collection],
        );
        await insertJob(queries, { kind: 'embed-change', userId, payload: { profile: profile.id } });
      }),
    cancel: () =>
      database.transaction(async (queries) => {
        await lockProfiles(queries, 'exclusive');
        const job = await queries.one<{ id: string; profile: string }>(
          `update jobs j set ${setCancelled}, lease_until = null
           where j.id = (
             select c.id from jobs c join embedding_profiles p on p.id = c.payload->>'profile'
             where c.kind = 'embed-change' and (c.state in ('queued','running')
               or (c.state = 'failed' and p.status = 'building'))
             order by c.id desc limit 1)
           returning j.id, j.payload->>'profile' as profile`,
        );
        if (job === undefined) throw new BackendProblem('job-final', 'The embedding model is not being changed.');
        await giveUp(queries, `id = $1 and status = 'building'`, [job.profile]);
        return job.id;
      }),
    share,
    missing: (profileId, limit) =>
      database.rows<Missing>(
        `select d.id as "documentId", d.current_version as version, d.kb_id as "kbId" from ${live}
           and not ${isIn('$1')} order by d.id limit $2`,
        [profileId, limit],
      ),
    swap: (profileId, from, undoHours) =>
      database.transaction(async (queries) => {
        await lockProfiles(queries, 'exclusive');
        const target = await findProfile(queries, profileId);
        if (target === undefined || !from.some((state) => state === target.status)) return false;
        const missing = await queries.one(`select 1 as missing from ${live} and not ${isIn('$1')} limit 1`, [
          profileId,
        ]);
        if (missing !== undefined) return false;
        await giveUp(queries, `status = 'previous' and id <> $1`, [profileId]);
        const [old] = await queries.rows<{ id: string }>(
          `update embedding_profiles set status = 'previous', undo_until = now() + make_interval(hours => $1)
           where status = 'active' returning id`,
          [undoHours],
        );
        await queries.rows(`update embedding_profiles set status = 'active', undo_until = null where id = $1`, [
          profileId,
        ]);
        if (old !== undefined) await queueRetirement(queries, old.id, undoHours);
        return true;
      }),
    retire: (profileId) =>
      database.transaction(async (queries) => {
        await lockProfiles(queries, 'exclusive');
        await queries.rows(
          `update embedding_profiles set status = 'retired', undo_until = null
           where id = $1 and status = 'previous' and undo_until <= now()`,
          [profileId],
        );
        const profile = await findProfile(queries, profileId);
        if (profile?.status !== 'retired') return undefined;
        await queries.rows('delete from embedded_versions where profile_id = $1', [profileId]);
        return profile;
      }),
    async forget(profileId) {
      await database.rows('delete from embedded_versions where profile_id = $1', [profileId]);
    },
  };
}
