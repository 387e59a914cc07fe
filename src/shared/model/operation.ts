/** An Operation is any action that takes time: journalled, cancellable, the same object in the window and on a terminal. */
import { z } from 'zod';
import { problemSchema } from './problem.ts';

export const operationKinds = [
  'start',
  'stop',
  'restart',
  'pull',
  'build',
  'scale',
  'heal',
  'backup',
  'verify',
  'ingest',
  'remove',
  'evaluate',
  'source',
] as const;
export type OperationKind = (typeof operationKinds)[number];

/** The rail a service walks along while a stack starts. */
export const phases = [
  'waiting',
  'pulling',
  'building',
  'creating',
  'starting',
  'checking',
  'ready',
  'stopping',
  'stopped',
] as const;
export type Phase = (typeof phases)[number];

export const progressSchema = z.strictObject({
  done: z.number().nonnegative(),
  /** null while unknown. */
  total: z.number().nonnegative().nullable(),
  unit: z.enum(['bytes', 'items', 'steps']),
  /** Units per second over the last few seconds; null while unknown. */
  ratePerS: z.number().nonnegative().nullable().optional(),
  /** True when nothing moved for 20 s. */
  stalled: z.boolean().optional(),
});
export type Progress = z.infer<typeof progressSchema>;

export const stepStates = ['waiting', 'running', 'done', 'failed', 'cancelled', 'skipped'] as const;

export const stepSchema = z.strictObject({
  /** Unique within the operation: `service/postgres`, `verify`, `file/3`. */
  id: z.string().max(200),
  /** What a person reads: "postgres", "Check the archive". */
  label: z.string().max(300),
  state: z.enum(stepStates),
  /** Set when the step is a service on its rail. */
  service: z.string().max(64).nullable(),
  phase: z.enum(phases).nullable(),
  /** Sentence about right now: "Pulling 43 of 120 MB". */
  detail: z.string().max(1000).nullable(),
  progress: progressSchema.nullable(),
  startedAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
  problem: problemSchema.nullable(),
});
export type OperationStep = z.infer<typeof stepSchema>;

export const operationStates = ['running', 'done', 'failed', 'cancelled', 'interrupted'] as const;

export const operationSchema = z.strictObject({
  id: z.string().max(64),
  kind: z.enum(operationKinds),
  environment: z.string().max(64),
  /** The Compose project it acts on; empty in a record of an older panel. */
  stack: z.string().max(128).default(''),
  /** "Start the stack" */
  title: z.string().max(300),
  state: z.enum(operationStates),
  cancellable: z.boolean(),
  /** True from the moment the person asked to cancel until it has ended. */
  cancelling: z.boolean(),
  /** Epoch milliseconds. */
  startedAtMs: z.number(),
  endedAtMs: z.number().nullable(),
  /** In display order. */
  steps: z.array(stepSchema).max(2000),
  /** One sentence once ended: "5 of 5 services are healthy". */
  outcome: z.string().max(1000).nullable(),
  problem: problemSchema.nullable(),
});
export type Operation = z.infer<typeof operationSchema>;
