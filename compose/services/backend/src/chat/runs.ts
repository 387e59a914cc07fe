/**
 * One run is one answer being made. It goes on when its reader leaves; it ends at once when it is stopped. Its events
 * are numbered without gaps and kept for a while, so that a reader who lost the connection gets the rest.
 */

import type { SourceJson } from '../answer/provider.ts';
import type { Providers } from '../answer/providers.ts';
import { BackendProblem, toBackendProblem } from '../http/problem.ts';
import { log } from '../observability/log.ts';
import {
  abstentions,
  citations,
  llmTokens,
  queryDuration,
  runsActive,
  runsTotal,
  timeToFirstToken,
} from '../observability/metrics.ts';
import { type SearchParts, search } from '../retrieval/search.ts';
import { newId } from '../store/ids.ts';
import { abstainText } from './abstain-text.ts';
import { searchText } from './question.ts';
import type { ConversationsRepository, MessageStatus } from './repository.ts';

export interface RunEvent {
  readonly seq: number;
  readonly name: 'run' | 'status' | 'sources' | 'delta' | 'abstain' | 'usage' | 'error' | 'done';
  readonly data: unknown;
}
export interface Run {
  readonly id: string;
  readonly messageId: string;
  readonly events: readonly RunEvent[];
  readonly ended: boolean;
  /** Calls for each event after `since`, those that have been and those to come; answers how to leave. */
  follow(since: number, listener: (event: RunEvent) => void): () => void;
}
export interface Runs {
  /** @throws {BackendProblem} before anything is written */
  start(request: { conversationId: string; question: string; requestId: string }): Promise<Run>;
  /** @throws {BackendProblem} `run-not-resumable` */
  get(id: string): Run;
  /** Resolves when the partial answer is stored. Stopping what has ended changes nothing. */
  stop(id: string): Promise<void>;
  close(): Promise<void>;
}
export const RUNS = Symbol('runs');

const keepMs = 15 * 60_000;
const maxKept = 200;
const topK = 12;

