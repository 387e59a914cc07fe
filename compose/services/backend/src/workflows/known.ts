/** The workflows that the stack brings along (compose/n8n/workflows), by the names that both sides know them under. */
export const workflowKeys = ['ingest', 'sync', 'reindex', 'health', 'errors'] as const;
export type WorkflowKey = (typeof workflowKeys)[number];

export interface KnownWorkflow {
  readonly name: string;
  readonly summary: string;
  /** Its address below n8n's `/webhook/`; null: it only runs when another one fails. */
  readonly webhook: string | null;
  /** Whether that address begins it as it is, without anything being sent along. */
  readonly runnable: boolean;
}

const runs = (key: WorkflowKey): string => `quayside/run/${key}`;

export const workflows: Readonly<Record<WorkflowKey, KnownWorkflow>> = {
  ingest: {
    name: 'Take in a document',
    summary: 'Adds the document that is sent to its address',
    webhook: 'quayside/ingest',
    runnable: false,
  },
  sync: {
    name: 'Sync the sources that are due',
    summary: 'Every five minutes, and tries those again that failed',
    webhook: runs('sync'),
    runnable: true,
  },
  reindex: {
    name: 'Re-index what is stale',
    summary: 'Each night, documents that were read with other settings than those of now',
    webhook: runs('reindex'),
    runnable: true,
  },
  health: {
    name: 'Alert when something is down',
    summary: 'Looks at everything every five minutes and fails when something does not answer',
    webhook: runs('health'),
    runnable: true,
  },
  errors: {
    name: 'Report what failed',
    summary: 'Runs when another workflow fails, and counts it',
    webhook: null,
    runnable: false,
  },
};
