/**
 * Finds the engine, stays with it and says how it is doing. A heartbeat tells a hung engine (whose streams stay
 * silently open) within heartbeatMs + answerMs; a lost one is looked for again with back-off.
 */
import type { EngineState } from '../../shared/model/engine.ts';
import { type Problem, ProblemError, toProblem } from '../../shared/model/problem.ts';
import {
  discoverEngines,
  engineInstalled,
  parseAddress,
  type Surroundings,
  surroundings,
  wrongKind,
} from './discovery.ts';
import { createDockerEngine, type DockerEngine } from './docker-engine.ts';
import type { EngineClient, EngineEndpoint, EngineVersion } from './engine-client.ts';
import {
  engineHalted,
  engineNotAnswering,
  engineNotASocket,
  engineStarting,
  engineStopped,
} from './engine-problems.ts';
import { engineProcess } from './engine-process.ts';
import { tryStart } from './start-engine.ts';

const heartbeatMs = 2000;
const answerMs = 4000;
/** The first answer over ssh waits for its handshake, perhaps through jump hosts. */
const firstSshAnswerMs = 15_000;
/** An engine that loads many containers takes its time; one that is silent for longer hangs. */
const youngMs = 60_000;
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
  /**
   * Looks at another address from now on (undefined: wherever Docker's own settings say) and answers the state there.
   * Clients of the engine before are closed, so nothing may be under way.
   * @throws {ProblemError} `engine-address-refused` when the text is no address; then nothing changes
   */
  use(address: string | undefined): Promise<EngineState>;
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
  readonly candidate: EngineEndpoint;
  readonly engine: DockerEngine;
  readonly version: EngineVersion;
}

export interface MonitorOptions {
  /** `--engine`; undefined leaves it to Docker's own settings. */
  readonly engine?: string;
  /** While it says yes, a ready engine is kept even though `docker context use` names another by now. */
  readonly busy?: () => boolean;
}

