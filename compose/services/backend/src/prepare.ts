/** What has to be there before the first question: the schema, the collection, and the jobs going. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Parts } from './app.module.ts';
import { writtenProfiles } from './embedding/profiles.ts';
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
  const { database, search, profiles, embedding, documents, config, bus, runs, worker, sourceWatch, health } = parts;
  await persistently('database', () => database.migrate(), signal);
  await persistently('configuration', () => config.load(), signal);
  bus.start();
  runs.keep();
  await persistently(
    'vector store',
    // One replica makes it, the others find it made.
    () =>
      database.exclusively(742003, async () => {
        await profiles.refresh();
        for (const profile of await writtenProfiles(database)) {
          if (!(await search.vectors.of(profile.collection).ensure(profile.dim))) continue;
          // A new collection beside old documents: its data was lost.
          await embedding.forget(profile.id);
          const again = profile.status === 'active' ? await documents.requeueAll() : 0;
          log.info('index.created', 'A collection was made', { profile: profile.id, documentsQueued: again });
        }
        await search.vectors.pointAlias(profiles.active().collection);
      }),
    signal,
  );
  worker.start();
  sourceWatch.start();
  health.prepared = true;
  await health.round();
  log.info('start.ready', 'Ready', {});
}
