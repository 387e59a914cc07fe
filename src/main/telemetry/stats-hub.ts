/** CPU, memory and network of every running container of the stack: one engine stream each while somebody watches. */
import type { StackState } from '../../shared/model/stack.ts';
import type { StatBatch, StatSample } from '../../shared/model/telemetry.ts';
import type { EngineDoor, StackView } from './ports.ts';
import { type Counters, toCounters, toSample } from './to-sample.ts';
import { createWatchers } from './watchers.ts';

/** 15 minutes at one sample a second. */
const historyLength = 900;

export interface StatsHub {
  /** First the history (oldest first, possibly empty), then a batch a second with the newest sample of each container. */
  watch(onBatch: (batch: StatBatch) => void): () => void;
}

export function createStatsHub({ monitor, stack }: { monitor: EngineDoor; stack: StackView }): StatsHub {
  /** By container name, so that the history of a recreated container goes on. */
  const history = new Map<string, StatSample[]>();
  let fresh: StatSample[] = [];
  const open = new Map<string, AbortController>();

  function follow(id: string, service: string, container: string): void {
    const abort = new AbortController();
    open.set(id, abort);
    let before: Counters | null = null;
    const stream = async () =>
      monitor.client().stats(
        id,
        (raw) => {
          const after = toCounters(raw, monitor.state?.memBytes ?? null);
          const sample = before !== null && after !== null ? toSample(service, container, before, after) : null;
          before = after;
          if (sample !== null) keep(sample);
        },
        abort.signal,
      );
    // A stream that broke is opened again with the next snapshot of the stack, or the next second.
    stream()
      .catch(() => undefined)
      .finally(() => {
        if (open.get(id) === abort) open.delete(id);
      });
  }

  function keep(sample: StatSample): void {
    const samples = history.get(sample.container) ?? [];
    samples.push(sample);
    if (samples.length > historyLength) samples.shift();
    history.set(sample.container, samples);
    fresh.push(sample);
  }

  /** Opens and closes streams so that exactly the running containers have one. */
  function reconcile(state: StackState): void {
    const running = new Set<string>();
    for (const service of state.services) {
      for (const container of service.containers) {
        if (container.state !== 'running') continue;
        running.add(container.id);
        if (!open.has(container.id)) follow(container.id, service.name, container.name);
      }
    }
    for (const [id, abort] of open) {
      if (running.has(id)) continue;
      open.delete(id);
      abort.abort();
    }
  }

  /** Hands out what came since the last time. */
  function flush(): void {
    if (fresh.length === 0) return;
    const samples = fresh;
    fresh = [];
    watchers.emit({ samples });
  }

  const watchers = createWatchers<StatBatch>(() => {
    reconcile(stack.snapshot());
    const unsubscribe = stack.subscribe(reconcile);
    const timer = setInterval(() => {
      reconcile(stack.snapshot());
      flush();
    }, 1000);
    return () => {
      clearInterval(timer);
      unsubscribe();
      for (const abort of open.values()) abort.abort();
      open.clear();
      // They are part of the history, which the next watcher is given.
      fresh = [];
    };
  });

  return {
    watch(onBatch) {
      // Those who watch already get the newest first, so that no sample comes twice to the new one.
      flush();
      const known = [...history.values()].flat().sort((a, b) => a.atMs - b.atMs);
      onBatch({ samples: known.slice(-50_000) });
      return watchers.add(onBatch);
    },
  };
}
