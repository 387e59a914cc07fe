/** What happens to a document between its arrival and its first answer; and how one really goes away. */

import type { RagConfig } from '../config/service.ts';
import type { Extractor } from '../extract/isolated.ts';
import { BackendProblem } from '../http/problem.ts';
import { ingestDuration } from '../observability/metrics.ts';
import type { Database } from '../store/database.ts';
import { chunkId } from '../store/ids.ts';
import type { Nlp } from '../store/nlp.ts';
import type { Vectors } from '../store/vectors.ts';
import { type Chunk, chunkDocument } from './chunker.ts';
import type { DocumentEvents } from './events.ts';
import { chunkLimitsOf, pipelineOf, remainingAfter } from './pipeline.ts';
import type { DocumentState, DocumentsRepository } from './repository.ts';

export interface IngestParts {
  readonly database: Database;
  readonly vectors: Vectors;
  readonly nlp: Nlp;
  readonly extractor: Extractor;
  readonly documents: DocumentsRepository;
  readonly events: DocumentEvents;
  readonly config: Pick<RagConfig, 'values'>;
}

/** Passages on their way at once, a batch being embedded or stored. A question goes before what waits of them. */
const batchSize = 16;
/** While one batch is stored, the embedding service has the next; several documents are read at a time besides. */
const batchesUnderWay = 2;
/** How often at most it is written down how far a document is: each time costs two commits. */
const tellEveryMs = 400;

interface Version {
  readonly mime: string;
  readonly original: Buffer;
  readonly sourceName: string;
  readonly kbId: string;
}

/**
 * Brings one version of a document to `ready`. May be run again after any interruption: every write overwrites itself,
 * and the version becomes visible in one step at the end, after the vectors have been counted.
 * @throws {BackendProblem} with the reason; `retryable` says whether another attempt makes sense
 */
export async function ingestVersion(
  parts: IngestParts,
  job: { documentId: string; version: number; attempt: number; progress: (share: number) => Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  const { database, vectors, nlp, extractor, documents, events } = parts;
  const { documentId, version } = job;
  const settings = parts.config.values();

  const source = await database.one<Version>(
    `select v.mime, v.original, d.source_uri as "sourceName", d.kb_id as "kbId" from document_versions v
     join documents d on d.id = v.doc_id where v.doc_id = $1 and v.version = $2 and d.deleted_at is null`,
    [documentId, version],
  );
  if (source === undefined) return;
  let toldAt = Number.NEGATIVE_INFINITY;
  /** Of a document that is read in a moment only its end is written. */
  const state = async (name: DocumentState, progress: number, remainingMs: number | null = null): Promise<void> => {
    signal.throwIfAborted();
    if (performance.now() - toldAt < tellEveryMs) return;
    toldAt = performance.now();
    await Promise.all([
      documents.setState({ id: documentId, version }, name, progress, remainingMs),
      job.progress(progress),
    ]);
    events.changed(documentId, source.kbId);
  };

  await state('extracting', 0.02);
  let end = ingestDuration.startTimer({ stage: 'extract' });
  const { mime, sourceName: name, original: bytes } = source;
  const extracted = await extractor.extract({ mime, name, bytes }, signal);
  end();
  await database.rows(
    `with read as (update document_versions set text = $3, pages = $4, pipeline = $5 where doc_id = $1 and version = $2)
     update documents set title = $6, pages = $4, notices = $7 where id = $1`,
    [
      documentId,
      version,
      extracted.text,
      extracted.pages,
      pipelineOf(settings),
      extracted.title,
      JSON.stringify(extracted.notices ?? []),
    ],
  );

  await state('chunking', 0.15);
  end = ingestDuration.startTimer({ stage: 'chunk' });
  const chunks = await chunkDocument(extracted, (texts) => nlp.countTokens(texts, signal), chunkLimitsOf(settings));
  end();
  if (chunks.length === 0) throw new BackendProblem('no-text', 'The document holds no text that could be searched.');
  await writeChunks(database, documentId, version, chunks);
  // What an earlier attempt left behind may number more than what is written now.
  if (job.attempt > 1) await vectors.remove(documentId, { only: version });

  end = ingestDuration.startTimer({ stage: 'embed' });
  const embeddingSince = performance.now();
  let done = 0;
  await inLanes(chunks, signal, async (batch, stop) => {
    const remaining = remainingAfter(performance.now() - embeddingSince, done, chunks.length);
    const telling = state('embedding', 0.2 + (0.7 * done) / chunks.length, remaining);
    const texts = batch.map((chunk) => chunk.embedText);
    const [embedded] = await Promise.all([nlp.embed(texts, 'ingest', stop), telling]);
    // Not given up half-way: what the store has received it writes, also when nobody waits for its answer any more.
    stop.throwIfAborted();
    await vectors.upsert(
      batch.map((chunk, index) => ({
        id: chunkId(documentId, version, chunk.no),
        vector: embedded[index] ?? new Float32Array(),
        text: chunk.embedText,
        kb: source.kbId,
        doc: documentId,
        ver: version,
        no: chunk.no,
      })),
    );
    done += batch.length;
  });
  end();

  await state('indexing', 0.95);
  end = ingestDuration.startTimer({ stage: 'index' });
  const points = await vectors.count({ doc: documentId, ver: version });
  if (points !== chunks.length)
    throw new BackendProblem('index-mismatch', `The vector store holds ${points} of ${chunks.length} passages.`);
  await publish(database, documentId, version, chunks.length, extracted.pages);
  end();
  events.changed(documentId, source.kbId);
}

/** Hands out batches until all are done; the first failure ends the others. @throws what `work` threw first */
async function inLanes(
  chunks: readonly Chunk[],
  signal: AbortSignal,
  work: (batch: readonly Chunk[], signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < chunks.length) {
      stop.throwIfAborted();
      const batch = chunks.slice(next, next + batchSize);
      next += batch.length;
      await work(batch, stop);
    }
  };
  const lanes = Array.from({ length: Math.min(batchesUnderWay, Math.ceil(chunks.length / batchSize)) }, () =>
    lane().catch((error: unknown) => {
      if (!failed.signal.aborted) failed.abort(error);
    }),
  );
  // All have to be at rest before the caller goes on: a late write would come after what follows.
  await Promise.all(lanes);
  stop.throwIfAborted();
}

