/** An answer as it leaves: its events as they come, or one document when it is whole. */
import type { Request, Response } from 'express';
import type { Principal } from '../auth/principal.ts';
import { openEventStream } from '../http/event-stream.ts';
import { streamDisconnects } from '../observability/metrics.ts';
import type { ConversationsRepository } from './repository.ts';
import type { Run, RunEvent } from './runs.ts';

/** Sends a run's events from `since` on until it ends or the reader leaves. Leaving is not stopping. */
export async function sendRun(response: Response, run: Run, since: number): Promise<void> {
  const stream = openEventStream(response);
  const left = new AbortController();
  let whole = false;
  stream.onClose(() => {
    if (!whole) streamDisconnects.inc();
    left.abort();
  });
  try {
    for await (const event of run.follow(since, left.signal)) {
      whole = event.name === 'done';
      await stream.send({ id: event.seq, name: event.name, data: event.data });
    }
  } finally {
    stream.end();
  }
}

/** As the reader accepts it: `text/event-stream`, else JSON. */
export async function answerWithRun(
  request: Request,
  response: Response,
  who: Principal,
  run: Run,
  conversations: Pick<ConversationsRepository, 'message'>,
): Promise<void> {
  if ((request.headers.accept ?? '').includes('text/event-stream')) {
    await sendRun(response, run, 0);
    return;
  }
  const left = new AbortController();
  response.on('close', () => left.abort());
  const seen = new Map<RunEvent['name'], unknown>();
  for await (const event of run.follow(0, left.signal)) seen.set(event.name, event.data);
  const failure = seen.get('error') as { status: number; retryAfter?: number } | undefined;
  if (failure !== undefined) {
    if (failure.retryAfter !== undefined) response.setHeader('Retry-After', failure.retryAfter);
    response.status(failure.status).setHeader('Content-Type', 'application/problem+json').end(JSON.stringify(failure));
    return;
  }
  if (left.signal.aborted) return;
  const message = await conversations.message(who, run.messageId);
  response.json({ runId: run.id, message, usage: seen.get('usage') ?? null });
}
