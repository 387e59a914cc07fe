/**
 * Finds the engine, stays with it and says how it is doing. A heartbeat tells a hung engine (whose streams stay
 * silently open) within heartbeatMs + answerMs; a lost one is looked for again with back-off.
 */
import type { EngineState } from '../../shared/model/engine.ts';
import { type Problem, ProblemError, toProblem } from '../../shared/model/problem.ts';
import { discoverEngines, engineInstalled, type Surroundings, surroundings, wrongKind } from './discovery.ts';
import { createDockerEngine, type DockerEngine } from './docker-engine.ts';
import type { EngineClient, EngineEndpoint, EngineVersion } from './engine-client.ts';
import { engineNotAnswering, engineNotASocket, engineStopped } from './engine-problems.ts';
import { tryStart } from './start-engine.ts';

const heartbeatMs = 2000;
const answerMs = 4000;
const firstBackoffMs = 250;
const maxBackoffMs = 5000;
/** A virtual machine that boots an engine takes its time. */
const startMs = 120_000;

export interface EngineMonitor {
  readonly state: EngineState;
  /** @throws {ProblemError} the engine's own problem while it is not ready */
  client(): EngineClient;
  /**
   * Waits for the verdict of a look that is under way, and beyond it for at most `timeoutMs` (default 0) until ready.
   * @throws {ProblemError} what keeps the engine from being ready
   */
  ready(timeoutMs?: number): Promise<EngineClient>;
  /** Called with each change, not with the present state; answers how to stop. */
  subscribe(listener: (state: EngineState) => void): () => void;
  /** Looks at once instead of at the next heartbeat: for whoever just lost a stream. */
  check(): void;
  /** Tries to start a stopped engine and answers the state after. Never asks for a password. */
  startEngine(): Promise<EngineState>;
  close(): void;
}

export interface MonitorParts {
  readonly around: Surroundings;
  readonly connect: (endpoint: EngineEndpoint) => DockerEngine;
  readonly start: (endpoint: EngineEndpoint) => Promise<boolean>;
}

interface Found {
  readonly engine: DockerEngine;
  readonly version: EngineVersion;
}

