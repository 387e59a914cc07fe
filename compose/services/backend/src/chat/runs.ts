/**
 * One run is one answer being made. It goes on when its reader leaves; it ends at once when it is stopped. Its events
 * are numbered without gaps and kept for a while, so that a reader who lost the connection gets the rest.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { CitationJson, Notice, SourceJson } from '../answer/provider.ts';
import type { ProviderName } from '../answer/provider-names.ts';
import type { Providers } from '../answer/providers.ts';
import type { Principal } from '../auth/principal.ts';
import type { ConfigValues } from '../config/keys.ts';
import type { RagConfig } from '../config/service.ts';
import { BackendProblem, toBackendProblem } from '../http/problem.ts';
import { log } from '../observability/log.ts';
import type { SearchParts } from '../retrieval/search.ts';
import type { Bus } from '../store/bus.ts';
import { newId } from '../store/ids.ts';
import { abstainText } from './abstain-text.ts';
import { answering, retrieve } from './answering.ts';
import { startMeter } from './meter.ts';
import type { ConversationsRepository, MessageStatus, RunRow, TurnBranch } from './repository.ts';
import type { RunLog } from './run-log.ts';
import { storeLater } from './store-later.ts';

export interface RunEvent {
  readonly seq: number;
  readonly name:
    | 'run'
    | 'status'
    | 'sources'
    | 'delta'
    | 'abstain'
    | 'citation'
    | 'notice'
    | 'usage'
    | 'error'
    | 'done';
  readonly data: unknown;
}
export interface Run {
  readonly id: string;
  readonly messageId: string;
  /** The number of the newest event. */
  readonly last: number;
  /** Events after `since`, those that have been and those to come, to the last one or until the signal. */
  follow(since: number, signal: AbortSignal): AsyncGenerator<RunEvent>;
}
export interface RunRequest {
  readonly conversationId: string;
  readonly question: string;
  readonly requestId: string;
  readonly branch?: TurnBranch;
}
export interface Runs {
  /** @throws {BackendProblem} before anything is written */
  start(who: Principal, request: RunRequest): Promise<Run>;
  /** Wherever it is made. @throws {BackendProblem} `not-found`, `run-not-resumable` */
  get(who: Principal, id: string): Promise<Run>;
  /** Resolves when the partial answer is stored. Stopping what has ended changes nothing. @throws {BackendProblem} `not-found` */
  stop(who: Principal, id: string): Promise<void>;
  /** From now on this replica says that its runs go on, and ends those of replicas that do not. */
  keep(): void;
  /**
   * Lets the answers under way end for up to `patienceMs`; those that do not are stopped, and stored as that. From then
   * on none begins.
   */
  close(patienceMs: number): Promise<void>;
}
export const RUNS = Symbol('runs');

const keepMs = 15 * 60_000;
const maxKept = 200;
const heartbeatMs = 5000;
/** How long a stop waits for another replica. */
const stopPatienceMs = 5000;

interface LocalRun extends Run {
  readonly ended: boolean;
  readonly abort: AbortController;
  finished: Promise<void>;
}

/** What is fixed for a run when it begins. */
const snapshotOf = (values: ConfigValues): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => /^(llm|retrieval|chat)\./.test(name)));

