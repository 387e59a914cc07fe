/** What came of each execution of a workflow, in Postgres, once per execution however often it is reported. */
import type { Database } from '../store/database.ts';
import type { WorkflowKey } from './known.ts';

export interface WorkflowEvent {
  readonly workflow: WorkflowKey;
  /** n8n's. */
  readonly executionId: string;
  readonly status: 'success' | 'error';
  readonly message: string | null;
  readonly atMs: number;
}
export interface LastRun {
  readonly executionId: string;
  readonly status: 'success' | 'error' | 'running';
  readonly atMs: number;
  readonly message: string | null;
}
export interface WorkflowHistory {
  readonly workflow: WorkflowKey;
  readonly success: number;
  readonly error: number;
  readonly lastRun: LastRun | null;
}
export interface WorkflowRunsRepository {
  /** Answers whether it was news: false for an execution whose end is known. */
  record(event: WorkflowEvent): Promise<boolean>;
  /** It was asked to begin. Changes nothing when its end came first. */
  began(workflow: WorkflowKey, executionId: string): Promise<void>;
  /** Of the last 90 days. */
  history(): Promise<WorkflowHistory[]>;
}

const keepDays = 90;
/** One that began and was not heard of again for this long did not end well. */
const lostMinutes = 15;

export function createWorkflowRunsRepository(database: Database): WorkflowRunsRepository {
  return {
    async record({ workflow, executionId, status, message, atMs }) {
      const row = await database.one(
        `insert into workflow_runs (execution_id, workflow, status, message, at)
         values ($1, $2, $3, $4, to_timestamp($5::float8 / 1000))
         on conflict (execution_id) do update set status = excluded.status, message = excluded.message, at = excluded.at
           where workflow_runs.status = 'running' and workflow_runs.workflow = excluded.workflow
         returning execution_id`,
        [executionId, workflow, status, message, atMs],
      );
      if (row === undefined) return false;
      await database.rows('delete from workflow_runs where at < now() - make_interval(days => $1)', [keepDays]);
      return true;
    },
    async began(workflow, executionId) {
      await database.rows(
        `insert into workflow_runs (execution_id, workflow, status, at) values ($1, $2, 'running', now())
         on conflict (execution_id) do nothing`,
        [executionId, workflow],
      );
    },
    history: () =>
      database.rows<WorkflowHistory>(
        `with seen as (
           select workflow, execution_id, at,
             case when status = 'running' and at < now() - make_interval(mins => $1) then 'error' else status end as status,
             case when status = 'running' and at < now() - make_interval(mins => $1)
               then 'It was not heard of again.' else message end as message
           from workflow_runs)
         select workflow, count(*) filter (where status = 'success') as success,
           count(*) filter (where status = 'error') as error,
           (select json_build_object('executionId', l.execution_id, 'status', l.status,
              'atMs', (extract(epoch from l.at) * 1000)::float8, 'message', l.message)
            from seen l where l.workflow = s.workflow order by l.at desc limit 1) as "lastRun"
         from seen s group by workflow`,
        [lostMinutes],
      ),
  };
}
