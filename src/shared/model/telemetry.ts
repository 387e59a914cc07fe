/** Log lines, stat samples and the backend's own figures. Units are in the names. */
import { z } from 'zod';

export const logLineSchema = z.strictObject({
  service: z.string().max(64),
  container: z.string().max(256),
  /** Grows by one with each line kept by the hub; gaps mean lines were dropped. */
  seq: z.int().nonnegative(),
  /** The engine's own stamp, epoch milliseconds (fractions allowed). */
  atMs: z.number(),
  source: z.enum(['stdout', 'stderr']),
  /** May hold ANSI colours; at most 16 KiB, cut with a mark. */
  text: z.string().max(20_000),
});
export type LogLine = z.infer<typeof logLineSchema>;

export const logBatchSchema = z.strictObject({
  lines: z.array(logLineSchema).max(5000),
  /** Lines not sent since the last batch because the reader was slow. */
  dropped: z.int().nonnegative(),
});
export type LogBatch = z.infer<typeof logBatchSchema>;

export const statSampleSchema = z.strictObject({
  service: z.string().max(64),
  container: z.string().max(256),
  atMs: z.number(),
  /** Cores in use: 0.5 is half a core. */
  cpuCores: z.number().nonnegative(),
  memBytes: z.number().nonnegative(),
  /** 0 when no limit is set. */
  memLimitBytes: z.number().nonnegative(),
  rxBytesPerS: z.number().nonnegative(),
  txBytesPerS: z.number().nonnegative(),
});
export type StatSample = z.infer<typeof statSampleSchema>;

/** First item of the stream holds the history (oldest first), later ones one second each. */
export const statBatchSchema = z.strictObject({ samples: z.array(statSampleSchema).max(50_000) });
export type StatBatch = z.infer<typeof statBatchSchema>;

export const backendMetricsSchema = z.strictObject({
  atMs: z.number(),
  /** Totals since the backend started. */
  queries: z.number(),
  queryErrors: z.number(),
  embeddingErrors: z.number(),
  documents: z.number(),
  chunks: z.number(),
  /** Over the queries since the previous sample; null when there was none. */
  queryP50S: z.number().nullable(),
  queryP95S: z.number().nullable(),
  queriesPerS: z.number(),
  errorsPerS: z.number(),
});
export type BackendMetrics = z.infer<typeof backendMetricsSchema>;
/** First item holds the history, oldest first. */
export const backendMetricsBatchSchema = z.strictObject({ samples: z.array(backendMetricsSchema).max(5000) });
export type BackendMetricsBatch = z.infer<typeof backendMetricsBatchSchema>;
