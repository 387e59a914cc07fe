/**
 * The way to n8n. Every request carries the secret of its webhooks; one that begins a workflow is signed besides, with
 * the time, because whoever may send documents in holds the first secret too. It is never on the way of a question.
 */
import { createHmac } from 'node:crypto';
import { BackendProblem } from '../http/problem.ts';
import { createBreaker } from './breaker.ts';
import { type WorkflowKey, workflows } from './known.ts';

export interface N8n {
  /** Whether this stack has an n8n. */
  readonly configured: boolean;
  /** @throws when it does not answer, or does not run workflows yet */
  ping(signal: AbortSignal): Promise<void>;
  /** Whether its address is there, which it is while it is published. Runs nothing. */
  isPublished(key: WorkflowKey): Promise<boolean>;
  /** Answers n8n's id of the execution that began. @throws {BackendProblem} `workflow-unavailable`, `workflow-not-runnable` */
  run(key: WorkflowKey): Promise<string>;
}
export const N8N = Symbol('n8n');

const timeoutMs = 5000;
const maxAnswerBytes = 64 * 1024;

export interface N8nSettings {
  /** Empty: there is none. */
  readonly url: string;
  readonly webhookToken: string;
  readonly signingKey: string;
}

/** What a workflow computes as well, and compares: over the time in ms and the workflow's key. */
export function signatureOf(signingKey: string, timestamp: number, key: WorkflowKey): string {
  return createHmac('sha256', signingKey).update(`${timestamp}.${key}`).digest('hex');
}

/** A few words at most; what is longer is not from a workflow of ours. */
async function bounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > maxAnswerBytes) throw new Error('the answer is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function executionIn(text: string): string | null {
  try {
    const { executionId } = JSON.parse(text) as { executionId?: unknown };
    return typeof executionId === 'string' && /^[\w-]{1,64}$/.test(executionId) ? executionId : null;
  } catch {
    return null;
  }
}

export function createN8n(settings: N8nSettings): N8n {
  const { url, webhookToken, signingKey } = settings;
  const breaker = createBreaker({ failures: 3, openMs: 30_000 });
  const unavailable = (detail: string, retryAfter?: number, cause?: unknown): BackendProblem =>
    new BackendProblem('workflow-unavailable', detail, {
      ...(retryAfter === undefined ? {} : { retryAfter }),
      ...(cause === undefined ? {} : { cause }),
    });

  async function ask(path: string, headers: Record<string, string>, body: unknown, signal: AbortSignal) {
    const response = await fetch(new URL(path, url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      redirect: 'error',
      signal,
    });
    return { status: response.status, text: await bounded(response) };
  }

  return {
    configured: url !== '',
    async ping(signal) {
      const response = await fetch(new URL('/healthz/readiness', url), { redirect: 'error', signal });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`n8n answered ${response.status}`);
    },
    async isPublished(key) {
      const { webhook } = workflows[key];
      if (url === '' || webhook === null) return url !== '';
      // Without the secret it is refused where it is there, and not found where it is not.
      const { status } = await ask(`/webhook/${webhook}`, {}, {}, AbortSignal.timeout(timeoutMs));
      return status === 401 || status === 403;
    },
    async run(key) {
      const { webhook, runnable } = workflows[key];
      if (webhook === null || !runnable)
        throw new BackendProblem(
          'workflow-not-runnable',
          'This workflow begins by itself: it waits for something to come.',
        );
      if (url === '') throw unavailable('This stack runs without n8n. Switch n8n on first.');
      if (!breaker.allows()) throw unavailable('n8n does not answer. It will be asked again in a moment.', 30);
      const timestamp = Date.now();
      const headers = {
        authorization: `Bearer ${webhookToken}`,
        'x-quayside-timestamp': String(timestamp),
        'x-quayside-signature': signatureOf(signingKey, timestamp, key),
      };
      let answer: { status: number; text: string };
      try {
        answer = await ask(`/webhook/${webhook}`, headers, { workflow: key }, AbortSignal.timeout(timeoutMs));
      } catch (error) {
        breaker.failed();
        throw unavailable('n8n does not answer. Is it running?', 5, error);
      }
      breaker.succeeded();
      if (answer.status === 404) throw unavailable('n8n does not have this workflow published.');
      if (answer.status === 401 || answer.status === 403)
        throw unavailable('n8n does not take the secret of this environment. The next start brings it in again.');
      const executionId = answer.status === 202 ? executionIn(answer.text) : null;
      if (executionId === null) throw unavailable(`n8n answered ${answer.status} where it was to begin.`);
      return executionId;
    },
  };
}
