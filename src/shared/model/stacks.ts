/** The Compose projects the panel knows: its own bundled one, those opened from disk, and those that just run on the engine. */
import { z } from 'zod';
import { problemSchema } from './problem.ts';
import { stackStatuses } from './stack.ts';

/** A stack is named by its Compose project, which is unique on an engine. */
export const stackIdSchema = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,127}$/);

export const stackOrigins = ['bundled', 'opened', 'engine'] as const;

export const stackSummarySchema = z.strictObject({
  id: z.string().max(128),
  /** `bundled`: the RAG stack. `opened`: the person opened it, so it may be changed. `engine`: only seen, never changed. */
  origin: z.enum(stackOrigins),
  /** Its Compose files as the engine or the person named them; empty where nobody knows. */
  files: z.array(z.string().max(1000)).max(50),
  /** Every file is on this machine and may be read: without that there is no plan and nothing new can be created. */
  filesHere: z.boolean(),
  status: z.enum(stackStatuses),
  /** Containers that run, and all of them. */
  running: z.int().nonnegative(),
  containers: z.int().nonnegative(),
  /** Names of the services that have a container. */
  services: z.array(z.string().max(128)).max(500),
  /** Why its files cannot be used right now; null while they can, or were not read. */
  problem: problemSchema.nullable(),
});
export type StackSummary = z.infer<typeof stackSummarySchema>;
