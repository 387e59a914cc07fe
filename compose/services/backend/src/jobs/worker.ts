/**
 * Runs jobs from the table, in as many replicas as there are. A job is leased: one whose process was killed is taken up
 * by whoever sees it first, and one that lost its lease meanwhile gives up. Two jobs of one document never run at once;
 * what may succeed later is tried again with growing pauses. A service that is away fails no job of those that wait: the
 * first one that meets it holds up the others of its kind.
 */
import { BackendProblem, toBackendProblem } from '../http/problem.ts';
import { log } from '../observability/log.ts';
import type { Bus } from '../store/bus.ts';
import { type Database, isDuplicate, type Queries } from '../store/database.ts';
import { setCancelled } from './repository.ts';

export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly documentId: string | null;
  readonly kbId: string | null;
  readonly userId: string | null;
  readonly version: number | null;
  readonly payload: unknown;
  readonly attempts: number;
}

export interface JobHandler {
  /** Long, and not about one document: runs beside the others, one of its kind at a time in a replica. */
  readonly apart?: true;
  /** What is begun may not be left half done, as what is being removed: any failure is tried again, for as long as it takes. */
  readonly untilDone?: true;
  /**
   * Must be safe to run again after any interruption.
   * @throws {BackendProblem} `retryable` decides whether there is another attempt
   */
  perform(job: Job, signal: AbortSignal, progress: (share: number) => Promise<void>): Promise<void>;
  /** An attempt failed and another will be made; part of the transaction that writes so. */
  waits?(job: Job, problem: BackendProblem, queries: Queries): Promise<void>;
  /** After the last attempt failed; part of the transaction that writes so, or a kill in between would leave one without the other. */
  failed?(job: Job, problem: BackendProblem, queries: Queries): Promise<void>;
  /** After the end was written, whatever it was. */
  ended?(job: Job): Promise<void>;
}

export interface JobWorker {
  start(): void;
  /** Lets nothing new begin, interrupts what runs and hands it back. */
  close(): Promise<void>;
}

const leaseSeconds = 20;
const heartbeatMs = 5000;
const maxAttempts = 8;
/** While another service is away, at a pause of `longestAwaySeconds` about a day. */
const maxAwayAttempts = 5760;
const longestPauseSeconds = 60;
/** Shorter: whoever waits for the service wants to go on when it is back. */
const longestAwaySeconds = 15;

/** In seconds, twice as long after each failure, and never quite the same. */
const pauseAfter = (failures: number, longest: number): number =>
  Math.min(longest, 2 ** (failures - 1)) * (0.75 + Math.random() / 2);

