/**
 * Tells the moment a container's process has ended because it was stopped. The engine's answer to a stop comes only
 * after it has taken the container's network apart, some 70 ms later; whoever waits for the process need not wait for that.
 */
import { projectLabel } from '../../shared/model/compose-labels.ts';
import type { EngineClient } from '../engine/engine-client.ts';

export interface ProcessEnds {
  /** Resolves when the process was signalled and is gone. May never: a stream can break, an engine can say nothing. */
  of(containerId: string): Promise<void>;
  close(): void;
}

/** Listens to the project's containers until `close()`. */
export function watchProcessEnds(engine: EngineClient, project: string): ProcessEnds {
  const closing = new AbortController();
  const waiters = new Map<string, () => void>();
  const signalled = new Set<string>();
  const options = { labels: [`${projectLabel}=${project}`], types: ['container'], actions: ['kill', 'die', 'start'] };
  engine
    .events(
      options,
      ({ id, action }) => {
        // A process that ends by itself may be brought back by its restart policy; one that was signalled stays down.
        if (action === 'kill') signalled.add(id);
        else if (action === 'start') signalled.delete(id);
        else if (signalled.has(id)) waiters.get(id)?.();
      },
      closing.signal,
    )
    .catch(() => undefined);
  return {
    of: (containerId) => new Promise((resolve) => waiters.set(containerId, resolve)),
    close: () => closing.abort(),
  };
}