async function writeChunks(
  database: Database,
  documentId: string,
  version: number,
  chunks: readonly Chunk[],
): Promise<void> {
  await database.transaction(async (queries) => {
    await queries.rows('delete from chunks where doc_id = $1 and version = $2', [documentId, version]);
    for (let at = 0; at < chunks.length; at += 500) {
      const rows = chunks.slice(at, at + 500).map((chunk) => ({
        id: chunkId(documentId, version, chunk.no),
        no: chunk.no,
        text: chunk.text,
        tokens: chunk.tokens,
        page: chunk.page,
        start_at: chunk.start,
        end_at: chunk.end,
        path: chunk.headingPath,
      }));
      await queries.rows(
        `insert into chunks (id, doc_id, version, no, text, token_count, page, start_at, end_at, heading_path)
         select r.id, $1, $2, r.no, r.text, r.tokens, r.page, r.start_at, r.end_at, r.path
         from jsonb_to_recordset($3::jsonb) as r(id uuid, no int, text text, tokens int, page int, start_at int, end_at int, path jsonb)`,
        [documentId, version, JSON.stringify(rows)],
      );
    }
  });
}

/** The one step in which a version becomes what is searched; the versions before it are queued for removal. */
async function publish(
  database: Database,
  documentId: string,
  version: number,
  chunks: number,
  pages: number | null,
): Promise<void> {
  await database.transaction(async (queries) => {
    const row = await queries.one(
      `update documents set current_version = $2, state = 'ready', progress = 1, chunk_count = $3, pages = $4,
         error_code = null, error_message = null, updated_at = now()
       where id = $1 and last_version = $2 and state <> 'failed' and deleted_at is null returning id`,
      [documentId, version, chunks, pages],
    );
    if (row === undefined) throw new DOMException('The document was replaced or deleted meanwhile', 'AbortError');
    if (version > 1)
      await queries.rows(
        `insert into jobs (id, kind, doc_id, version, kb_id, state)
         select gen_random_uuid(), 'purge', id, $2, kb_id, 'queued' from documents where id = $1`,
        [documentId, version],
      );
  });
}

/** Removes every version older than the given one, vectors first. */
export async function purgeOldVersions(parts: IngestParts, documentId: string, keep: number): Promise<void> {
  const older = await parts.database.rows<{ version: number }>(
    'select version from document_versions where doc_id = $1 and version < $2',
    [documentId, keep],
  );
  for (const { version } of older) {
    await parts.vectors.remove(documentId, { only: version });
    const left = await parts.vectors.count({ doc: documentId, ver: version });
    if (left !== 0) throw new BackendProblem('index-mismatch', `${left} vectors of an old version are still there.`);
  }
  await parts.database.rows('delete from document_versions where doc_id = $1 and version < $2', [documentId, keep]);
}

/** Removes a document: vectors until the count is zero, then the rows. Answers the count that proves it. */
export async function deleteDocument(parts: IngestParts, documentId: string): Promise<{ vectorsRemaining: number }> {
  await parts.vectors.remove(documentId);
  const left = await parts.vectors.count({ doc: documentId });
  if (left !== 0) throw new BackendProblem('index-mismatch', `${left} vectors of the document are still there.`);
  await parts.database.rows('delete from documents where id = $1', [documentId]);
  // With the last document of a deleted knowledge base goes the knowledge base.
  await parts.database.rows(
    `delete from knowledge_bases k where k.deleted_at is not null and not exists (select 1 from documents d where d.kb_id = k.id)`,
  );
  return { vectorsRemaining: left };
}