export function createJobWorker(
  parts: { database: Database; bus: Bus },
  handlers: Readonly<Record<string, JobHandler>>,
  options: { concurrency: () => number; tickMs?: number },
): JobWorker {
  const { database, bus } = parts;
  const me = bus.replica;
  const running = new Map<
    string,
    { kind: string; documentId: string | null; abort: AbortController; ended: Promise<void> }
  >();
  const kinds = Object.keys(handlers);
  /** Kinds whose last job found a service away: how often in a row, and until when none of them begins (by `performance.now`). */
  const held = new Map<string, { failures: number; untilMs: number }>();
  const isHeld = (kind: string): boolean => (held.get(kind)?.untilMs ?? 0) > performance.now();
  const isApart = (kind: string): boolean => handlers[kind]?.apart === true;
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  let claiming: Promise<void> = Promise.resolve();
  /** A look takes as long as the database hangs: no second waits behind it. */
  let looking = false;

  /**
   * Jobs of killed processes go back into the queue, and those of this one that it is not at: the database went while
   * they were claimed or while their end was written. Never beside a claim, whose job is not among the running ones yet.
   */
  const reclaim = (): Promise<unknown> =>
    database.rows(
      `update jobs set state = 'queued', lease_until = null, lease_owner = null,
         run_after = case when lease_until < now() then run_after
           else now() + make_interval(secs => least(attempts, ${leaseSeconds})) end
       where state = 'running' and (lease_until < now() or (lease_owner = $1 and not id = any($2::uuid[])))`,
      [me, [...running.keys()]],
    );

  /** Kinds of which another job may begin here. */
  function kindsWithRoom(): string[] {
    const entries = [...running.values()];
    const room = entries.filter((entry) => !isApart(entry.kind)).length < options.concurrency();
    return kinds.filter(
      (kind) => !isHeld(kind) && (isApart(kind) ? !entries.some((entry) => entry.kind === kind) : room),
    );
  }

  async function claim(among: readonly string[]): Promise<Job | undefined> {
    for (;;) {
      try {
        return await database.one<Job>(
          `update jobs set state = 'running', attempts = attempts + 1, lease_owner = $1,
             lease_until = now() + make_interval(secs => $2)
           where id = (
             select j.id from jobs j
             where j.state = 'queued' and j.run_after <= now() and j.kind = any($3)
               and not exists (select 1 from jobs o where o.doc_id = j.doc_id and o.state = 'running')
             order by (j.kind <> 'delete'), j.created_at for update skip locked limit 1)
           returning id, kind, doc_id as "documentId", kb_id as "kbId", user_id as "userId", version, payload, attempts`,
          [me, leaseSeconds, among],
        );
      } catch (error) {
        // Another replica took another job of the same document in the same moment.
        if (!isDuplicate(error)) throw error;
      }
    }
  }

  /** Writes the end of a job, unless it is no longer ours. */
  const write = async (
    job: Job,
    change: string,
    values: readonly unknown[] = [],
    queries: Queries = database,
  ): Promise<boolean> => {
    const row = await queries.one(
      `update jobs set ${change}, lease_until = null, lease_owner = null
       where id = $1 and lease_owner = $2 and state = 'running' returning id`,
      [job.id, me, ...values],
    );
    return row !== undefined;
  };

  /** Jobs that run beside each other find a service away together: that counts once. */
  function hold(kind: string): void {
    if (isHeld(kind)) return;
    const failures = (held.get(kind)?.failures ?? 0) + 1;
    held.set(kind, { failures, untilMs: performance.now() + pauseAfter(failures, longestAwaySeconds) * 1000 });
  }

  async function settle(job: Job, error: unknown, aborted: boolean): Promise<void> {
    const handler = handlers[job.kind];
    if (error === null) {
      held.delete(job.kind);
      await write(job, `state = 'done', progress = 1, ended_at = now(), error_code = null, error_message = null`);
      return;
    }
    if (aborted) {
      // Closing: hand it back at once. Interrupted by a deletion or a newer version: it is over.
      await write(job, closed ? `state = 'queued', attempts = attempts - 1` : setCancelled);
      return;
    }
    const problem = toBackendProblem(error);
    if (problem.away) hold(job.kind);
    const again =
      handler?.untilDone === true ||
      (problem.retryable && job.attempts < (problem.away ? maxAwayAttempts : maxAttempts));
    log.warn(
      'job.failed',
      again ? 'A job failed and will be tried again' : 'A job failed',
      { jobId: job.id, kind: job.kind, documentId: job.documentId, code: problem.code, attempt: job.attempts },
      problem.cause ?? (problem.code === 'internal' ? error : undefined),
    );
    if (again) {
      const pause = pauseAfter(job.attempts, problem.away ? longestAwaySeconds : longestPauseSeconds);
      await database.transaction(async (queries) => {
        const waits = `state = 'queued', run_after = now() + make_interval(secs => $3), error_code = $4, error_message = $5`;
        if (await write(job, waits, [pause, problem.code, problem.message], queries))
          await handler?.waits?.(job, problem, queries);
      });
      return;
    }
    const failed = `state = 'failed', ended_at = now(), error_code = $3, error_message = $4`;
    await database.transaction(async (queries) => {
      if (await write(job, failed, [problem.code, problem.message], queries))
        await handler?.failed?.(job, problem, queries);
    });
  }

  async function run(job: Job, abort: AbortController): Promise<void> {
    const startedAt = performance.now();
    const handler = handlers[job.kind];
    const heartbeat = setInterval(() => {
      database
        .one(
          `update jobs set lease_until = now() + make_interval(secs => $3)
           where id = $1 and lease_owner = $2 and state = 'running' returning id`,
          [job.id, me, leaseSeconds],
        )
        .then((row) => {
          if (row === undefined) abort.abort(new DOMException('the job is no longer ours', 'AbortError'));
        })
        .catch(() => undefined);
    }, heartbeatMs);
    const progress = async (share: number): Promise<void> => {
      await database.rows('update jobs set progress = $2 where id = $1', [job.id, share]);
    };
    let failure: unknown = null;
    try {
      await handler?.perform(job, abort.signal, progress);
    } catch (error) {
      failure = error ?? new BackendProblem('internal', 'unknown');
    } finally {
      clearInterval(heartbeat);
    }
    const aborted = abort.signal.aborted || (failure instanceof DOMException && failure.name === 'AbortError');
    // A job whose end cannot be written is taken up again, by `reclaim`.
    await settle(job, failure, failure !== null && aborted).catch((error: unknown) =>
      log.warn('job.settle', 'The end of a job could not be written', { jobId: job.id }, error),
    );
    await handler?.ended?.(job).catch(() => undefined);
    log.info('job.ended', 'A job ended', {
      jobId: job.id,
      kind: job.kind,
      documentId: job.documentId,
      ok: failure === null,
      durationMs: Math.round(performance.now() - startedAt),
    });
  }

  async function fill(): Promise<void> {
    while (!closed) {
      const among = kindsWithRoom();
      const job = among.length === 0 ? undefined : await claim(among).catch(() => undefined);
      if (job === undefined) return;
      const abort = new AbortController();
      const ended = run(job, abort).finally(() => {
        running.delete(job.id);
        wake();
      });
      running.set(job.id, { kind: job.kind, documentId: job.documentId, abort, ended });
    }
  }

  function wake(): void {
    claiming = claiming.then(fill, fill);
  }

  bus.on('jobs.wake', wake);
  bus.on('jobs.interrupt', ({ documentId, jobId }) => {
    for (const [id, entry] of running)
      if (id === jobId || (documentId !== undefined && entry.documentId === documentId)) entry.abort.abort();
  });

  return {
    start() {
      timer ??= setInterval(() => {
        if (looking) return;
        looking = true;
        claiming = claiming
          .then(reclaim)
          .then(fill, () => undefined)
          .finally(() => {
            looking = false;
          });
      }, options.tickMs ?? 1000);
      wake();
    },
    async close() {
      closed = true;
      if (timer !== null) clearInterval(timer);
      await claiming.catch(() => undefined);
      for (const entry of running.values()) entry.abort.abort();
      const interrupted = [...running.values()].map((entry) => entry.ended);
      await Promise.allSettled(interrupted);
      // Another replica need not wait for its next look.
      if (interrupted.length > 0) bus.publish('jobs.wake', {});
    },
  };
}
