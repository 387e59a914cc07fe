import { expect, it, vi } from 'vitest';
import type { Bus } from '../store/bus.ts';
import type { Database, Queries } from '../store/database.ts';
import { createJobWorker } from './worker.ts';

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