export function createRuns(parts: SearchParts, conversations: ConversationsRepository, providers: Providers): Runs {
  const kept = new Map<string, Run & { abort: AbortController; finished: Promise<void> }>();

  function forget(): void {
    for (const [id, run] of kept) {
      if (kept.size <= maxKept) return;
      if (run.ended) kept.delete(id);
    }
  }

  async function documentsThere(kbIds: readonly string[]): Promise<boolean> {
    const row = await parts.database.one(
      `select 1 as here from documents where kb_id = any($1::uuid[]) and deleted_at is null and current_version is not null limit 1`,
      [kbIds],
    );
    return row !== undefined;
  }

  async function start(request: { conversationId: string; question: string; requestId: string }): Promise<Run> {
    const startedAt = performance.now();
    const [context, answerer] = await Promise.all([conversations.context(request.conversationId), providers.active()]);
    const messageId = await conversations.begin({
      conversationId: request.conversationId,
      question: request.question,
      provider: answerer.name,
      model: answerer.model,
    });
    const id = newId();
    const events: RunEvent[] = [];
    const listeners = new Set<(event: RunEvent) => void>();
    const abort = new AbortController();
    let ended = false;
    const emit = (name: RunEvent['name'], data: unknown): void => {
      const event = { seq: events.length + 1, name, data };
      events.push(event);
      for (const listener of listeners) listener(event);
    };

    let text = '';
    let sources: readonly SourceJson[] = [];
    let retrievalMs = 0;
    let ttftMs: number | null = null;
    let tokens = { input: 0, output: 0, estimated: true };

    const work = async (): Promise<MessageStatus> => {
      emit('run', {
        runId: id,
        conversationId: request.conversationId,
        messageId,
        provider: answerer.name,
        model: answerer.model,
      });
      emit('status', { phase: 'retrieving' });
      const abstain = (reason: 'no-documents' | 'not-in-documents', nearest: readonly string[]): MessageStatus => {
        abstentions.inc({ reason });
        text = abstainText(reason, nearest);
        emit('abstain', { code: reason, reason: abstainText(reason, []), nearest });
        return 'abstained';
      };
      if (!(await documentsThere(context.kbIds))) return abstain('no-documents', []);
      const previous = context.turns.filter((turn) => turn.role === 'user').at(-1)?.text;
      const query = searchText(request.question, previous);
      const found = await search(parts, { text: query, kbIds: context.kbIds, mode: 'hybrid', topK }, abort.signal);
      retrievalMs = performance.now() - startedAt;
      const nearest = [...new Set(found.hits.map((hit) => hit.title))].slice(0, 3);
      if (found.hits.length === 0) return abstain('not-in-documents', nearest);
      emit('status', { phase: 'generating' });
      const answer = answerer.answer({ question: query, history: context.turns, found }, abort.signal);
      for await (const event of answer) {
        abort.signal.throwIfAborted();
        if (event.kind === 'abstain') {
          sources = [];
          return abstain('not-in-documents', nearest);
        }
        if (event.kind === 'sources') {
          sources = event.sources;
          emit('sources', { sources });
        } else if (event.kind === 'tokens') {
          tokens = { input: event.input, output: event.output, estimated: event.estimated };
        } else {
          if (ttftMs === null) {
            ttftMs = performance.now() - startedAt;
            timeToFirstToken.observe({ provider: answerer.name }, ttftMs / 1000);
          }
          text += event.text;
          emit('delta', { text: event.text });
        }
      }
      return 'completed';
    };

    const perform = async (): Promise<void> => {
      runsActive.inc();
      let status: MessageStatus;
      let problem: BackendProblem | null = null;
      try {
        status = await work();
      } catch (error) {
        if (abort.signal.aborted) status = 'stopped';
        else {
          status = 'error';
          problem = toBackendProblem(error);
          log.error('run.failed', problem.code, { runId: id, requestId: request.requestId }, problem.cause ?? problem);
        }
      }
      const totalMs = performance.now() - startedAt;
      const outcome = status === 'streaming' ? 'error' : status;
      runsActive.dec();
      runsTotal.inc({ status: outcome });
      queryDuration.observe({ mode: 'hybrid', provider: answerer.name, outcome }, totalMs / 1000);
      if (status === 'completed') for (const source of sources) citations.inc({ strength: source.strength });
      const usage = {
        inputTokens: tokens.input,
        outputTokens: tokens.output,
        estimated: tokens.estimated,
        ttftMs: Math.round(ttftMs ?? totalMs),
        retrievalMs: Math.round(retrievalMs),
        totalMs: Math.round(totalMs),
      };
      if (answerer.name === 'embedded')
        llmTokens.inc({ provider: 'embedded', direction: 'output' }, Math.ceil(text.length / 4));
      const error = problem === null ? null : { code: problem.code, message: problem.message };
      await conversations.finish({ messageId, text, status, sources, usage, error }).catch((failure: unknown) => {
        log.error('run.store', 'An answer could not be stored', { runId: id }, failure);
      });
      if (problem !== null) emit('error', problem.details(request.requestId));
      emit('usage', usage);
      ended = true;
      emit('done', { status: outcome, messageId });
      log.info('run.ended', 'A question was answered', {
        runId: id,
        requestId: request.requestId,
        provider: answerer.name,
        status: outcome,
        sources: sources.length,
        ...usage,
      });
      setTimeout(() => kept.delete(id), keepMs).unref();
    };

    const run = {
      id,
      messageId,
      events,
      abort,
      get ended() {
        return ended;
      },
      follow(since: number, listener: (event: RunEvent) => void) {
        for (const event of events.slice(since)) listener(event);
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      finished: Promise.resolve(),
    };
    kept.set(id, run);
    forget();
    run.finished = perform();
    return run;
  }

  function known(id: string): Run & { abort: AbortController; finished: Promise<void> } {
    const run = kept.get(id);
    if (run === undefined)
      throw new BackendProblem('run-not-resumable', 'The events of this answer are no longer kept.');
    return run;
  }

  return {
    start,
    get: known,
    async stop(id) {
      const run = known(id);
      run.abort.abort(new DOMException('stopped', 'AbortError'));
      await run.finished;
    },
    async close() {
      for (const run of kept.values()) if (!run.ended) run.abort.abort(new DOMException('closing', 'AbortError'));
      await Promise.allSettled([...kept.values()].map((run) => run.finished));
    },
  };
}
