/** The backend's numbered events of one answer, as the panel's events; a lost connection is picked up where it broke. */
import { z } from 'zod';
import { type ChatEvent, chatEventSchema } from '../../shared/model/chat.ts';
import { ProblemError } from '../../shared/model/problem.ts';
import type { BackendClient, ServerEvent } from '../backend/backend-client.ts';
import { backendProblem, connectionProblem } from '../backend/backend-problems.ts';
import { noticeOf } from './notice-words.ts';
import { wireCitation, wireSource, wireTimings } from './wire.ts';

const maxResumes = 5;
const failure = z.object({ code: z.string(), detail: z.string() });
const bodies = {
  run: z.object({ runId: z.string(), conversationId: z.string(), messageId: z.string(), provider: z.string() }),
  status: z.object({ phase: z.string() }),
  sources: z.object({ sources: z.array(wireSource) }),
  delta: z.object({ text: z.string() }),
  citation: wireCitation.transform((citation) => ({ citation })),
  abstain: z.object({ reason: z.string(), nearest: z.array(z.string()) }),
  usage: wireTimings,
  done: z.object({ status: z.string(), messageId: z.string() }),
} as const;

/** null for what this panel does not know: newer backends may send more. */
export function toChatEvent(event: ServerEvent): ChatEvent | null {
  if (event.name === 'notice') {
    const notice = noticeOf(event.data);
    return notice === null ? null : { type: 'notice', ...notice };
  }
  if (!Object.hasOwn(bodies, event.name)) return null;
  const body = bodies[event.name as keyof typeof bodies].safeParse(event.data);
  if (!body.success) return null;
  const parsed = chatEventSchema.safeParse({ type: event.name, ...body.data });
  return parsed.success ? parsed.data : null;
}

/** What begins an answer: a question, the same question again, or one in other words. */
export type AnswerRequest =
  | { readonly conversationId: string; readonly question: string }
  | { readonly regenerate: string }
  | { readonly edit: string; readonly question: string };

function beginning(request: AnswerRequest): { path: string; body: unknown } {
  if ('regenerate' in request)
    return { path: `/v1/messages/${encodeURIComponent(request.regenerate)}/regenerate`, body: undefined };
  const { question } = request;
  if ('edit' in request) return { path: `/v1/messages/${encodeURIComponent(request.edit)}/edit`, body: { question } };
  return { path: `/v1/conversations/${encodeURIComponent(request.conversationId)}/messages`, body: { question } };
}

/**
 * Hands on every event once, in order, until `done`. When the answer itself failed, `done` comes first and then the
 * promise rejects with the reason. An aborted signal ends it quietly.
 * @throws {ProblemError}
 */
export async function streamAnswer(
  client: BackendClient,
  request: AnswerRequest,
  onEvent: (event: ChatEvent) => void,
  signal?: AbortSignal,
): Promise<void> {
  const abort = signal === undefined ? {} : { signal };
  let last = 0;
  let runId: string | null = null;
  let failed: ProblemError | null = null;
  const { path, body } = beginning(request);
  let source = client.events('POST', path, { body, ...abort });
  for (let resumes = 0; ; resumes += 1) {
    try {
      for await (const event of source) {
        if (event.id !== null && event.id <= last) continue;
        last = event.id ?? last;
        if (event.name === 'error') {
          const details = failure.safeParse(event.data);
          failed = new ProblemError(
            details.success
              ? backendProblem(details.data.code, details.data.detail, [details.data.code])
              : backendProblem('backend-failed', 'The answer could not be made.'),
          );
        }
        const shown = toChatEvent(event);
        if (shown === null) continue;
        if (shown.type === 'run') runId = shown.runId;
        onEvent(shown);
        if (shown.type === 'done') {
          if (failed !== null) throw failed;
          return;
        }
      }
      if (signal?.aborted === true) return;
      throw connectionProblem(new Error('the answer broke off'));
    } catch (error) {
      if (signal?.aborted === true) return;
      const broke = error instanceof ProblemError && error.problem.code === 'backend-not-answering';
      if (!broke || runId === null || resumes >= maxResumes) throw error;
      source = client.events('GET', `/v1/runs/${encodeURIComponent(runId)}/events`, { lastEventId: last, ...abort });
    }
  }
}
