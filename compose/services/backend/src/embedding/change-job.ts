/**
 * Fills a new collection from the passages in Postgres while the old one answers, then swaps. Documents that come,
 * change or go meanwhile are written to both; what is still missing at the end is looked for again, until nothing is.
 */

import type { ConfigValues } from '../config/keys.ts';
import { contextLabels, embedTextOf } from '../documents/chunker.ts';
import { remainingAfter } from '../documents/pipeline.ts';
import { BackendProblem } from '../http/problem.ts';
import type { Job, JobHandler } from '../jobs/worker.ts';
import { log } from '../observability/log.ts';
import type { Bus } from '../store/bus.ts';
import { type EmbedParts, embedVersion } from './embed-version.ts';
import { type EmbeddingProfile, findProfile } from './profiles.ts';
import type { EmbeddingRepository, Missing } from './repository.ts';

interface ChangeParts extends EmbedParts {
  readonly bus: Pick<Bus, 'publish'>;
  readonly embedding: EmbeddingRepository;
  readonly config: { values(): Pick<ConfigValues, 'embedding.undoHours'> };
}

const documentsAtOnce = 50;
const tellEveryMs = 500;

interface ChunkRow {
  no: number;
  text: string;
  context: string | null;
  path: string[];
  title: string;
}

/** What is embedded of a version: the very texts that it was embedded with before. */
async function passagesOf(
  parts: ChangeParts,
  profile: EmbeddingProfile,
  { documentId, version }: Missing,
  signal: AbortSignal,
): Promise<{ no: number; embedText: string }[]> {
  const rows = await parts.database.rows<ChunkRow>(
    `select c.no, c.text, c.context, c.heading_path as path, d.title from chunks c join documents d on d.id = c.doc_id
     where c.doc_id = $1 and c.version = $2 order by c.no`,
    [documentId, version],
  );
  // Passages from before their context was kept.
  const bare = rows.filter((row) => row.context === null);
  const labels = await contextLabels(
    bare.map((row) => [row.title, ...row.path]),
    (texts) => parts.nlp.countTokens(profile, texts, signal),
  );
  const made = new Map(bare.map((row, at) => [row.no, labels[at]?.text ?? '']));
  return rows.map(({ no, text, context }) => ({
    no,
    embedText: embedTextOf({ context: context ?? made.get(no) ?? '', text }),
  }));
}

/** Removes passages of versions that are gone: what a killed process wrote while they were being removed. */
async function sweep(parts: ChangeParts, profile: EmbeddingProfile, signal: AbortSignal): Promise<void> {
  const collection = parts.vectors.of(profile.collection);
  const held = await collection.versions(signal);
  for (let at = 0; at < held.length; at += 1000) {
    const group = held.slice(at, at + 1000);
    const gone = await parts.database.rows<{ doc: string; ver: number }>(
      `select h.doc, h.ver from unnest($1::uuid[], $2::int[]) as h(doc, ver)
       where not exists (select 1 from document_versions v where v.doc_id = h.doc and v.version = h.ver)`,
      [group.map((entry) => entry.doc), group.map((entry) => entry.ver)],
    );
    for (const { doc, ver } of gone) await collection.remove(doc, { only: ver });
  }
}

/** @throws {BackendProblem} `index-mismatch` when the collection holds less than the live documents have */
async function checkCount(parts: ChangeParts, profile: EmbeddingProfile): Promise<void> {
  const expected = async (): Promise<number> => (await parts.embedding.share(profile.id)).chunksDone;
  let told = '';
  // Documents come and go between two readings: only what does not fit several times is missing.
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const before = await expected();
    const points = await parts.vectors.of(profile.collection).count(null);
    const least = Math.min(before, await expected());
    if (points >= least) return;
    told = `The new collection holds ${points} of ${least} passages.`;
  }
  await parts.embedding.forget(profile.id);
  throw new BackendProblem('index-mismatch', told);
}

async function fill(parts: ChangeParts, job: Job, profile: EmbeddingProfile, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  let toldAt = 0;
  const before = (await parts.embedding.share(profile.id)).chunksDone;
  for (;;) {
    const missing = await parts.embedding.missing(profile.id, documentsAtOnce);
    if (missing.length === 0) return;
    for (const document of missing) {
      signal.throwIfAborted();
      await embedVersion(parts, profile, document, await passagesOf(parts, profile, document, signal), signal);
      if (performance.now() - toldAt < tellEveryMs) continue;
      toldAt = performance.now();
      const { chunksDone, chunksTotal } = await parts.embedding.share(profile.id);
      const remainingMs = remainingAfter(performance.now() - startedAt, chunksDone - before, chunksTotal - before);
      // What came further may fail as often again.
      await parts.database.rows(
        `update jobs set attempts = 0, progress = $2, result = $3 where id = $1 and state = 'running'`,
        [job.id, chunksTotal === 0 ? 1 : chunksDone / chunksTotal, remainingMs === null ? null : { remainingMs }],
      );
    }
  }
}

export function embeddingJobs(parts: ChangeParts): Record<'embed-change' | 'embed-retire', JobHandler> {
  const { database, vectors, embedding, bus } = parts;
  const profileOf = (job: Job): Promise<EmbeddingProfile | undefined> =>
    findProfile(database, (job.payload as { profile?: string }).profile ?? '');
  return {
    'embed-change': {
      apart: true,
      async perform(job, signal) {
        for (;;) {
          const profile = await profileOf(job);
          if (profile?.status === 'active') {
            await vectors.pointAlias(profile.collection);
            bus.publish('embedding', {});
            return;
          }
          if (profile === undefined || profile.status === 'retired') return;
          if (await vectors.of(profile.collection).ensure(profile.dim)) await embedding.forget(profile.id);
          await fill(parts, job, profile, signal);
          await sweep(parts, profile, signal);
          await checkCount(parts, profile);
          signal.throwIfAborted();
          // Refused when a document came meanwhile: once more.
          if (await embedding.swap(profile.id, ['building', 'previous'], parts.config.values()['embedding.undoHours']))
            log.info('embedding.changed', 'Another embedding model answers', { profile: profile.id });
        }
      },
    },
    'embed-retire': {
      untilDone: true,
      async perform(job) {
        const profile = await profileOf(job);
        const retired = profile === undefined ? undefined : await embedding.retire(profile.id);
        if (retired !== undefined) await vectors.drop(retired.collection);
      },
    },
  };
}
