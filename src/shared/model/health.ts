/** Health in three layers, shown apart: container, healthcheck, application. */
import { z } from 'zod';
import { containerStates, healthStates } from './stack.ts';

export const probeSchema = z.strictObject({
  startedAtMs: z.number(),
  /** null while it runs. */
  endedAtMs: z.number().nullable(),
  exitCode: z.int().nullable(),
  output: z.string().max(8192),
});
export type Probe = z.infer<typeof probeSchema>;

export const serviceHealthSchema = z.strictObject({
  service: z.string().max(64),
  container: z.string().max(256),
  /** Layer 1: what the engine says of the process. */
  state: z.enum(containerStates),
  exitCode: z.int().nullable(),
  oomKilled: z.boolean(),
  restartCount: z.int().nonnegative(),
  startedAtMs: z.number().nullable(),
  /** Layer 2: the healthcheck and its own output, newest last. */
  health: z.enum(healthStates),
  failingStreak: z.int().nonnegative(),
  /** The command as a person would type it; null when the service has no healthcheck. */
  test: z.string().max(2000).nullable(),
  probes: z.array(probeSchema).max(5),
});
export type ServiceHealth = z.infer<typeof serviceHealthSchema>;

export const applicationCheckSchema = z.strictObject({
  /** `database`, `redis`, `qdrant`, `nlp`, `llm`, … as the backend names them. */
  name: z.string().max(64),
  status: z.enum(['healthy', 'degraded', 'down', 'unknown']),
  latencyMs: z.number().nullable(),
  detail: z.string().max(1000).nullable(),
});
export type ApplicationCheck = z.infer<typeof applicationCheckSchema>;

export const healthReportSchema = z.strictObject({
  atMs: z.number(),
  overall: z.enum(['healthy', 'degraded', 'down', 'unknown']),
  services: z.array(serviceHealthSchema).max(500),
  /** Layer 3: the backend's /health. */
  application: z.strictObject({
    status: z.enum(['healthy', 'degraded', 'down', 'unknown']),
    version: z.string().max(64).nullable(),
    uptimeS: z.number().nullable(),
    checks: z.array(applicationCheckSchema).max(50),
    /** Why there is no answer, in words; null when there is one. */
    detail: z.string().max(1000).nullable(),
  }),
});
export type HealthReport = z.infer<typeof healthReportSchema>;
