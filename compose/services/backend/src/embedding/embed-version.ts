/** Passages of one version of a document into the collection of one profile. */
import { BackendProblem } from '../http/problem.ts';
import type { Database } from '../store/database.ts';
import { chunkId } from '../store/ids.ts';
import type { Nlp } from '../store/nlp.ts';
import type { VectorStore } from '../store/vectors.ts';
import type { EmbeddingProfile } from './profiles.ts';

export interface EmbedParts {
  readonly database: Database;
  readonly vectors: VectorStore;
  readonly nlp: Nlp;
}
interface EmbeddedPassage {
  readonly no: number;
  readonly embedText: string;
}
interface Version {
  readonly documentId: string;
  readonly version: number;
  readonly kbId: string;
}

/** Passages on their way at once, a batch being embedded or stored. A question goes before what waits of them. */
const batchSize = 16;
/** While one batch is stored, the embedding service has the next; several documents are read at a time besides. */
const batchesUnderWay = 2;

/** Says that the collection no longer holds all of this version. */
export async function forgetEmbedded(parts: Pick<EmbedParts, 'database'>, of: Omit<Version, 'kbId'>): Promise<void> {
  await parts.database.rows('delete from embedded_versions where doc_id = $1 and version = $2', [
    of.documentId,
    of.version,
  ]);
}

/**
 * Embeds, writes, counts, and notes that the version is whole in this collection. Of a document that was deleted or
 * replaced meanwhile nothing stays behind. May be run again after any interruption: every write overwrites itself.
 * @throws {BackendProblem} `embedding-unavailable`, `embedding-profile-mismatch`, `vector-store-unavailable`, `index-mismatch`
 */
export async function embedVersion(
  parts: EmbedParts,
  profile: EmbeddingProfile,
  { documentId, version, kbId }: Version,
  passages: readonly EmbeddedPassage[],
  signal: AbortSignal,
  /** Before each batch, with the number of passages that are done. */
  onProgress: (done: number) => Promise<void> = async () => undefined,
): Promise<void> {
  const collection = parts.vectors.of(profile.collection);
  let done = 0;
  await inLanes(passages, signal, async (batch, stop) => {
    const texts = batch.map((passage) => passage.embedText);
    const [embedded] = await Promise.all([parts.nlp.embed(profile, texts, 'ingest', stop), onProgress(done)]);
    // Not given up half-way: what the store has received it writes, also when nobody waits for its answer any more.
    stop.throwIfAborted();
    await collection.upsert(
      batch.map((passage, index) => ({
        id: chunkId(documentId, version, passage.no),
        vector: embedded[index] ?? new Float32Array(),
        text: passage.embedText,
        kb: kbId,
        doc: documentId,
        ver: version,
        no: passage.no,
      })),
    );
    done += batch.length;
  });
  const points = await collection.count({ doc: documentId, ver: version });
  // Noted only while it is there to stay: whoever deletes or replaces it from now on also removes these vectors.
  const noted = await parts.database.one(
    `insert into embedded_versions (profile_id, doc_id, version)
     select $1, d.id, v.version from documents d join document_versions v on v.doc_id = d.id and v.version = $3
     where d.id = $2 and d.deleted_at is null and $3 >= coalesce(d.current_version, 0) and $4
     on conflict (profile_id, doc_id, version) do update set profile_id = excluded.profile_id
     returning version`,
    [profile.id, documentId, version, points === passages.length],
  );
  if (noted !== undefined) return;
  await collection.remove(documentId, { only: version });
  if (points === passages.length) return;
  // Whoever deleted it took its vectors away before they were counted: nothing is wrong then.
  const wanted = await parts.database.one('select id from documents where id = $1 and deleted_at is null', [
    documentId,
  ]);
  if (wanted === undefined) return;
  throw new BackendProblem('index-mismatch', `The vector store holds ${points} of ${passages.length} passages.`);
}

/** Hands out batches until all are done; the first failure ends the others. @throws what `work` threw first */
async function inLanes(
  passages: readonly EmbeddedPassage[],
  signal: AbortSignal,
  work: (batch: readonly EmbeddedPassage[], signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < passages.length) {
      stop.throwIfAborted();
      const batch = passages.slice(next, next + batchSize);
      next += batch.length;
      await work(batch, stop);
    }
  };
  const lanes = Array.from({ length: Math.min(batchesUnderWay, Math.ceil(passages.length / batchSize)) }, () =>
    lane().catch((error: unknown) => {
      if (!failed.signal.aborted) failed.abort(error);
    }),
  );
  // All have to be at rest before the caller goes on: a late write would come after what follows.
  await Promise.all(lanes);
  stop.throwIfAborted();
}