export function createRuns(
  parts: SearchParts & { readonly bus: Bus; readonly runLog: RunLog; readonly config: Pick<RagConfig, 'values'> },
  conversations: ConversationsRepository,
  providers: Providers,
): Runs {
  const { bus, runLog, config } = parts;
  const kept = new Map<string, LocalRun>();
  let keeping: NodeJS.Timeout | null = null;
  let closed = false;

  function forget(): void {
    for (const [id, run] of kept) {
      if (kept.size <= maxKept) return;
      if (run.ended) kept.delete(id);
    }
  }

  const underWay = (): LocalRun[] => [...kept.values()].filter((run) => !run.ended);
  const stopped = (): DOMException => new DOMException('stopped', 'AbortError');
  bus.on('run.stop', ({ runId }) => kept.get(runId)?.abort.abort(stopped()));

  async function start(who: Principal, request: RunRequest): Promise<Run> {
    if (closed) throw new BackendProblem('shutting-down', 'Ask again in a moment.', { retryAfter: 2 });
    const startedAt = performance.now();
    const settings = config.values();
    const [context, answerer] = await Promise.all([
      conversations.context(who, request.conversationId, settings['chat.historyTurns'], request.branch?.questionId),
      providers.active(),
    ]);
    const id = newId();
    const abort = new AbortController();
    const asked = { question: request.question, ...context, answerer, settings };
    // Looks while the question is being written down: neither needs the other.
    const retrieved = retrieve(parts, who, asked, abort.signal);
    const messageId = await conversations
      .begin(
        who,
        {
          conversationId: request.conversationId,
          question: request.question,
          provider: answerer.name,
          model: answerer.model,
          branch: request.branch,
        },
        { id, config: snapshotOf(settings), replica: bus.replica },
      )
      .catch((error: unknown) => {
        abort.abort(stopped());
        throw error;
      });
    const events: RunEvent[] = [];
    let ended = false;
    let wake = (): void => undefined;
    let more = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const emit = (name: RunEvent['name'], data: unknown): void => {
      const event = { seq: events.length + 1, name, data };
      events.push(event);
      runLog.append(id, event);
      wake();
      more = new Promise<void>((resolve) => {
        wake = resolve;
      });
    };

    let readers = 0;
    let alone: NodeJS.Timeout | null = null;
    /** An answer that nobody reads goes on for a while, in case its reader comes back, here or at another replica. */
    const left = (): void => {
      if (ended || readers > 0 || alone !== null) return;
      alone = setTimeout(async () => {
        alone = null;
        if (ended || readers > 0) return;
        if (await runLog.isRead(id)) left();
        else abort.abort(stopped());
      }, settings['chat.disconnectGraceSec'] * 1000);
    };
    async function* follow(since: number, signal: AbortSignal): AsyncGenerator<RunEvent> {
      readers += 1;
      if (alone !== null) clearTimeout(alone);
      alone = null;
      const gone = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      try {
        for (let at = since; !signal.aborted; ) {
          const event = events[at];
          if (event === undefined) {
            if (ended) return;
            await Promise.race([more, gone]);
            continue;
          }
          at += 1;
          yield event;
          if (event.name === 'done') return;
        }
      } finally {
        readers -= 1;
        left();
      }
    }

    const meter = startMeter(settings['retrieval.mode'], startedAt);
    let text = '';
    let sources: readonly SourceJson[] = [];
    let cited: readonly CitationJson[] = [];
    let nearest: readonly string[] = [];
    const notices: Notice[] = [];
    let writer: { name: ProviderName; model: string } = answerer;
    let retrievalMs = 0;
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
      for await (const event of answering(parts, asked, retrieved, abort.signal)) {
        if (event.kind === 'retrieved') {
          retrievalMs = performance.now() - startedAt;
        } else if (event.kind === 'generating') {
          emit('status', { phase: 'generating' });
        } else if (event.kind === 'abstain') {
          const { reason } = event;
          nearest = event.nearest;
          sources = [];
          text = abstainText(reason, nearest);
          emit('abstain', { code: reason, reason: abstainText(reason, []), nearest });
          return 'abstained';
        } else if (event.kind === 'sources') {
          sources = event.sources;
          emit('sources', { sources });
        } else if (event.kind === 'tokens') {
          tokens = { input: event.input, output: event.output, estimated: event.estimated };
        } else if (event.kind === 'citations') {
          cited = event.citations;
          for (const citation of cited) emit('citation', citation);
        } else if (event.kind === 'notice') {
          notices.push(event.notice);
          emit('notice', event.notice);
        } else if (event.kind === 'provider') {
          writer = event;
        } else {
          meter.first(writer.name);
          text += event.text;
          emit('delta', { text: event.text });
        }
      }
      return 'completed';
    };

    const perform = async (): Promise<void> => {
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
      let outcome = status === 'streaming' ? ('error' as const) : status;
      const totalMs = meter.ended({ provider: writer.name, outcome, citations: cited, text });
      const usage = {
        inputTokens: tokens.input,
        outputTokens: tokens.output,
        estimated: tokens.estimated,
        ttftMs: Math.round(meter.firstMs ?? totalMs),
        retrievalMs: Math.round(retrievalMs),
        totalMs: Math.round(totalMs),
      };
      const end = {
        runId: id,
        messageId,
        text,
        status: outcome,
        sources,
        citations: cited,
        notices,
        nearest,
        provider: writer.name,
        model: writer.model,
        usage,
        error: problem === null ? null : { code: problem.code, message: problem.message },
      } as const;
      const unstored = await conversations.finish(end).then(
        () => null,
        (failure: unknown) => failure ?? new Error('unknown'),
      );
      if (unstored !== null) {
        log.error('run.store', 'An answer could not be stored', { runId: id }, unstored);
        // Its reader learns of it now; the answer itself is kept as it is as soon as that can be done.
        void storeLater(() => conversations.finish(end));
        problem ??= toBackendProblem(unstored);
        outcome = 'error';
      }
      if (problem !== null) emit('error', problem.details(request.requestId));
      emit('usage', usage);
      ended = true;
      emit('done', { status: outcome, messageId });
      log.info('run.ended', 'A question was answered', {
        runId: id,
        requestId: request.requestId,
        provider: writer.name,
        status: outcome,
        sources: sources.length,
        ...usage,
      });
      setTimeout(() => kept.delete(id), keepMs).unref();
    };

    const run: LocalRun = {
      id,
      messageId,
      abort,
      follow,
      get last() {
        return events.length;
      },
      get ended() {
        return ended;
      },
      finished: Promise.resolve(),
    };
    kept.set(id, run);
    forget();
    run.finished = perform();
    return run;
  }

  const gone = (): BackendProblem =>
    new BackendProblem('run-not-resumable', 'The events of this answer are no longer kept.');

  /** A run of another replica, by what that one writes into Redis. */
  async function elsewhere(who: Principal, row: RunRow): Promise<Run> {
    const newest = await runLog.last(row.id).catch(() => undefined);
    if (newest === undefined) throw gone();
    const { seq: last, name } = newest;
    async function* follow(since: number, signal: AbortSignal): AsyncGenerator<RunEvent> {
      if (since >= last && name === 'done') return;
      let at = since;
      let over = false;
      for await (const group of runLog.read(row.id, since, signal)) {
        for (const event of group) {
          // Never a gap: the reader asks again and is told that the rest is gone.
          if (event.seq !== at + 1) throw gone();
          at = event.seq;
          yield event;
          if (event.name === 'done') return;
        }
        if (group.length > 0) continue;
        const { state } = await conversations.run(who, row.id);
        // Over, and yet no end in the stream a while later: whoever made it was killed.
        if (over) {
          yield { seq: at + 1, name: 'done', data: { status: state, messageId: row.messageId } };
          return;
        }
        over = state !== 'running';
      }
    }
    return { id: row.id, messageId: row.messageId, last, follow };
  }

  return {
    start,
    async get(who, id) {
      const row = await conversations.run(who, id);
      return kept.get(id) ?? elsewhere(who, row);
    },
    async stop(who, id) {
      const row = await conversations.run(who, id);
      const run = kept.get(id);
      if (run !== undefined) {
        run.abort.abort(stopped());
        await run.finished;
        return;
      }
      if (row.state !== 'running') return;
      bus.publish('run.stop', { runId: id });
      for (const until = Date.now() + stopPatienceMs; Date.now() < until; ) {
        await pause(40);
        if ((await conversations.run(who, id)).state !== 'running') return;
      }
    },
    keep() {
      keeping ??= setInterval(() => {
        conversations.keepRuns(bus.replica).catch(() => undefined);
      }, heartbeatMs);
    },
    async close(patienceMs) {
      const until = performance.now() + patienceMs;
      // One may have begun in the moment before.
      while (underWay().length > 0 && performance.now() < until)
        await Promise.race([
          Promise.allSettled(underWay().map((run) => run.finished)),
          pause(until - performance.now()),
        ]);
      closed = true;
      for (const run of underWay()) run.abort.abort(stopped());
      await Promise.allSettled(underWay().map((run) => run.finished));
      if (keeping !== null) clearInterval(keeping);
    },
  };
}
