/** The engine: a Docker-compatible Engine API endpoint, and how it is doing. */
import { z } from 'zod';
import { problemSchema } from './problem.ts';

export const engineStates = [
  'connecting',
  'ready',
  'missing',
  'stopped',
  'starting',
  'no-permission',
  'too-old',
  'too-new',
  'not-answering',
] as const;

export const engineStateSchema = z.strictObject({
  state: z.enum(engineStates),
  /** Where we look: `unix:///var/run/docker.sock`. */
  endpoint: z.string().max(500),
  /** How it was found: `--engine`, `docker context`, `default socket`. */
  foundBy: z.string().max(200),
  serverVersion: z.string().max(100).nullable(),
  apiVersion: z.string().max(20).nullable(),
  /** e.g. `linux/amd64`. */
  platform: z.string().max(100).nullable(),
  cpus: z.number().nullable(),
  memBytes: z.number().nullable(),
  /** Set in every state but `connecting` and `ready`. */
  problem: problemSchema.nullable(),
});
export type EngineState = z.infer<typeof engineStateSchema>;
