/** Reading many documents again: those of other settings than now, or all. A job, because there may be thousands. */
import { z } from 'zod';
import type { Principal } from '../auth/principal.ts';
import type { RagConfig } from '../config/service.ts';
import { insertJob, type JobJson, jobColumns } from '../jobs/repository.ts';
import type { JobHandler } from '../jobs/worker.ts';
import { findWritableKb } from '../knowledge/repository.ts';
import { writableKbs } from '../store/access.ts';
import type { Bus } from '../store/bus.ts';
import type { Database, Queries } from '../store/database.ts';
import type { DocumentEvents } from './events.ts';
import { pipelineOf } from './pipeline.ts';
import { readAgain } from './repository.ts';

export const reindexScopes = ['stale', 'all'] as const;
type ReindexScope = (typeof reindexScopes)[number];

/** kbId null: of everybody, for whom nobody looks but the owner who asked. */
const payloadSchema = z.object({
  scope: z.enum(reindexScopes),
  kbId: z.guid().nullable(),
  userId: z.guid().nullable(),
});
type Payload = z.output<typeof payloadSchema>;

/** What was already read again since `$5` is left out, so that a job that was interrupted goes on where it was. */
const chosen = `documents d join document_versions v on v.doc_id = d.id and v.version = d.last_version
  where d.deleted_at is null and d.state in ('ready','failed')
    and case when $1 = 'stale' then v.pipeline <> $2 and d.state = 'ready' else true end
    and ($3::uuid is null or d.kb_id = $3) and ($4::uuid is null or d.kb_id in ${writableKbs('$4')})
    and v.created_at < coalesce($5::timestamptz, now())`;

const valuesOf = (payload: Payload, pipeline: string, since: Date | null): unknown[] => [
  payload.scope,
  pipeline,
  payload.kbId,
  payload.userId,
  since,
];

/**
 * Queues it. An owner who names no knowledge base means everybody's: settings are theirs, and they see nothing of it.
 * @returns how many documents it is about, and the job; one that waits already is not doubled
 * @throws {BackendProblem} `not-found`, `kb-read-only`
 */
export async function requestReindex(
  database: Database,
  who: Principal,
  wanted: { readonly scope: ReindexScope; readonly kb?: string | undefined },
  pipeline: string,
): Promise<{ documents: number; job: JobJson }> {
  return database.transaction(async (queries) => {
    const kbId = wanted.kb === undefined ? null : (await findWritableKb(queries, who, wanted.kb)).id;
    const payload: Payload = { scope: wanted.scope, kbId, userId: who.role === 'owner' ? null : who.userId };
    await queries.rows('select pg_advisory_xact_lock(742005)');
    const counted = await queries.one<{ n: number }>(
      `select count(*) as n from ${chosen}`,
      valuesOf(payload, pipeline, null),
    );
    const waiting = await queries.one<JobJson>(
      `select ${jobColumns} from jobs j where j.kind = 'reindex' and j.state = 'queued' and j.payload = $1::jsonb limit 1`,
      [JSON.stringify(payload)],
    );
    const job = waiting ?? (await insertJob(queries, { kind: 'reindex', userId: who.userId, payload }));
    return { documents: counted?.n ?? 0, job };
  });
}

/** One more of them, in its own transaction; false when there is none. */
async function next(
  queries: Queries,
  payload: Payload,
  pipeline: string,
  since: Date,
): Promise<{ id: string; kbId: string } | null> {
  const row = await queries.one<{ id: string }>(
    `select d.id from ${chosen} order by d.id limit 1 for update of d skip locked`,
    valuesOf(payload, pipeline, since),
  );
  if (row === undefined) return null;
  const { kbId } = await readAgain(queries, row.id, pipeline);
  return { id: row.id, kbId };
}

export function reindexJobs(parts: {
  readonly database: Database;
  readonly config: Pick<RagConfig, 'values'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly events: DocumentEvents;
}): Record<'reindex', JobHandler> {
  const { database, config, bus, events } = parts;
  return {
    reindex: {
      async perform(job, signal) {
        const payload = payloadSchema.parse(job.payload);
        const pipeline = pipelineOf(config.values());
        const row = await database.one<{ since: Date }>('select created_at as since from jobs where id = $1', [job.id]);
        if (row === undefined) return;
        let documents = 0;
        for (;;) {
          signal.throwIfAborted();
          const done = await database.transaction((queries) => next(queries, payload, pipeline, row.since));
          if (done === null) break;
          documents += 1;
          events.changed(done.id, done.kbId);
          bus.publish('jobs.wake', {});
        }
        await database.rows('update jobs set result = $2 where id = $1', [job.id, JSON.stringify({ documents })]);
      },
    },
  };
}
