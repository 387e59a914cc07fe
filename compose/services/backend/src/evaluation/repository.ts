/** Question sets and runs in Postgres. They belong to whoever made them; nobody else sees them. */
import type { Principal } from '../auth/principal.ts';
import { type Page, paged } from '../http/paging.ts';
import { BackendProblem } from '../http/problem.ts';
import { insertJob } from '../jobs/repository.ts';
import { type Database, isDuplicate, type Queries } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import type { SearchMode } from '../store/vectors.ts';
import type { EvalResult } from './report.ts';
import type {
  EvalItem,
  EvalReportJson,
  EvalRunJson,
  EvalRunSummaryJson,
  EvalSetJson,
  EvalSetSummaryJson,
} from './schemas.ts';

interface NewSet {
  readonly name: string;
  readonly description: string;
  readonly items: readonly EvalItem[];
}
interface NewRun {
  readonly setId: string | null;
  readonly setName: string;
  readonly items: readonly EvalItem[];
  readonly kbIds: readonly string[];
  readonly modes: readonly SearchMode[];
  readonly topK: number;
}
/** What the worker needs of a run. */
interface RunTask {
  readonly id: string;
  readonly items: readonly EvalItem[];
  readonly kbIds: readonly string[];
  readonly modes: readonly SearchMode[];
  readonly topK: number;
  /** Results of an earlier attempt, by number of their question. */
  readonly done: ReadonlyMap<number, EvalResult>;
}

export interface EvaluationRepository {
  listSets(who: Principal, cursor: string | null, limit: number): Promise<Page<EvalSetSummaryJson>>;
  /** @throws {BackendProblem} `name-taken` */
  createSet(who: Principal, set: NewSet): Promise<EvalSetJson>;
  /** @throws {BackendProblem} `not-found` */
  getSet(who: Principal, id: string): Promise<EvalSetJson>;
  /** @throws {BackendProblem} `not-found`, `name-taken` */
  replaceSet(who: Principal, id: string, set: NewSet): Promise<EvalSetJson>;
  /** Runs of it stay. @throws {BackendProblem} `not-found` */
  removeSet(who: Principal, id: string): Promise<void>;
  /** Queues it. The oldest of very many ended runs go. */
  createRun(who: Principal, run: NewRun): Promise<EvalRunJson>;
  listRuns(who: Principal, cursor: string | null, limit: number): Promise<Page<EvalRunSummaryJson>>;
  /** @throws {BackendProblem} `not-found` */
  getRun(who: Principal, id: string): Promise<EvalRunJson>;
  /** For the worker, who acts for nobody; undefined when the run is gone. */
  begin(jobId: string): Promise<RunTask | undefined>;
  keepResult(runId: string, no: number, result: EvalResult): Promise<void>;
  keepReport(runId: string, report: EvalReportJson): Promise<void>;
}
export const EVALUATION = Symbol('evaluation');

const keptRuns = 200;

const setColumns = `s.id, s.name, s.description,
  (extract(epoch from s.created_at) * 1000)::float8 as "createdAtMs",
  (extract(epoch from s.updated_at) * 1000)::float8 as "updatedAtMs",
  (select count(*) from jsonb_array_elements(s.items) i where (i->>'answerable')::boolean) as answerable,
  (select count(*) from jsonb_array_elements(s.items) i where not (i->>'answerable')::boolean) as unanswerable`;
const runColumns = `r.id, r.job_id as "jobId", r.set_id as "setId", r.set_name as "setName", j.state, j.progress,
  case when j.error_code is null then null
    else json_build_object('code', j.error_code, 'message', j.error_message) end as error,
  r.kb_ids as "kbIds", r.top_k as "topK", jsonb_array_length(r.items) as questions,
  (extract(epoch from r.started_at) * 1000)::float8 as "startedAtMs",
  (extract(epoch from j.ended_at) * 1000)::float8 as "endedAtMs", r.report`;

const noSet = (): BackendProblem => new BackendProblem('not-found', 'There is no question set with this id.');
const taken = (): BackendProblem => new BackendProblem('name-taken', 'You already have a question set of this name.');
const emptyReport: EvalReportJson = {
  modes: [],
  abstention: { unanswerable: 0, abstained: 0, answerable: 0, wronglyAbstained: 0 },
};

type RunRow = Omit<EvalRunSummaryJson, keyof EvalReportJson> & { report: EvalReportJson | null };
const summaryOf = ({ report, ...row }: RunRow): EvalRunSummaryJson => ({ ...row, ...(report ?? emptyReport) });

async function named<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isDuplicate(error) ? taken() : error;
  }
}

