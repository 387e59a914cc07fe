/**
 * Waits for containers by the engine's events, not by polling: one subscription for the project, opened before the
 * first start, and a look every two seconds in case an event got lost (the engine restarted, the stream broke).
 */

import { projectLabel } from '../../shared/model/compose-labels.ts';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { EngineClient, EngineEvent, JsonObject } from '../engine/engine-client.ts';
import { type ContainerFacts, readFacts } from './container-facts.ts';

const safetyLookMs = 2000;
/** A look that takes longer says that the engine hangs; one that starts containers may well take some seconds. */
const lookMs = 10_000;
/** An engine that was away for so long is told, instead of waited for: a restarting one is back sooner. */
const engineLostMs = 6000;
/** Some pause a container for a moment, to copy its files. For longer, it waits for a person. */
const pausedMs = 4000;
/** A container that its restart policy brought back this often while we waited will not come up by itself. */
const crashesUntilGivenUp = 3;

/** What a wait ended with. */
export type Verdict =
  /** `probed`: its healthcheck says so; otherwise it has none, and runs. */
  | { readonly kind: 'ready'; readonly probed: boolean }
  | { readonly kind: 'unhealthy'; readonly facts: ContainerFacts }
  | { readonly kind: 'exited'; readonly facts: ContainerFacts }
  | { readonly kind: 'crashing'; readonly facts: ContainerFacts }
  | { readonly kind: 'paused' }
  | { readonly kind: 'gone' };

export interface HealthGate {
  /** Resolves when the engine listens for us, or after a second without an answer: the safety look covers the rest. */
  opened(): Promise<void>;
  /** Ready is what the engine calls healthy; where there is no healthcheck, running. Rejects on abort, or with the engine's Problem when that stays away. */
  ready(containerId: string, signal: AbortSignal): Promise<Verdict>;
  /** Waits for the end of a one-shot container: `exited` with its exit code, or `gone`. Rejects as `ready` does. */
  exited(containerId: string, signal: AbortSignal): Promise<Verdict>;
  close(): void;
}

interface Waiter {
  readonly id: string;
  readonly judge: (facts: ContainerFacts) => Verdict | null;
  readonly settle: (verdict: Verdict) => void;
  readonly fail: (error: unknown) => void;
  /** By the steady clock: since when no look was answered, and since when it is paused. */
  unansweredSinceMs: number | null;
  pausedSinceMs: number | null;
  looking: boolean;
  again: boolean;
}

export function createHealthGate(engine: EngineClient, project: string): HealthGate {
  const closing = new AbortController();
  const waiters = new Set<Waiter>();
  let markOpened: () => void = () => undefined;
  const openedOnce = new Promise<void>((resolve) => {
    markOpened = resolve;
    const timer = setTimeout(resolve, 1000);
    timer.unref();
  });

  async function listen(): Promise<void> {
    for (let pauseMs = 100; !closing.signal.aborted; pauseMs = Math.min(pauseMs * 2, 2000)) {
      const onOpen = (): void => {
        pauseMs = 100;
        markOpened();
        // What happened before the stream opened is only seen by looking.
        for (const waiter of waiters) void look(waiter);
      };
      const options = { labels: [`${projectLabel}=${project}`], onOpen };
      await engine.events(options, onEvent, closing.signal).catch(() => undefined);
      if (!closing.signal.aborted) await pause(pauseMs, closing.signal);
    }
  }

  function onEvent(event: EngineEvent): void {
    if (event.type !== 'container') return;
    for (const waiter of waiters) if (waiter.id === event.id && matters(event.action)) void look(waiter);
  }

  /** Looks once; an event that comes while looking asks for another look, so that none is judged on old facts. */
  async function look(waiter: Waiter): Promise<void> {
    if (waiter.looking) {
      waiter.again = true;
      return;
    }
    waiter.looking = true;
    do {
      waiter.again = false;
      const raw = await ask(waiter);
      if (raw === undefined) continue;
      const verdict = raw === null ? ({ kind: 'gone' } as const) : verdictOf(waiter, readFacts(raw));
      if (verdict !== null) waiter.settle(verdict);
    } while (waiter.again && waiters.has(waiter));
    waiter.looking = false;
  }

  function verdictOf(waiter: Waiter, facts: ContainerFacts): Verdict | null {
    if (facts.state !== 'paused') waiter.pausedSinceMs = null;
    else waiter.pausedSinceMs ??= performance.now();
    const paused = waiter.pausedSinceMs !== null && performance.now() - waiter.pausedSinceMs >= pausedMs;
    return paused ? { kind: 'paused' } : waiter.judge(facts);
  }

  /** A failing engine is not a failing container: undefined until it has failed for long. Never rejects. */
  async function ask(waiter: Waiter): Promise<JsonObject | null | undefined> {
    const from = performance.now();
    const limit = AbortSignal.timeout(lookMs);
    try {
      const raw = await engine.inspectContainer(waiter.id, limit);
      waiter.unansweredSinceMs = null;
      return raw;
    } catch (error) {
      waiter.unansweredSinceMs ??= from;
      const awayMs = performance.now() - waiter.unansweredSinceMs;
      if (awayMs >= engineLostMs) waiter.fail(limit.aborted ? engineHangs(awayMs) : error);
      return undefined;
    }
  }

  function wait(id: string, judge: Waiter['judge'], signal: AbortSignal): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiters.delete(waiter);
        clearInterval(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        leave();
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        id,
        judge,
        looking: false,
        again: false,
        settle(verdict) {
          leave();
          resolve(verdict);
        },
        fail(error) {
          leave();
          reject(error);
        },
        unansweredSinceMs: null,
        pausedSinceMs: null,
      };
      const timer = setInterval(() => void look(waiter), safetyLookMs);
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      waiters.add(waiter);
      void look(waiter);
    });
  }

  void listen();
  return {
    opened: () => openedOnce,
    async ready(id, signal) {
      let restartsAtFirst: number | null = null;
      const judge = (facts: ContainerFacts): Verdict | null => {
        restartsAtFirst ??= facts.restartCount;
        return judgeReady(facts, facts.restartCount - restartsAtFirst);
      };
      return wait(id, judge, signal);
    },
    exited: (id, signal) =>
      wait(
        id,
        (facts) => (facts.state === 'exited' || facts.state === 'dead' ? { kind: 'exited', facts } : null),
        signal,
      ),
    close: () => closing.abort(),
  };
}

function engineHangs(forMs: number): ProblemError {
  return new ProblemError(
    problem(
      'engine-not-answering',
      'The container engine does not answer',
      `It gave no answer for ${Math.round(forMs / 1000)} s while services were starting. What was started stays as it is.`,
      { remedies: [{ action: 'retry', label: 'Start again once it answers' }] },
    ),
  );
}

/** Null while it is still open. `created` counts as not yet started: who waits has already asked for the start. */
export function judgeReady(facts: ContainerFacts, restartsSeen: number): Verdict | null {
  if (facts.state === 'exited' || facts.state === 'dead') return { kind: 'exited', facts };
  if (restartsSeen >= crashesUntilGivenUp) return { kind: 'crashing', facts };
  if (facts.state !== 'running') return null;
  if (facts.health === 'unhealthy') return { kind: 'unhealthy', facts };
  return facts.health === 'starting' ? null : { kind: 'ready', probed: facts.health === 'healthy' };
}

function matters(action: string): boolean {
  return (
    action === 'start' ||
    action === 'die' ||
    action === 'oom' ||
    action === 'destroy' ||
    action.startsWith('health_status')
  );
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
