/** Question sets and runs as they are sent and kept. */
import { z } from 'zod';
import { maxQuestion } from '../chat/question.ts';
import { searchModes } from '../store/vectors.ts';

const written = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => !text.includes('\0') && text.isWellFormed(), 'NUL or a lone surrogate')
    .refine((text) => text.trim() !== '', 'May not be empty');
const shown = (max: number) =>
  z
    .string()
    .max(max)
    .transform((text) => text.replace(/[\p{Cc}\p{Cf}]/gu, ' ').trim());
export const setName = shown(2000).pipe(z.string().min(1).max(100));
export const setDescription = shown(2000);

const expected = z.strictObject({
  source: written(500),
  heading: written(300).optional(),
  text: written(2000).optional(),
});
const kept = z.strictObject({
  question: written(maxQuestion),
  /** A passage that fits one of these is right. */
  expected: z.array(expected).max(20),
  /** False: the documents do not answer it, and the right answer is to say so. */
  answerable: z.boolean(),
});
/** As it is kept and told. */
const evalItemJson = kept.meta({ id: 'EvalItem' });
/** As it is sent. */
export const evalItem = kept
  .extend({ expected: kept.shape.expected.default([]) })
  .refine(({ expected: places, answerable }) => answerable === places.length > 0, {
    message: 'An answerable question expects at least one place, an unanswerable one none',
    path: ['expected'],
  })
  .meta({ id: 'NewEvalItem' });
export type EvalItem = z.output<typeof evalItemJson>;
export const evalItems = z.array(evalItem).min(1).max(2000);

const setSummary = z.object({
  id: z.guid(),
  name: z.string(),
  description: z.string(),
  items: z.number(),
  answerable: z.number(),
  unanswerable: z.number(),
  createdAtMs: z.number(),
  updatedAtMs: z.number(),
});
export const evalSetSummaryJson = setSummary.meta({ id: 'EvalSetSummary' });
export type EvalSetSummaryJson = z.output<typeof evalSetSummaryJson>;
export const evalSetJson = setSummary.extend({ items: z.array(evalItemJson) }).meta({ id: 'EvalSet' });
export type EvalSetJson = z.output<typeof evalSetJson>;

export const evalModes = z.array(z.enum(searchModes)).min(1).max(searchModes.length);
const metricNames = ['recall@1', 'recall@5', 'recall@10', 'ndcg@10', 'mrr@10'] as const;
export type MetricName = (typeof metricNames)[number];

export const evalReportJson = z.object({
  modes: z.array(
    z.object({
      mode: z.enum(searchModes),
      /** Means over the answerable questions, with their 95 % intervals. */
      metrics: z.array(z.object({ name: z.enum(metricNames), value: z.number(), low: z.number(), high: z.number() })),
      /** Of a search, embedding the question included. */
      p50Ms: z.number(),
      p95Ms: z.number(),
    }),
  ),
  abstention: z.object({
    unanswerable: z.number(),
    abstained: z.number(),
    answerable: z.number(),
    wronglyAbstained: z.number(),
  }),
});
export type EvalReportJson = z.output<typeof evalReportJson>;

const rank = z.number().nullable();
export const evalResultJson = z.object({
  question: z.string(),
  answerable: z.boolean(),
  abstained: z.boolean(),
  /** Of the first right passage, from 1; null: none found. Only modes that were asked for. */
  ranks: z.object({ hybrid: rank.optional(), dense: rank.optional(), bm25: rank.optional() }),
  /** The first passages of the first mode. */
  top: z.array(
    z.object({
      documentId: z.guid(),
      chunkId: z.guid(),
      title: z.string(),
      headingPath: z.array(z.string()),
      score: z.number(),
    }),
  ),
});
export type EvalResultJson = z.output<typeof evalResultJson>;

const runSummary = evalReportJson.extend({
  id: z.guid(),
  jobId: z.guid(),
  setId: z.guid().nullable(),
  setName: z.string(),
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  progress: z.number(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  kbIds: z.array(z.guid()),
  topK: z.number(),
  questions: z.number(),
  startedAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
});
export const evalRunSummaryJson = runSummary.meta({ id: 'EvalRunSummary' });
export type EvalRunSummaryJson = z.output<typeof evalRunSummaryJson>;
export const evalRunJson = runSummary.extend({ items: z.array(evalResultJson) }).meta({ id: 'EvalRun' });
export type EvalRunJson = z.output<typeof evalRunJson>;
