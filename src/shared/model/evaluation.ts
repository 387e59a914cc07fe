/** Questions whose right passages are known, and how well they were found. */
import { z } from 'zod';
import { searchModes } from './knowledge.ts';

const id = z.string().min(1).max(64);

export const evalItemSchema = z.strictObject({
  question: z.string().min(1).max(2000),
  /** A passage that fits one of these is a right one. Empty: the documents do not answer it. */
  expected: z
    .array(
      z.strictObject({
        /** The document, as it is known by. */
        source: z.string().min(1).max(500),
        /** A heading that the passage stands under. */
        heading: z.string().min(1).max(300).optional(),
        /** Words that the passage holds. */
        text: z.string().min(1).max(2000).optional(),
      }),
    )
    .max(50),
  answerable: z.boolean(),
});
export type EvalItem = z.infer<typeof evalItemSchema>;

export const evalSetSchema = z.strictObject({
  id,
  name: z.string().max(100),
  description: z.string().max(2000),
  items: z.int().nonnegative(),
  answerable: z.int().nonnegative(),
  unanswerable: z.int().nonnegative(),
  updatedAtMs: z.number(),
});
export type EvalSet = z.infer<typeof evalSetSchema>;

export const evalMetricNames = ['recall@1', 'recall@5', 'recall@10', 'ndcg@10', 'mrr@10'] as const;

const runHead = {
  id,
  setId: id.nullable(),
  setName: z.string().max(100),
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  progress: z.number().min(0).max(1),
  error: z.strictObject({ code: z.string().max(64), message: z.string().max(1000) }).nullable(),
  topK: z.int().min(1).max(100),
  questions: z.int().nonnegative(),
  startedAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
  modes: z
    .array(
      z.strictObject({
        mode: z.enum(searchModes),
        /** `low` and `high`: the 95 % interval of the bootstrap. */
        metrics: z
          .array(
            z.strictObject({ name: z.enum(evalMetricNames), value: z.number(), low: z.number(), high: z.number() }),
          )
          .max(20),
        p50Ms: z.number(),
        p95Ms: z.number(),
      }),
    )
    .max(3),
  abstention: z
    .strictObject({
      unanswerable: z.int().nonnegative(),
      abstained: z.int().nonnegative(),
      answerable: z.int().nonnegative(),
      wronglyAbstained: z.int().nonnegative(),
    })
    .nullable(),
};
export const evalRunSummarySchema = z.strictObject(runHead);
export type EvalRunSummary = z.infer<typeof evalRunSummarySchema>;

const rank = z.int().min(1).nullable();
export const evalRunSchema = z.strictObject({
  ...runHead,
  items: z
    .array(
      z.strictObject({
        question: z.string().max(2000),
        answerable: z.boolean(),
        abstained: z.boolean(),
        /** The place of the first right passage; null: not among the first `topK`, or that way was not tried. */
        ranks: z.strictObject({ hybrid: rank, dense: rank, bm25: rank }),
        top: z
          .array(
            z.strictObject({
              documentId: id,
              chunkId: id,
              title: z.string().max(500),
              headingPath: z.array(z.string().max(300)).max(12),
            }),
          )
          .max(3),
      }),
    )
    .max(2000),
});
export type EvalRun = z.infer<typeof evalRunSchema>;
