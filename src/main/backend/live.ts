/** What the backend knows, kept current by its own events and by looking again; silent while there is no backend to ask. */
import { setTimeout as pause } from 'node:timers/promises';
import type { BackendAccess } from './backend-access.ts';
import type { BackendClient } from './backend-client.ts';

/** Least time between two readings. */
const restMs = 250;
const retryMs = [500, 1000, 2000, 5000] as const;

/** Tells watchers that the panel itself has just changed what they watch, so that they look at once. */
interface Touch {
  touch(): void;
  /** The answer takes `fn` off again. */
  on(fn: () => void): () => void;
}

export function createTouch(): Touch {
  const watching = new Set<() => void>();
  return {
    touch() {
      for (const fn of watching) fn();
    },
    on(fn) {
      watching.add(fn);
      return () => void watching.delete(fn);
    },
  };
}

export interface Watched<T> {
  readonly client: BackendClient;
  readonly access: BackendAccess;
  read(signal: AbortSignal): Promise<T>;
  /** Told first while there is no backend; later what was there before stays. */
  readonly empty: T;
  /** Whether changes of documents change this. */
  readonly byDocuments: boolean;
  /** What the panel itself changes about it. */
  readonly own?: Touch;
  /** How soon to look again although no event came; null for never. */
  againMs(value: T): number | null;
}

/** Tells the whole at once and after each change, the same twice never. The answer ends it. */
export function watchBackend<T>(watched: Watched<T>, fn: (value: T) => void): () => void {
  const { client, access } = watched;
  const abort = new AbortController();
  const { signal } = abort;
  let told = '';
  let wake = (): void => undefined;
  let dirty = true;

  const tell = (value: T): void => {
    const now = JSON.stringify(value);
    if (signal.aborted || now === told) return;
    told = now;
    fn(value);
  };
  const touch = (): void => {
    dirty = true;
    wake();
  };
  /** Sleeps until it is touched or so much time has passed. */
  const rest = async (ms: number): Promise<void> => {
    if (dirty || signal.aborted) return;
    // Not AbortSignal.any: the oldest runtime of the window does not know it.
    const sleep = new AbortController();
    wake = () => sleep.abort();
    signal.addEventListener('abort', wake, { once: true });
    await pause(ms, undefined, { signal: sleep.signal }).catch(() => undefined);
    signal.removeEventListener('abort', wake);
  };

  async function read(): Promise<void> {
    let attempt = 0;
    while (!signal.aborted) {
      if (access.url() === null) {
        if (told === '') tell(watched.empty);
        dirty = false;
        await rest(500);
        continue;
      }
      dirty = false;
      let next: number;
      try {
        const value = await watched.read(signal);
        tell(value);
        attempt = 0;
        next = watched.againMs(value) ?? 24 * 3_600_000;
        await pause(restMs, undefined, { signal }).catch(() => undefined);
      } catch {
        // What could not be read is still to be read.
        next = retryMs[Math.min(attempt, retryMs.length - 1)] ?? 5000;
        attempt += 1;
      }
      await rest(next);
    }
  }

  async function listen(): Promise<void> {
    let attempt = 0;
    while (!signal.aborted) {
      if (access.url() !== null)
        try {
          for await (const event of client.events('GET', '/v1/events', { signal })) {
            attempt = 0;
            if (event.name === 'documents') touch();
          }
        } catch {
          // Tried again below; what changed meanwhile is read at the first event after.
        }
      const ms = access.url() === null ? 500 : (retryMs[Math.min(attempt, retryMs.length - 1)] ?? 5000);
      attempt += 1;
      await pause(ms, undefined, { signal }).catch(() => undefined);
    }
  }

  void read();
  if (watched.byDocuments) void listen();
  const off = watched.own?.on(touch);
  return () => {
    off?.();
    abort.abort();
  };
}
