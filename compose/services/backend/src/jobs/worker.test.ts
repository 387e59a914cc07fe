import { once } from 'node:events';
import { expect, it, vi } from 'vitest';
import { BackendProblem } from '../http/problem.ts';
import type { Bus } from '../store/bus.ts';
import type { Database, Queries } from '../store/database.ts';
import { createJobWorker, type JobHandler } from './worker.ts';

/** One row of the table, and a database that is away whenever the test says so. */
function tableOfOneJob() {
  const job = { state: 'queued', owner: '' };
  const away = { claimAnswer: false, ends: false };
  const queries: Queries = {
    async one<T>(sql: string, values: readonly unknown[] = []) {
      if (sql.includes("set state = 'running'")) {
        if (job.state !== 'queued') return undefined;
        Object.assign(job, { state: 'running', owner: values[0] });
        if (away.claimAnswer) throw new Error('Connection terminated unexpectedly');
        return { id: 'one', kind: 'ingest', attempts: 1 } as T;
      }
      if (away.ends) throw new Error('Connection terminated unexpectedly');
      if (job.state !== 'running' || job.owner !== values[1]) return undefined;
      job.state = /state = '(\w+)'/.exec(sql)?.[1] ?? '';
      return { id: 'one' } as T;
    },
    async rows<T>(_sql: string, [owner, atWork]: readonly unknown[] = []) {
      // Nobody's lease runs out here: only the owner can give it back.
      const forgotten = job.owner === owner && !(atWork as string[] | undefined)?.includes('one');
      if (job.state === 'running' && forgotten) job.state = 'queued';
      return [] as T[];
    },
  };
  const database = { ...queries, transaction: (work) => work(queries) } as Partial<Database> as Database;
  return { job, away, database };
}
const bus = { replica: 'me', on: () => () => undefined, publish: () => undefined } as Partial<Bus> as Bus;

it('a job whose end could not be written is taken up again as soon as the database answers, not when its lease runs out', async () => {
  const { job, away, database } = tableOfOneJob();
  away.ends = true;
  const perform = vi.fn(async () => undefined);
  const worker = createJobWorker({ database, bus }, { ingest: { perform } }, { concurrency: () => 1, tickMs: 5 });
  worker.start();
  await vi.waitFor(() => expect(perform.mock.calls.length).toBeGreaterThan(1), { timeout: 15_000 });
  away.ends = false;
  await vi.waitFor(() => expect(job.state).toBe('done'), { timeout: 15_000 });
  await worker.close();
});

it('so is one that was claimed without the worker getting to know of it', async () => {
  const { job, away, database } = tableOfOneJob();
  away.claimAnswer = true;
  const perform = vi.fn(async () => undefined);
  const worker = createJobWorker({ database, bus }, { ingest: { perform } }, { concurrency: () => 1, tickMs: 5 });
  worker.start();
  await vi.waitFor(() => expect(job.owner).toBe('me'), { timeout: 15_000 });
  away.claimAnswer = false;
  await vi.waitFor(() => expect(job.state).toBe('done'), { timeout: 15_000 });
  expect(perform).toHaveBeenCalledTimes(1);
  await worker.close();
});

it('one that is being worked at is left alone', async () => {
  const { job, database } = tableOfOneJob();
  let finish = (): void => undefined;
  const perform = vi.fn(() => new Promise<void>((done) => (finish = done)));
  const looks = vi.spyOn(database, 'rows');
  const worker = createJobWorker({ database, bus }, { ingest: { perform } }, { concurrency: () => 2, tickMs: 5 });
  worker.start();
  await vi.waitFor(() => expect(perform).toHaveBeenCalled(), { timeout: 15_000 });
  const before = looks.mock.calls.length;
  await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(before + 3), { timeout: 15_000 });
  expect([perform.mock.calls.length, job.state]).toEqual([1, 'running']);
  finish();
  await vi.waitFor(() => expect(job.state).toBe('done'), { timeout: 15_000 });
  await worker.close();
});

/** Rows whose pauses are over at once: what holds them up is the worker. */
function tableOf(count: number, attempts = 0) {
  const jobs = Array.from({ length: count }, (_, at) => ({ id: `job-${at}`, state: 'queued', attempts }));
  const queries: Queries = {
    async one<T>(sql: string, values: readonly unknown[] = []) {
      if (sql.includes("set state = 'running'")) {
        const job = jobs.find(({ state }) => state === 'queued');
        const among = values[2] as string[];
        if (job === undefined || !among.includes('any')) return undefined;
        Object.assign(job, { state: 'running', attempts: job.attempts + 1 });
        return { ...job, kind: 'any' } as T;
      }
      const job = jobs.find(({ id }) => id === values[0]);
      if (job !== undefined) job.state = /state = '(\w+)'/.exec(sql)?.[1] ?? '';
      return job as T;
    },
    rows: async () => [],
  };
  const database = { ...queries, transaction: (work) => work(queries) } as Partial<Database> as Database;
  const states = (): string[] => [...new Set(jobs.map(({ state }) => state))];
  const worker = (handler: JobHandler) =>
    createJobWorker({ database, bus }, { any: handler }, { concurrency: () => 1, tickMs: 5 });
  return { jobs, states, worker };
}

it('a service that is away holds up all jobs that need it and fails none; when it is back they go on', async () => {
  const { jobs, states, worker: make } = tableOf(30);
  let away = true;
  let met = 0;
  const perform = vi.fn(async () => {
    if (!away) return;
    met += 1;
    throw new BackendProblem('vector-store-unavailable', 'It does not answer.', { away: true });
  });
  const waits = vi.fn(async () => undefined);
  const worker = make({ perform, waits });
  worker.start();
  // All thirty would have been tried in the time of the pause, and again and again.
  await vi.waitFor(() => expect(perform.mock.calls.length).toBeGreaterThan(1), { timeout: 15_000, interval: 5 });
  expect(met).toBeLessThan(10);
  expect(waits.mock.calls.length).toBeGreaterThan(0);
  expect(states()).toEqual(['queued']);
  away = false;
  await vi.waitFor(() => expect(states()).toEqual(['done']), { timeout: 15_000 });
  expect(perform).toHaveBeenCalledTimes(jobs.length + met);
  await worker.close();
});

it('only what failed for its own sake fails for good, and never what may not be left half done', async () => {
  const service = (away: boolean) => new BackendProblem('embedding-unavailable', 'It answered 500.', { away });
  const cases = [
    { error: service(false), handler: {}, end: 'failed' },
    { error: service(true), handler: {}, end: 'queued' },
    { error: new Error('unforeseen'), handler: {}, end: 'failed' },
    { error: new Error('unforeseen'), handler: { untilDone: true }, end: 'queued' },
  ] as const;
  for (const { error, handler, end } of cases) {
    const { states, worker: make } = tableOf(1, 20);
    const failed = vi.fn(async () => undefined);
    let tries = 0;
    const worker = make({
      ...handler,
      failed,
      async perform(_, signal) {
        tries += 1;
        if (tries === 1) throw error;
        await once(signal, 'abort');
      },
    });
    worker.start();
    const seen = end === 'queued' ? 'running' : 'failed';
    await vi.waitFor(() => expect([tries, states()]).toEqual([end === 'queued' ? 2 : 1, [seen]]), { timeout: 15_000 });
    expect(failed).toHaveBeenCalledTimes(end === 'failed' ? 1 : 0);
    await worker.close();
  }
});