export function createEvaluationRepository(database: Database): EvaluationRepository {
  async function getSet(who: Principal, id: string): Promise<EvalSetJson> {
    const row = await database.one<EvalSetJson>(
      `select ${setColumns}, s.items from eval_sets s where s.id = $1 and s.user_id = $2`,
      [id, who.userId],
    );
    if (row === undefined) throw noSet();
    return row;
  }

  async function getRun(who: Principal, id: string, queries: Queries = database): Promise<EvalRunJson> {
    const row = await queries.one<RunRow>(
      `select ${runColumns} from eval_runs r join jobs j on j.id = r.job_id where r.id = $1 and r.user_id = $2`,
      [id, who.userId],
    );
    if (row === undefined) throw new BackendProblem('not-found', 'There is no evaluation with this id.');
    const results = await queries.rows<{ result: EvalResult }>(
      'select result from eval_results where run_id = $1 order by no',
      [id],
    );
    return { ...summaryOf(row), items: results.map(({ result: { modes: _, ...shown } }) => shown) };
  }

  return {
    async listSets(who, cursor, limit) {
      const rows = await database.rows<EvalSetSummaryJson>(
        `select ${setColumns}, jsonb_array_length(s.items) as items from eval_sets s
         where s.user_id = $1 and ($2::uuid is null or s.id < $2) order by s.id desc limit $3`,
        [who.userId, cursor, limit + 1],
      );
      return paged(rows, limit, (last) => last.id);
    },
    async createSet(who, { name, description, items }) {
      const id = newId();
      await named(
        database.rows('insert into eval_sets (id, user_id, name, description, items) values ($1,$2,$3,$4,$5)', [
          id,
          who.userId,
          name,
          description,
          JSON.stringify(items),
        ]),
      );
      return getSet(who, id);
    },
    getSet,
    async replaceSet(who, id, { name, description, items }) {
      const row = await named(
        database.one(
          `update eval_sets set name = $3, description = $4, items = $5, updated_at = now()
           where id = $1 and user_id = $2 returning id`,
          [id, who.userId, name, description, JSON.stringify(items)],
        ),
      );
      if (row === undefined) throw noSet();
      return getSet(who, id);
    },
    async removeSet(who, id) {
      const row = await database.one('delete from eval_sets where id = $1 and user_id = $2 returning id', [
        id,
        who.userId,
      ]);
      if (row === undefined) throw noSet();
    },
    createRun: (who, { setId, setName, items, kbIds, modes, topK }) =>
      database.transaction(async (queries) => {
        const id = newId();
        const job = await insertJob(queries, { kind: 'eval', userId: who.userId });
        await queries.rows(
          `insert into eval_runs (id, user_id, job_id, set_id, set_name, kb_ids, modes, top_k, items)
           values ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
          [id, who.userId, job.id, setId, setName, kbIds, modes, topK, JSON.stringify(items)],
        );
        await queries.rows(
          `delete from jobs where kind = 'eval' and user_id = $1 and state not in ('queued','running')
             and id in (select job_id from eval_runs where user_id = $1 order by id desc offset $2)`,
          [who.userId, keptRuns],
        );
        return getRun(who, id, queries);
      }),
    async listRuns(who, cursor, limit) {
      const rows = await database.rows<RunRow>(
        `select ${runColumns} from eval_runs r join jobs j on j.id = r.job_id
         where r.user_id = $1 and ($2::uuid is null or r.id < $2) order by r.id desc limit $3`,
        [who.userId, cursor, limit + 1],
      );
      return paged(rows.map(summaryOf), limit, (last) => last.id);
    },
    getRun: (who, id) => getRun(who, id),
    async begin(jobId) {
      const row = await database.one<Omit<RunTask, 'done'>>(
        `update eval_runs set started_at = coalesce(started_at, now()) where job_id = $1
         returning id, items, kb_ids as "kbIds", modes, top_k as "topK"`,
        [jobId],
      );
      if (row === undefined) return undefined;
      const results = await database.rows<{ no: number; result: EvalResult }>(
        'select no, result from eval_results where run_id = $1',
        [row.id],
      );
      return { ...row, done: new Map(results.map(({ no, result }) => [no, result])) };
    },
    async keepResult(runId, no, result) {
      await database.rows(
        'insert into eval_results (run_id, no, result) values ($1,$2,$3) on conflict (run_id, no) do nothing',
        [runId, no, JSON.stringify(result)],
      );
    },
    async keepReport(runId, report) {
      await database.rows('update eval_runs set report = $2 where id = $1', [runId, JSON.stringify(report)]);
    },
  };
}
