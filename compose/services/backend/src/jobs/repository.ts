/** Jobs as callers see them. They are written in the transaction of what they are about, so none is ever forgotten. */
import { z } from 'zod';
import type { Principal } from '../auth/principal.ts';
import { BackendProblem } from '../http/problem.ts';
import { readableKbs, writableKbs } from '../store/access.ts';
import type { Database, Queries } from '../store/database.ts';
import { newId } from '../store/ids.ts';

export const jobJson = z
  .object({
    id: z.guid(),
    kind: z.string(),
    documentId: z.guid().nullable(),
    kbId: z.guid().nullable(),
    state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
    progress: z.number(),
    attempts: z.number(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    /** What came of it, in figures: `vectorsRemaining` of a deletion, `added`, `changed`, `deleted` of a synchronisation. */
    result: z.record(z.string(), z.number()).nullable(),
    createdAtMs: z.number(),
    endedAtMs: z.number().nullable(),
  })
  .meta({ id: 'Job' });
export type JobJson = z.output<typeof jobJson>;

export const jobColumns = `j.id, j.kind, j.doc_id as "documentId", j.kb_id as "kbId", j.state, j.progress, j.attempts,
  case when j.error_code is null then null
    else json_build_object('code', j.error_code, 'message', j.error_message) end as error,
  j.result,
  (extract(epoch from j.created_at) * 1000)::float8 as "createdAtMs",
  (extract(epoch from j.ended_at) * 1000)::float8 as "endedAtMs"`;

/** Whoever cancels sets this: the reason why an attempt before failed is not why it ended. */
export const setCancelled = `state = 'cancelled', ended_at = now(), error_code = null, error_message = null`;

export interface NewJob {
  readonly kind: string;
  readonly documentId?: string;
  readonly version?: number;
  readonly kbId?: string;
  readonly userId?: string;
  readonly payload?: unknown;
}

/** Part of the caller's transaction. Publish `jobs.wake` after it. */
export async function insertJob(queries: Queries, job: NewJob): Promise<JobJson> {
  const row = await queries.one<JobJson>(
    `insert into jobs as j (id, kind, doc_id, version, kb_id, user_id, payload, state)
     values ($1,$2,$3,$4,$5,$6,$7,'queued') returning ${jobColumns}`,
    [
      newId(),
      job.kind,
      job.documentId ?? null,
      job.version ?? null,
      job.kbId ?? null,
      job.userId ?? null,
      JSON.stringify(job.payload ?? {}),
    ],
  );
  if (row === undefined) throw new Error('insert returned nothing');
  return row;
}

export interface JobsRepository {
  /** Of a knowledge base that the caller may read, or begun by the caller. @throws {BackendProblem} `not-found` */
  get(who: Principal, id: string): Promise<JobJson>;
  /** Ends an ingestion (what was searchable before stays so) or an evaluation. @throws {BackendProblem} `not-found`, `job-final` */
  cancel(who: Principal, id: string): Promise<JobJson>;
}
export const JOBS = Symbol('jobs');

const missing = (): BackendProblem => new BackendProblem('not-found', 'There is no job with this id.');

export function createJobsRepository(database: Database): JobsRepository {
  const get = async (who: Principal, id: string): Promise<JobJson> => {
    const row = await database.one<JobJson>(
      `select ${jobColumns} from jobs j where j.id = $1 and (j.user_id = $2 or j.kb_id in ${readableKbs('$2')})`,
      [id, who.userId],
    );
    if (row === undefined) throw missing();
    return row;
  };
  return {
    get,
    async cancel(who, id) {
      const row = await database.transaction(async (queries) => {
        const ended = await queries.one<JobJson & { version: number | null }>(
          `update jobs j set ${setCancelled}, lease_until = null
           where j.id = $1 and j.state in ('queued','running')
             and ((j.kind = 'ingest' and j.kb_id in ${writableKbs('$2')}) or (j.kind = 'eval' and j.user_id = $2))
           returning ${jobColumns}, j.version`,
          [id, who.userId],
        );
        if (ended === undefined) return undefined;
        await queries.rows(
          `update documents set state = 'failed', error_code = 'cancelled', error_message = 'Reading it in was cancelled.',
             updated_at = now()
           where id = $1 and last_version = $2 and deleted_at is null and current_version is distinct from $2`,
          [ended.documentId, ended.version],
        );
        const { version: _, ...job } = ended;
        return job;
      });
      if (row !== undefined) return row;
      await get(who, id);
      throw new BackendProblem('job-final', 'This job has ended, or cannot be cancelled.');
    },
  };
}
