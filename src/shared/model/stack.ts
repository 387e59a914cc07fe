/** State of the stack as the engine tells it: one snapshot with a revision, never deltas. */
import { z } from 'zod';

export const containerStates = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const;
export const healthStates = ['none', 'starting', 'healthy', 'unhealthy'] as const;

export const publishedPortSchema = z.strictObject({
  hostIp: z.string().max(64),
  hostPort: z.int().min(0).max(65535),
  containerPort: z.int().min(0).max(65535),
  protocol: z.enum(['tcp', 'udp', 'sctp']),
});
export type PublishedPort = z.infer<typeof publishedPortSchema>;

export const containerStateSchema = z.strictObject({
  id: z.string().max(64),
  name: z.string().max(256),
  /** Replica number, from 1. */
  number: z.int().min(1),
  state: z.enum(containerStates),
  health: z.enum(healthStates),
  /** Epoch milliseconds; null when it never ran. */
  startedAtMs: z.number().nullable(),
  finishedAtMs: z.number().nullable(),
  /** Only of an exited container. */
  exitCode: z.int().nullable(),
  oomKilled: z.boolean(),
  restartCount: z.int().nonnegative(),
  image: z.string().max(512),
});
export type ContainerState = z.infer<typeof containerStateSchema>;

export const serviceStatuses = [
  'absent',
  'created',
  'starting',
  'healthy',
  'running',
  'unhealthy',
  'restarting',
  'paused',
  'exited',
  'done',
  'failed',
] as const;

export const serviceStateSchema = z.strictObject({
  name: z.string().max(64),
  /** A job is a one-shot service whose exit 0 is success. */
  role: z.enum(['service', 'job']),
  /** One line for a person about what it is for: "Documents, chunks and conversations". */
  purpose: z.string().max(200),
  image: z.string().max(512),
  status: z.enum(serviceStatuses),
  containers: z.array(containerStateSchema).max(200),
  ports: z.array(publishedPortSchema).max(64),
  dependsOn: z.array(z.string().max(64)).max(64),
});
export type ServiceState = z.infer<typeof serviceStateSchema>;

export const stackStatuses = ['unknown', 'absent', 'stopped', 'starting', 'healthy', 'degraded', 'stopping'] as const;

export const stackStateSchema = z.strictObject({
  /** Grows with each change. */
  revision: z.int().nonnegative(),
  project: z.string().max(128),
  environment: z.string().max(64),
  status: z.enum(stackStatuses),
  services: z.array(serviceStateSchema).max(500),
  /** Epoch ms since when the engine could not be asked; null when what is shown is current. */
  staleSinceMs: z.number().nullable(),
  /** `http://127.0.0.1:7420` of the backend; null while none is published. */
  backendUrl: z.string().max(200).nullable(),
});
export type StackState = z.infer<typeof stackStateSchema>;
