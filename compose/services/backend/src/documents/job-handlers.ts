/** The jobs that documents cause. */
import type { JobHandler } from '../jobs/worker.ts';
import { ingestDocuments } from '../observability/metrics.ts';
import { deleteDocument, type IngestParts, ingestVersion, purgeOldVersions } from './ingest.ts';

export function documentJobs(parts: IngestParts): Record<'ingest' | 'purge' | 'delete', JobHandler> {
  const { database, events } = parts;
  const changed = (job: { documentId: string | null; kbId: string | null }): void => {
    if (job.documentId !== null && job.kbId !== null) events.changed(job.documentId, job.kbId);
  };
  return {
    ingest: {
      async perform(job, signal, progress) {
        if (job.documentId === null) return;
        await ingestVersion(
          parts,
          { documentId: job.documentId, version: job.version ?? 1, attempt: job.attempts, progress },
          signal,
        );
      },
      async waits(job, problem, queries) {
        await queries.rows(
          `update documents set state = 'queued', progress = 0, remaining_ms = null, error_code = $3, error_message = $4,
             updated_at = now()
           where id = $1 and last_version = $2 and state <> 'failed' and deleted_at is null`,
          [job.documentId, job.version, problem.code, problem.message],
        );
      },
      async failed(job, problem, queries) {
        await queries.rows(
          `update documents set state = 'failed', error_code = $3, error_message = $4, updated_at = now()
           where id = $1 and last_version = $2 and deleted_at is null`,
          [job.documentId, job.version, problem.code, problem.message],
        );
      },
      async ended(job) {
        changed(job);
        const row = await database.one<{ mime: string; state: string }>(
          'select mime, state from documents where id = $1',
          [job.documentId],
        );
        if (row?.state === 'ready' || row?.state === 'failed')
          ingestDocuments.inc({ status: row.state, mime: row.mime });
      },
    },
    purge: {
      untilDone: true,
      async perform(job) {
        if (job.documentId !== null) await purgeOldVersions(parts, job.documentId, job.version ?? 1);
      },
    },
    delete: {
      untilDone: true,
      async perform(job) {
        if (job.documentId === null) return;
        const proof = await deleteDocument(parts, job.documentId);
        await database.rows('update jobs set result = $2 where id = $1', [job.id, JSON.stringify(proof)]);
      },
      async ended(job) {
        changed(job);
      },
    },
  };
}
