/**
 * Runs jobs from the table. A job is leased, so that one whose process was killed is taken up again; two jobs of one
 * document never run at once; what may succeed later is tried again with growing pauses.
 */
import { BackendProblem, toBackendProblem } from '../http/problem.ts';
import { log } from '../observability/log.ts';
import { ingestDocuments } from '../observability/metrics.ts';
import { deleteDocument, type IngestParts, ingestVersion, purgeOldVersions } from './ingest.ts';

export interface JobWorker {
  start(): void;
  /** Looks for work now instead of at the next tick. */
  wake(): void;
  /** Aborts what runs for a document, if anything. */
  interrupt(documentId: string): void;
  /** Lets nothing new begin, interrupts what runs (it is taken up again at the next start). */
  close(): Promise<void>;
}
export const JOB_WORKER = Symbol('job worker');

interface Claimed {
  readonly id: string;
  readonly kind: 'ingest' | 'delete' | 'purge';
  readonly documentId: string;
  readonly version: number | null;
  readonly attempts: number;
}

const leaseSeconds = 30;
const maxAttempts = 8;

export function createJobWorker(parts: IngestParts, options: { concurrency: number; tickMs?: number }): JobWorker {
  const { database } = parts;
  const running = new Map<string, { documentId: string; abort: AbortController; ended: Promise<void> }>();
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  let claiming: Promise<void> = Promise.resolve();

  const claim = (): Promise<Claimed | undefined> =>
    database.one<Claimed>(
      `update jobs set state = 'running', attempts = attempts + 1, lease_until = now() + make_interval(secs => $1)
       where id = (
         select j.id from jobs j
         where ((j.state = 'queued' and j.run_after <= now()) or (j.state = 'running' and j.lease_until < now()))
           and not exists (select 1 from jobs o where o.doc_id = j.doc_id and o.id <> j.id and o.state = 'running' and o.lease_until >= now())
         order by (j.kind <> 'delete'), j.created_at for update skip locked limit 1)
       returning id, kind, doc_id as "documentId", version, attempts`,
      [leaseSeconds],
    );

  async function settle(job: Claimed, error: unknown, aborted: boolean): Promise<void> {
    if (error === null) {
      await database.rows(`update jobs set state = 'done', ended_at = now(), error_code = null where id = $1`, [
        job.id,
      ]);
      return;
    }
    if (aborted) {
      // Closing: hand it back at once. Interrupted by a deletion or a newer version: it is over.
      await database.rows(
        closed
          ? `update jobs set state = 'queued', attempts = attempts - 1, lease_until = null where id = $1`
          : `update jobs set state = 'cancelled', ended_at = now() where id = $1`,
        [job.id],
      );
      return;
    }
    const problem = toBackendProblem(error);
    const again = problem.retryable && job.attempts < maxAttempts;
    log.warn(
      'job.failed',
      again ? 'A job failed and will be tried again' : 'A job failed',
      { jobId: job.id, kind: job.kind, documentId: job.documentId, code: problem.code, attempt: job.attempts },
      problem.cause ?? (problem.code === 'internal' ? error : undefined),
    );
    if (again) {
      const pause = Math.min(60, 2 ** (job.attempts - 1)) * (0.75 + Math.random() / 2);
      await database.rows(
        `update jobs set state = 'queued', lease_until = null, run_after = now() + make_interval(secs => $2),
           error_code = $3, error_message = $4 where id = $1`,
        [job.id, pause, problem.code, problem.message],
      );
      return;
    }
    await database.rows(
      `update jobs set state = 'failed', ended_at = now(), error_code = $2, error_message = $3 where id = $1`,
      [job.id, problem.code, problem.message],
    );
    if (job.kind === 'ingest')
      await database.rows(
        `update documents set state = 'failed', error_code = $3, error_message = $4, updated_at = now()
         where id = $1 and last_version = $2 and deleted_at is null`,
        [job.documentId, job.version, problem.code, problem.message],
      );
  }

  async function perform(job: Claimed, signal: AbortSignal): Promise<void> {
    if (job.kind === 'ingest')
      await ingestVersion(
        parts,
        { documentId: job.documentId, version: job.version ?? 1, attempt: job.attempts },
        signal,
      );
    else if (job.kind === 'purge') await purgeOldVersions(parts, job.documentId, job.version ?? 1);
    else await deleteDocument(parts, job.documentId);
  }

  async function run(job: Claimed, abort: AbortController): Promise<void> {
    const startedAt = performance.now();
    const heartbeat = setInterval(() => {
      database
        .rows('update jobs set lease_until = now() + make_interval(secs => $2) where id = $1', [job.id, leaseSeconds])
        .catch(() => undefined);
    }, 10_000);
    let failure: unknown = null;
    try {
      await perform(job, abort.signal);
    } catch (error) {
      failure = error ?? new BackendProblem('internal', 'unknown');
    } finally {
      clearInterval(heartbeat);
    }
    const aborted = abort.signal.aborted || (failure instanceof DOMException && failure.name === 'AbortError');
    // A job whose end cannot be written keeps its lease and is taken up again when that runs out.
    await settle(job, failure, failure !== null && aborted).catch((error: unknown) =>
      log.warn('job.settle', 'The end of a job could not be written', { jobId: job.id }, error),
    );
    if (job.kind === 'ingest' && !aborted) {
      const row = await database
        .one<{ mime: string; state: string }>('select mime, state from documents where id = $1', [job.documentId])
        .catch(() => undefined);
      if (row?.state === 'ready' || row?.state === 'failed') ingestDocuments.inc({ status: row.state, mime: row.mime });
    }
    log.info('job.ended', 'A job ended', {
      jobId: job.id,
      kind: job.kind,
      documentId: job.documentId,
      ok: failure === null,
      durationMs: Math.round(performance.now() - startedAt),
    });
    parts.events.changed(job.documentId);
  }

  async function fill(): Promise<void> {
    while (!closed && running.size < options.concurrency) {
      const job = await claim().catch(() => undefined);
      if (job === undefined) return;
      const abort = new AbortController();
      const ended = run(job, abort).finally(() => {
        running.delete(job.id);
        wake();
      });
      running.set(job.id, { documentId: job.documentId, abort, ended });
    }
  }

  function wake(): void {
    claiming = claiming.then(fill, fill);
  }

  return {
    start() {
      timer ??= setInterval(wake, options.tickMs ?? 1000);
      wake();
    },
    wake,
    interrupt(documentId) {
      for (const entry of running.values()) if (entry.documentId === documentId) entry.abort.abort();
    },
    async close() {
      closed = true;
      if (timer !== null) clearInterval(timer);
      await claiming.catch(() => undefined);
      for (const entry of running.values()) entry.abort.abort();
      await Promise.allSettled([...running.values()].map((entry) => entry.ended));
    },
  };
}