/** Begins to look at once. @param parts for tests */
export function createEngineMonitor(
  { engine: named }: { engine?: string },
  parts: Partial<MonitorParts> = {},
): EngineMonitor {
  const around = parts.around ?? surroundings();
  const connect = parts.connect ?? createDockerEngine;
  const start = parts.start ?? ((endpoint) => tryStart(endpoint, around));
  const listeners = new Set<(state: EngineState) => void>();
  const closing = new AbortController();
  let current: DockerEngine | null = null;
  let startingUntilMs = 0;
  let wake: () => void = () => undefined;
  let state: EngineState = {
    state: 'connecting',
    endpoint: named ?? '',
    foundBy: named ? '--engine' : '',
    serverVersion: null,
    apiVersion: null,
    platform: null,
    cpus: null,
    memBytes: null,
    problem: null,
  };
  let endpoint: EngineEndpoint = { url: state.endpoint, foundBy: state.foundBy };

  function publish(next: EngineState): void {
    if (closing.signal.aborted || JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    for (const listener of [...listeners]) listener(state);
  }

  function publishProblem(problem: Problem): void {
    const starting = performance.now() < startingUntilMs && problem.code !== 'engine-too-old';
    const next = starting ? ('starting' as const) : stateOf(problem);
    publish({ ...state, endpoint: endpoint.url, foundBy: endpoint.foundBy, state: next, problem });
  }

  /** The first candidate that answers; otherwise the most telling problem of all of them. */
  async function look(): Promise<Found> {
    const problems: { problem: Problem; candidate: EngineEndpoint }[] = [];
    for (const candidate of await discoverEngines(named, around)) {
      const wrong = await wrongKind(candidate);
      if (wrong !== null) {
        problems.push({ problem: engineNotASocket(candidate, wrong), candidate });
        continue;
      }
      // The same engine keeps its client, so that what others hold of it stays good.
      const known = current?.endpoint.url === candidate.url ? current : null;
      const engine = known ?? connect(candidate);
      try {
        const version = await answered(candidate, (signal) => engine.version(signal));
        endpoint = candidate;
        return { engine, version };
      } catch (error) {
        if (known === null) engine.close();
        problems.push({ problem: await refine(toProblem(error), candidate), candidate });
      }
    }
    const worst = problems.sort((a, b) => telling(b.problem) - telling(a.problem))[0];
    if (worst) endpoint = worst.candidate;
    throw new ProblemError(worst?.problem ?? engineNotAnswering(endpoint, []));
  }

  /** "Nothing there" means another thing where Docker is installed. */
  async function refine(problem: Problem, candidate: EngineEndpoint): Promise<Problem> {
    if (problem.code !== 'engine-missing' || !/^(?:unix|npipe):/.test(candidate.url)) return problem;
    return (await engineInstalled(around)) ? engineStopped(candidate, problem.evidence, around.platform) : problem;
  }

  /** Any look at the engine, bounded; a deadline is a Problem like every other. */
  async function answered<T>(where: EngineEndpoint, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), answerMs);
    const onClose = () => deadline.abort();
    closing.signal.addEventListener('abort', onClose, { once: true });
    try {
      return await ask(deadline.signal);
    } catch (error) {
      if (!deadline.signal.aborted) throw error;
      throw new ProblemError(engineNotAnswering(where, [`no answer for ${answerMs / 1000} s`]), { cause: error });
    } finally {
      clearTimeout(timer);
      closing.signal.removeEventListener('abort', onClose);
    }
  }

  async function pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function watch(): Promise<void> {
    let backoffMs = firstBackoffMs;
    while (!closing.signal.aborted) {
      try {
        const { engine, version } = await look();
        if (current !== engine) current?.close();
        current = engine;
        startingUntilMs = 0;
        backoffMs = firstBackoffMs;
        publish(readyState(endpoint, version));
        while (!closing.signal.aborted) {
          await pause(heartbeatMs);
          if (!closing.signal.aborted) await answered(endpoint, (signal) => engine.ping(signal));
        }
      } catch (error) {
        if (closing.signal.aborted) return;
        publishProblem(await refine(toProblem(error), endpoint));
        await pause(backoffMs);
        backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
      }
    }
  }

  function client(): EngineClient {
    if (state.state === 'ready' && current !== null) return current;
    throw new ProblemError(state.problem ?? engineNotAnswering(endpoint, ['still looking']));
  }

  const unsettled = () => state.state === 'connecting' || state.state === 'starting';

  /** Resolves at the first state that fulfils `wanted`, at the deadline, or on close. */
  async function until(wanted: () => boolean, timeoutMs: number): Promise<void> {
    if (wanted() || closing.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        listeners.delete(listener);
        closing.signal.removeEventListener('abort', done);
        resolve();
      };
      const listener = () => {
        if (wanted()) done();
      };
      const timer = setTimeout(done, timeoutMs);
      listeners.add(listener);
      closing.signal.addEventListener('abort', done, { once: true });
    });
  }

  void watch();

  return {
    get state() {
      return state;
    },
    client,
    async ready(timeoutMs = 0) {
      await until(() => !unsettled(), startMs);
      if (timeoutMs > 0) await until(() => state.state === 'ready', timeoutMs);
      return client();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    check: () => wake(),
    async startEngine() {
      await until(() => state.state !== 'connecting', startMs);
      if (state.state !== 'stopped' || !(await start(endpoint))) return state;
      startingUntilMs = performance.now() + startMs;
      if (state.problem !== null) publishProblem(state.problem);
      wake();
      await until(() => state.state !== 'starting', startMs + maxBackoffMs);
      return state;
    },
    close() {
      closing.abort();
      wake();
      current?.close();
    },
  };
}

function readyState(endpoint: EngineEndpoint, version: EngineVersion): EngineState {
  return {
    state: 'ready',
    endpoint: endpoint.url,
    foundBy: endpoint.foundBy,
    serverVersion: version.serverVersion,
    apiVersion: version.apiVersion,
    platform: `${version.os}/${version.arch}`,
    cpus: version.cpus,
    memBytes: version.memBytes,
    problem: null,
  };
}

function stateOf(problem: Problem): EngineState['state'] {
  switch (problem.code) {
    case 'engine-stopped':
      return 'stopped';
    case 'engine-no-permission':
      return 'no-permission';
    case 'engine-too-old':
      return 'too-old';
    case 'engine-missing':
    case 'engine-address-refused':
      return 'missing';
    default:
      return 'not-answering';
  }
}

/** Of several engines that cannot be used, the one nearest to being usable is worth the person's time. */
function telling(problem: Problem): number {
  const order = ['engine-missing', 'engine-stopped', 'engine-not-answering', 'engine-too-old', 'engine-no-permission'];
  return order.indexOf(problem.code);
}
