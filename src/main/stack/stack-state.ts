/**
 * The stack's state: one list and inspect, then kept by the engine's event stream. The list is the truth: it is read
 * again after a reconnect and every 60 s, because an event can be lost (study: security.md section 4, F24).
 */
import { projectLabel } from '../../shared/model/compose-labels.ts';
import type { EngineState } from '../../shared/model/engine.ts';
import type { StackState } from '../../shared/model/stack.ts';
import type { EngineClient, EngineEvent } from '../engine/engine-client.ts';
import {
  backendUrl,
  type DeclaredService,
  type ObservedContainer,
  stackStatus,
  toContainer,
  toServices,
} from './derive.ts';

export type { DeclaredService } from './derive.ts';

export interface StackStateHub {
  snapshot(): StackState;
  /** Called with each new snapshot, not with the present one; answers how to stop. */
  subscribe(listener: (state: StackState) => void): () => void;
  /** Reads everything again. Never rejects: while the engine is away the snapshot says since when it is stale. */
  refresh(): Promise<StackState>;
  /** Resolves with the first snapshot that fulfils `predicate`, the present one included. Rejects on abort only. */
  settled(predicate: (state: StackState) => boolean, signal: AbortSignal): Promise<StackState>;
  close(): void;
}

/** The part of the engine monitor this needs. */
export interface EngineSource {
  readonly state: EngineState;
  client(): EngineClient;
  subscribe(listener: (state: EngineState) => void): () => void;
}

/** What changes a page. The others, above all the execs of every healthcheck, are not even sent: they slow the stream. */
const telling = [
  'create',
  'start',
  'restart',
  'pause',
  'unpause',
  'oom',
  'die',
  'stop',
  'destroy',
  'rename',
  'update',
  'health_status',
];
/** A stop is several events at once; one look after them is enough. */
const coalesceMs = 20;
const relistMs = 60_000;
const maxBackoffMs = 5_000;

export function createStackState(deps: {
  monitor: EngineSource;
  project: string;
  environment: string;
  declared: () => Promise<readonly DeclaredService[]>;
  /** The bundled stack: its service `backend` answers questions. Another project may have one of that name too. */
  bundled?: boolean;
}): StackStateHub {
  const { monitor, project, environment, bundled = true } = deps;
  const listeners = new Set<(state: StackState) => void>();
  const observed = new Map<string, ObservedContainer>();
  let declared: readonly DeclaredService[] = [];
  let state: StackState = {
    revision: 0,
    project,
    environment,
    status: 'unknown',
    services: [],
    staleSinceMs: null,
    backendUrl: null,
  };
  let known = false;
  let closed = false;
  let watching: AbortController | null = null;

  function publish(staleSinceMs: number | null): void {
    const services = toServices(declared, [...observed.values()]);
    const next: StackState = {
      revision: state.revision + 1,
      project,
      environment,
      status: known ? stackStatus(services) : 'unknown',
      services,
      staleSinceMs,
      backendUrl: bundled && staleSinceMs === null ? backendUrl(services) : null,
    };
    const same = JSON.stringify({ ...next, revision: 0 }) === JSON.stringify({ ...state, revision: 0 });
    if (same || closed) return;
    state = next;
    for (const listener of [...listeners]) listener(state);
  }

  async function inspect(client: EngineClient, id: string): Promise<void> {
    const raw = await client.inspectContainer(id);
    const container = raw === null ? null : toContainer(raw);
    if (container === null) observed.delete(id);
    else observed.set(container.id, container);
  }

  async function list(): Promise<void> {
    const client = monitor.client();
    // A Compose file that does not load is told where it is loaded to start; the engine's truth is shown all the same.
    declared = await deps.declared().catch(() => declared);
    const summaries = await client.listContainers([`${projectLabel}=${project}`]);
    const ids = new Set(summaries.map((summary) => summary.id));
    for (const id of [...observed.keys()]) if (!ids.has(id)) observed.delete(id);
    await Promise.all([...ids].map((id) => inspect(client, id)));
    known = true;
    publish(null);
  }

  let listing: Promise<void> | null = null;
  /** Calls that overlap share one reading, and one more follows for those that came in its middle. */
  let again = false;
  async function relist(): Promise<void> {
    if (listing !== null) {
      again = true;
      return listing;
    }
    listing = (async () => {
      do {
        again = false;
        await list();
      } while (again && !closed);
    })().finally(() => {
      listing = null;
    });
    return listing;
  }

  const dirty = new Set<string>();
  let flush: NodeJS.Timeout | undefined;
  function touched(event: EngineEvent): void {
    if (event.type !== 'container' || !telling.includes(event.action)) return;
    dirty.add(event.id);
    flush ??= setTimeout(() => {
      flush = undefined;
      const ids = [...dirty];
      dirty.clear();
      const look = async () => {
        const client = monitor.client();
        await Promise.all(ids.map((id) => inspect(client, id)));
        publish(null);
      };
      look().catch(() => relist().catch(() => undefined));
    }, coalesceMs);
  }

  /** One event stream after another for as long as the engine is ready. */
  async function watch(signal: AbortSignal): Promise<void> {
    let waitMs = 100;
    while (!signal.aborted) {
      try {
        await monitor.client().events(
          {
            labels: [`${projectLabel}=${project}`],
            types: ['container'],
            actions: telling,
            onOpen: () => {
              waitMs = 100;
              // Subscribed first, listed second: what happens in between is seen twice rather than never.
              relist().catch(() => undefined);
            },
          },
          touched,
          signal,
        );
      } catch {
        // Told by the engine monitor; here it means "look again soon".
      }
      if (signal.aborted) return;
      if (state.staleSinceMs === null) publish(Date.now());
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      });
      waitMs = Math.min(waitMs * 2, maxBackoffMs);
    }
  }

  function follow(engine: EngineState): void {
    if (closed) return;
    if (engine.state === 'ready') {
      if (watching !== null) return;
      watching = new AbortController();
      void watch(watching.signal);
    } else if (engine.state !== 'connecting') {
      watching?.abort();
      watching = null;
      if (state.staleSinceMs === null) publish(Date.now());
    }
  }

  const unsubscribe = monitor.subscribe(follow);
  const timer = setInterval(() => {
    if (watching !== null) relist().catch(() => undefined);
  }, relistMs);
  timer.unref();
  follow(monitor.state);

  return {
    snapshot: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async refresh() {
      await relist().catch(() => {
        if (state.staleSinceMs === null) publish(Date.now());
      });
      return state;
    },
    settled(predicate, signal) {
      return new Promise((resolve, reject) => {
        if (predicate(state)) return resolve(state);
        const stop = () => {
          listeners.delete(listener);
          signal.removeEventListener('abort', onAbort);
        };
        const listener = (next: StackState) => {
          if (!predicate(next)) return;
          stop();
          resolve(next);
        };
        const onAbort = () => {
          stop();
          reject(signal.reason);
        };
        if (signal.aborted) return reject(signal.reason);
        listeners.add(listener);
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
    close() {
      closed = true;
      watching?.abort();
      clearInterval(timer);
      clearTimeout(flush);
      unsubscribe();
      listeners.clear();
    },
  };
}
