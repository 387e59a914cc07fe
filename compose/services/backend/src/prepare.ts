/** What has to be there before the first question: the schema, the collection, and the jobs going. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Parts } from './app.module.ts';
import { log } from './observability/log.ts';

async function persistently(what: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      // The first failures are the order in which a stack starts; only then is it worth a word.
      if (attempt % 5 === 0) log.warn('start.waiting', `Still waiting: ${what}`, { attempt }, error);
      await pause(Math.min(250 * attempt, 3000), undefined, { signal });
    }
  }
}

/** Waits for the stores as long as it takes; answers requests meanwhile (with 503 where they need a store). */
export async function prepare(parts: Parts, signal: AbortSignal): Promise<void> {
  const { database, search, documents, config, bus, runs, worker, sourceWatch, health } = parts;
  await persistently('database', () => database.migrate(), signal);
  await persistently('configuration', () => config.load(), signal);
  bus.start();
  runs.keep();
  await persistently(
    'vector store',
    // One replica makes it, the others find it made.
    () =>
      database.exclusively(742003, async () => {
        if (!(await search.vectors.ensureCollection())) return;
        // A new collection beside old documents: its data was lost, so every document is indexed once more.
        const again = await documents.requeueAll();
        log.info('index.created', 'The collection was made', { documentsQueued: again });
      }),
    signal,
  );
  worker.start();
  sourceWatch.start();
  health.prepared = true;
  await health.round();
  log.info('start.ready', 'Ready', {});
}