/** Begins to look at once. @param parts for tests */
export function createEngineMonitor(options: MonitorOptions, parts: Partial<MonitorParts> = {}): EngineMonitor {
  const busy = options.busy ?? (() => false);
  let named = options.engine;
  /** Counts the calls of `use`, so that a look at an address of before is not believed. */
  let turn = 0;
  let turning = new AbortController();
  const around = parts.around ?? surroundings();
  const connect = parts.connect ?? createDockerEngine;
  const start = parts.start ?? ((endpoint) => tryStart(endpoint, around));
  const listeners = new Set<(state: EngineState) => void>();
  const closing = new AbortController();
  let current: DockerEngine | null = null;
  let startingUntilMs = 0;
  let wake: () => void = () => undefined;
  let state: EngineState = { ...unknown, endpoint: named ?? '', foundBy: named ? '--engine' : '' };
  /** The engine process that answered last: one that is silent after that does not start, it hangs. */
  let answeredPid: number | null = null;
  let endpoint: EngineEndpoint = { url: state.endpoint, foundBy: state.foundBy };

  function publish(next: EngineState): void {
    if (closing.signal.aborted || JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    for (const listener of [...listeners]) listener(state);
  }

  function publishProblem(problem: Problem): void {
    const final = problem.code === 'engine-too-old' || problem.code === 'engine-too-new';
    const starting = performance.now() < startingUntilMs && !final;
    const next = starting ? ('starting' as const) : stateOf(problem);
    publish({ ...state, endpoint: endpoint.url, foundBy: endpoint.foundBy, state: next, problem });
  }

  /** The first candidate that answers; otherwise the most telling problem of all of them. */
  async function look(): Promise<Found> {
    const mine = turn;
    const { signal: turned } = turning;
    const problems: { problem: Problem; candidate: EngineEndpoint }[] = [];
    for (const candidate of await discoverEngines(named, around)) {
      const wrong = await wrongKind(candidate);
      if (wrong !== null) {
        problems.push({ problem: engineNotASocket(candidate, wrong), candidate });
        continue;
      }
      // The same engine keeps its client, so that what others hold of it stays good.
      const known = current !== null && sameEndpoint(current.endpoint, candidate) ? current : null;
      const engine = known ?? connect(candidate);
      try {
        const withinMs = candidate.url.startsWith('ssh:') ? firstSshAnswerMs : answerMs;
        const version = await answered(candidate, (signal) => engine.version(signal), turned, withinMs);
        return { candidate, engine, version };
      } catch (error) {
        if (known === null) engine.close();
        problems.push({ problem: await refine(toProblem(error), candidate), candidate });
      }
    }
    const worst = problems.sort((a, b) => telling(b.problem) - telling(a.problem))[0];
    if (worst && mine === turn) endpoint = worst.candidate;
    throw new ProblemError(worst?.problem ?? engineNotAnswering(endpoint, []));
  }

  /** What "nothing there" and "no answer" mean depends on whether an engine is installed, runs, or was just started. */
  async function refine(problem: Problem, candidate: EngineEndpoint): Promise<Problem> {
    if (!['engine-missing', 'engine-stopped', 'engine-not-answering'].includes(problem.code)) return problem;
    if (!/^(?:unix|npipe):/.test(candidate.url)) return problem;
    const running = await engineProcess(candidate);
    if (running !== null) {
      const evidence = [
        ...problem.evidence,
        `process ${running.pid}, running for ${Math.round(running.ageMs / 1000)} s`,
      ];
      const silent = problem.code === 'engine-not-answering';
      if (silent && running.halted) return engineHalted(candidate, evidence, running.pid);
      if (running.ageMs < youngMs && running.pid !== answeredPid) return engineStarting(candidate, evidence);
    }
    if (problem.code !== 'engine-missing') return problem;
    return (await engineInstalled(around)) ? engineStopped(candidate, problem.evidence, around.platform) : problem;
  }

  /** Any look at the engine, bounded; a deadline is a Problem like every other. */
  async function answered<T>(
    where: EngineEndpoint,
    ask: (signal: AbortSignal) => Promise<T>,
    turned: AbortSignal,
    withinMs = answerMs,
  ): Promise<T> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), withinMs);
    const onClose = () => deadline.abort();
    const ends = [closing.signal, turned];
    for (const end of ends) {
      end.addEventListener('abort', onClose, { once: true });
      if (end.aborted) onClose();
    }
    try {
      return await ask(deadline.signal);
    } catch (error) {
      if (!deadline.signal.aborted) throw error;
      throw new ProblemError(engineNotAnswering(where, [`no answer for ${withinMs / 1000} s`]), { cause: error });
    } finally {
      clearTimeout(timer);
      for (const end of ends) end.removeEventListener('abort', onClose);
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

  /** Do Docker's own settings (a context, chosen in a terminal) name another engine by now? Reads two small files. */
  async function movedAway(): Promise<boolean> {
    if (named !== undefined || busy()) return false;
    const candidates = await discoverEngines(undefined, around).catch(() => null);
    return candidates !== null && !candidates.some((candidate) => sameEndpoint(candidate, endpoint));
  }

  /** Forgets the engine in use: whoever watches sees `connecting` before another one is ready. */
  function leave(): void {
    current?.close();
    current = null;
    answeredPid = null;
    startingUntilMs = 0;
    endpoint = { url: named ?? '', foundBy: named === undefined ? '' : '--engine' };
    publish({ ...unknown, endpoint: endpoint.url, foundBy: endpoint.foundBy });
  }

  async function watch(): Promise<void> {
    let backoffMs = firstBackoffMs;
    while (!closing.signal.aborted) {
      const mine = turn;
      const { signal: turned } = turning;
      try {
        const { candidate, engine, version } = await look();
        if (mine !== turn || closing.signal.aborted) {
          if (engine !== current) engine.close();
          continue;
        }
        if (current !== engine) current?.close();
        current = engine;
        endpoint = candidate;
        startingUntilMs = 0;
        backoffMs = firstBackoffMs;
        publish(readyState(endpoint, version));
        answeredPid = (await engineProcess(endpoint))?.pid ?? null;
        while (!closing.signal.aborted && mine === turn) {
          await pause(heartbeatMs);
          if (closing.signal.aborted || mine !== turn) break;
          if (await movedAway()) {
            leave();
            break;
          }
          await answered(endpoint, (signal) => engine.ping(signal), turned);
        }
      } catch (error) {
        if (closing.signal.aborted) return;
        const problem = await refine(toProblem(error), endpoint);
        if (mine !== turn) {
          backoffMs = firstBackoffMs;
          continue;
        }
        publishProblem(problem);
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
    async use(address) {
      if (address !== undefined) parseAddress(address, 'the settings');
      named = address;
      turn += 1;
      turning.abort();
      turning = new AbortController();
      leave();
      wake();
      await until(() => state.state !== 'connecting', startMs);
      return state;
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

const unknown: EngineState = {
  state: 'connecting',
  endpoint: '',
  foundBy: '',
  serverVersion: null,
  apiVersion: null,
  platform: null,
  cpus: null,
  memBytes: null,
  problem: null,
};

function sameEndpoint(a: EngineEndpoint, b: EngineEndpoint): boolean {
  return a.url === b.url && a.tlsDir === b.tlsDir;
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
    case 'engine-starting':
      return 'starting';
    case 'engine-too-old':
      return 'too-old';
    case 'engine-too-new':
      return 'too-new';
    case 'engine-missing':
    case 'engine-address-refused':
      return 'missing';
    default:
      return 'not-answering';
  }
}

/** Of several engines that cannot be used, the one nearest to being usable is worth the person's time. */
function telling(problem: Problem): number {
  const order = [
    'engine-missing',
    'engine-stopped',
    'engine-not-answering',
    'engine-too-new',
    'engine-too-old',
    'engine-no-permission',
    'engine-starting',
  ];
  return order.indexOf(problem.code);
}
