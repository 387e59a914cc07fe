/**
 * What waits for a reader that is still busy with the last item. One buffer per open stream, each with a bound:
 * a slow window costs memory up to that bound and never holds the engine back.
 */
import type { Output, StreamName } from '../shared/contract/contract.ts';
import type { ChatEvent } from '../shared/model/chat.ts';
import type { LogBatch } from '../shared/model/telemetry.ts';

/** Items handed over while the reader is busy; `take` answers undefined when none waits. */
export interface StreamBuffer<T> {
  push(item: T): void;
  take(): T | undefined;
}

/** Snapshots: only the newest matters, each is whole. */
export function latestWins<T>(): StreamBuffer<T> {
  let waiting: T | undefined;
  return {
    push: (item) => {
      waiting = item;
    },
    take: () => {
      const item = waiting;
      waiting = undefined;
      return item;
    },
  };
}

/** Log lines: merged into one batch of at most `maxLines`; the oldest beyond it are dropped and counted. */
export function mergedLogs(maxLines = 5000): StreamBuffer<LogBatch> {
  let parts: LogBatch[] = [];
  let count = 0;
  let dropped = 0;
  return {
    push: (batch) => {
      dropped += batch.dropped;
      parts.push(batch);
      count += batch.lines.length;
      // Whole batches go first, so that a flood costs one step per batch and not one per line.
      while (parts.length > 1 && count - (parts[0]?.lines.length ?? 0) >= maxLines) {
        const lost = parts.shift()?.lines.length ?? 0;
        count -= lost;
        dropped += lost;
      }
    },
    take: () => {
      if (parts.length === 0) return undefined;
      const lines = parts.flatMap((part) => part.lines);
      const over = Math.max(0, lines.length - maxLines);
      const batch = { lines: over > 0 ? lines.slice(over) : lines, dropped: dropped + over };
      parts = [];
      count = 0;
      dropped = 0;
      return batch;
    },
  };
}

/** Samples: appended, oldest beyond `maxSamples` forgotten (a chart would not show them). */
export function mergedSamples<S>(maxSamples: number): StreamBuffer<{ samples: S[] }> {
  // An empty batch counts too: it is how a stream says that there is no history yet.
  let waiting: S[] | undefined;
  return {
    push: (batch) => {
      waiting = waiting === undefined ? batch.samples : waiting.concat(batch.samples);
      if (waiting.length > maxSamples) waiting = waiting.slice(-maxSamples);
    },
    take: () => {
      const samples = waiting;
      waiting = undefined;
      return samples === undefined ? undefined : { samples };
    },
  };
}

/** An answer's events: nothing may be lost, so pieces of text that wait are joined (up to the schema's 64 KiB each). */
export function joinedAnswer(): StreamBuffer<ChatEvent> {
  const waiting: ChatEvent[] = [];
  return {
    push: (event) => {
      const last = waiting.at(-1);
      if (event.type === 'delta' && last?.type === 'delta' && last.text.length + event.text.length <= 65_536) {
        waiting[waiting.length - 1] = { type: 'delta', text: last.text + event.text };
      } else {
        waiting.push(event);
      }
    },
    take: () => waiting.shift(),
  };
}

/** One buffer per stream of the contract; a stream without an entry does not compile. */
export const bufferFor: { readonly [N in StreamName]: () => StreamBuffer<Output<N>> } = {
  'engine.watch': latestWins,
  'stacks.watch': latestWins,
  'stack.watch': latestWins,
  'operations.watch': latestWins,
  'health.watch': latestWins,
  'documents.watch': latestWins,
  'kb.watch': latestWins,
  'sources.watch': latestWins,
  'embedding.watch': latestWins,
  'workflows.watch': latestWins,
  'backup.watch': latestWins,
  'logs.follow': mergedLogs,
  'stats.watch': () => mergedSamples(50_000),
  'metrics.watch': () => mergedSamples(5000),
  'chat.ask': joinedAnswer,
  'chat.regenerate': joinedAnswer,
  'chat.edit': joinedAnswer,
};
