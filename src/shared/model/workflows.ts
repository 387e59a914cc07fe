/** What n8n does for the stack, and the optional parts of the stack. */
import { z } from 'zod';

export const workflowSchema = z.strictObject({
  key: z.string().max(64),
  name: z.string().max(200),
  summary: z.string().max(500),
  active: z.boolean(),
  runs: z.strictObject({ success: z.int().nonnegative(), error: z.int().nonnegative() }),
  lastRun: z
    .strictObject({
      executionId: z.string().max(100),
      status: z.enum(['success', 'error', 'running']),
      atMs: z.number(),
      message: z.string().max(1000).nullable(),
    })
    .nullable(),
});
export type Workflow = z.infer<typeof workflowSchema>;

export const workflowsSchema = z.strictObject({
  /** `off`: the capability is off; `stopped`: it is on and does not answer. */
  state: z.enum(['off', 'stopped', 'running']),
  items: z.array(workflowSchema).max(50),
  /** Of the editor, on this machine; null when there is none. */
  editorUrl: z.string().max(200).nullable(),
});
export type Workflows = z.infer<typeof workflowsSchema>;

export const capabilitySchema = z.strictObject({
  name: z.enum(['gateway', 'n8n', 'llm']),
  on: z.boolean(),
  /** Whether its services are in the stack that runs now: a switch takes effect at the next start. */
  applied: z.boolean(),
  summary: z.string().max(300),
});
export type Capability = z.infer<typeof capabilitySchema>;
