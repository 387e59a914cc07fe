/** Sets of questions whose right passages are known, and how well retrieval finds them. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import {
  type EvalItem,
  type EvalRun,
  type EvalRunSummary,
  type EvalSet,
  evalItemSchema,
  evalMetricNames,
} from '../../shared/model/evaluation.ts';
import { type SearchMode, searchModes } from '../../shared/model/knowledge.ts';
import { ProblemError } from '../../shared/model/problem.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { backendProblem } from '../backend/backend-problems.ts';
import { allPages } from '../backend/pages.ts';
import { cutText, headingPath, nothing, pathOf, share, wireFailure, wireId } from '../backend/wire-fields.ts';
import type { OperationRunner, OperationSpec } from '../operations/operation-runner.ts';

const maxSets = 500;
const maxRuns = 200;
const pollMs = 500;

const count = z.int().nonnegative();
const wireSet = z.object({
  id: wireId,
  name: cutText(100),
  description: cutText(2000),
  answerable: count,
  unanswerable: count,
  updatedAtMs: z.number(),
});
const counted = z.object({ ...wireSet.shape, items: count }) satisfies z.ZodType<EvalSet>;
const whole = z.object({ ...wireSet.shape, items: z.array(evalItemSchema).max(2000) });

const runHead = {
  id: wireId,
  setId: wireId.nullable(),
  setName: cutText(100),
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  progress: share,
  error: wireFailure.nullable(),
  topK: z.int().min(1).max(100),
  questions: count,
  startedAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
  modes: z
    .array(
      z.object({
        mode: z.enum(searchModes),
        metrics: z.array(
          z.object({ name: z.enum(evalMetricNames), value: z.number(), low: z.number(), high: z.number() }),
        ),
        p50Ms: z.number(),
        p95Ms: z.number(),
      }),
    )
    .max(3),
  abstention: z
    .object({ unanswerable: count, abstained: count, answerable: count, wronglyAbstained: count })
    .nullable(),
};
const wireSummary = z.object(runHead) satisfies z.ZodType<EvalRunSummary>;
const rank = z
  .int()
  .min(1)
  .nullish()
  .transform((value) => value ?? null);
const wireRun = z.object({
  ...runHead,
  items: z
    .array(
      z.object({
        question: cutText(2000),
        answerable: z.boolean(),
        abstained: z.boolean(),
        ranks: z.object({ hybrid: rank, dense: rank, bm25: rank }),
        top: z
          .array(z.object({ documentId: wireId, chunkId: wireId, title: cutText(500), headingPath }))
          .transform((top) => top.slice(0, 3)),
      }),
    )
    .max(2000),
}) satisfies z.ZodType<EvalRun>;
const begun = z.object({ run: z.object({ id: wireId, jobId: wireId, setName: cutText(100) }) });

export interface EvalRequest {
  readonly setId: string;
  readonly kbs?: readonly string[] | undefined;
  readonly modes?: readonly SearchMode[] | undefined;
  readonly topK?: number | undefined;
}

export interface Evaluation {
  sets(): Promise<EvalSet[]>;
  set(id: string): Promise<{ set: EvalSet; items: EvalItem[] }>;
  /** Without `id` a new one. */
  save(set: {
    id?: string | undefined;
    name: string;
    description: string;
    items: readonly EvalItem[];
  }): Promise<EvalSet>;
  /** Takes the place of the set of this name, if there is one. */
  saveByName(set: { name: string; description: string; items: readonly EvalItem[] }): Promise<EvalSet>;
  remove(id: string): Promise<void>;
  /** An operation of kind `evaluate`; cancelling it ends the run. */
  run(request: EvalRequest): Promise<{ operationId: string; runId: string }>;
  runs(): Promise<EvalRunSummary[]>;
  result(id: string): Promise<EvalRun>;
}

const summaryOf = ({ items, ...set }: z.output<typeof whole>): EvalSet => ({ ...set, items: items.length });

function runSpec(client: BackendClient, run: z.output<typeof begun>['run'], stack: string): OperationSpec {
  return {
    kind: 'evaluate',
    stack,
    title: `Evaluate ${run.setName === '' ? 'questions' : run.setName}`,
    exclusive: false,
    cancellable: true,
    async run(context) {
      const step = context.step('questions', 'Ask every question');
      step.start();
      try {
        for (;;) {
          const now = await client.call('GET', pathOf('eval/runs', run.id), wireSummary, undefined, context.signal);
          step.detail(now.state === 'queued' && now.error !== null ? `${now.error.message} Trying again.` : null);
          step.progress({ done: Math.round(now.progress * now.questions), total: now.questions, unit: 'items' });
          if (now.state === 'failed' || now.state === 'cancelled') {
            const { code, message } = now.error ?? { code: 'internal', message: 'The evaluation was ended.' };
            throw new ProblemError(backendProblem(code, message));
          }
          if (now.state === 'done') {
            step.done(`${now.questions} questions`);
            return `${now.questions} ${now.questions === 1 ? 'question was' : 'questions were'} asked`;
          }
          await pause(pollMs, undefined, { signal: context.signal });
        }
      } catch (error) {
        if (context.signal.aborted)
          await client.call('POST', pathOf('jobs', run.jobId, '/cancel'), nothing).catch(() => undefined);
        throw error;
      }
    },
  };
}

/** @param stack the Compose project whose backend this is */
export function createEvaluation(client: BackendClient, runner: OperationRunner, stack: string): Evaluation {
  const sets = (): Promise<EvalSet[]> => allPages(client, '/v1/eval/sets', counted, maxSets);
  const save: Evaluation['save'] = async ({ id, ...set }) =>
    summaryOf(
      id === undefined
        ? await client.call('POST', '/v1/eval/sets', whole, set)
        : await client.call('PUT', pathOf('eval/sets', id), whole, set),
    );
  return {
    sets,
    async set(id) {
      const found = await client.call('GET', pathOf('eval/sets', id), whole);
      return { set: summaryOf(found), items: found.items };
    },
    save,
    saveByName: async (set) => save({ ...set, id: (await sets()).find(({ name }) => name === set.name)?.id }),
    async remove(id) {
      await client.call('DELETE', pathOf('eval/sets', id), nothing);
    },
    async run({ setId, kbs, modes, topK }) {
      const { run } = await client.call('POST', '/v1/eval/runs', begun, {
        setId,
        ...(kbs === undefined ? {} : { kbIds: kbs }),
        ...(modes === undefined ? {} : { modes }),
        ...(topK === undefined ? {} : { topK }),
      });
      return { runId: run.id, operationId: await runner.begin(runSpec(client, run, stack)) };
    },
    runs: () => allPages(client, '/v1/eval/runs', wireSummary, maxRuns),
    result: (id) => client.call('GET', pathOf('eval/runs', id), wireRun),
  };
}
