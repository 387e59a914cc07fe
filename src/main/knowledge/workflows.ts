/** What n8n does for the stack. */
import { z } from 'zod';
import type { Workflow, Workflows } from '../../shared/model/workflows.ts';
import type { BackendAccess } from '../backend/backend-access.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { watchBackend } from '../backend/live.ts';
import { cutText, nothing, pathOf } from '../backend/wire-fields.ts';

const againMs = 5000;
const count = z.int().nonnegative();
const wireWorkflow = z.object({
  key: cutText(64),
  name: cutText(200),
  summary: cutText(500),
  active: z.boolean(),
  runs: z.object({ success: count, error: count }),
  lastRun: z
    .object({
      executionId: cutText(100),
      status: z.enum(['success', 'error', 'running']),
      atMs: z.number(),
      message: cutText(1000).nullable(),
    })
    .nullable(),
}) satisfies z.ZodType<Workflow>;
const wireWorkflows = z.object({ configured: z.boolean(), reachable: z.boolean(), items: z.array(wireWorkflow) });

export interface WorkflowCalls {
  get(): Promise<Workflows>;
  watch(fn: (workflows: Workflows) => void): () => void;
  /** Has n8n run it now. @throws {ProblemError} `workflow-unavailable` */
  run(key: string): Promise<void>;
}

/** @param editorUrl where n8n's editor is published; null while there is none */
export function createWorkflows(
  client: BackendClient,
  access: BackendAccess,
  editorUrl: () => string | null,
): WorkflowCalls {
  const get = async (signal?: AbortSignal): Promise<Workflows> => {
    const { configured, reachable, items } = await client.call(
      'GET',
      '/v1/workflows',
      wireWorkflows,
      undefined,
      signal,
    );
    const state = !configured ? 'off' : reachable ? 'running' : 'stopped';
    return { state, items: items.slice(0, 50), editorUrl: configured ? editorUrl() : null };
  };
  return {
    get: () => get(),
    watch: (fn) =>
      watchBackend(
        {
          client,
          access,
          empty: { state: 'off', items: [], editorUrl: null },
          byDocuments: false,
          read: get,
          againMs: () => againMs,
        },
        fn,
      ),
    async run(key) {
      await client.call('POST', pathOf('workflows', key, '/run'), nothing);
    },
  };
}
