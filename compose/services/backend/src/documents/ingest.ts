/** What happens to a document between its arrival and its first answer; and how one really goes away. */

import type { RagConfig } from '../config/service.ts';
import { type EmbedParts, embedVersion, forgetEmbedded } from '../embedding/embed-version.ts';
import { type EmbeddingProfile, lockProfiles, writtenProfiles } from '../embedding/profiles.ts';
import type { Extractor } from '../extract/isolated.ts';
import { BackendProblem } from '../http/problem.ts';
import { log } from '../observability/log.ts';
import { ingestDuration } from '../observability/metrics.ts';
import type { Database } from '../store/database.ts';
import { chunkId } from '../store/ids.ts';
import { type Chunk, chunkDocument, embedTextOf } from './chunker.ts';
import type { DocumentEvents } from './events.ts';
import { chunkLimitsOf, pipelineOf, remainingAfter } from './pipeline.ts';
import type { DocumentState, DocumentsRepository } from './repository.ts';

export interface IngestParts extends EmbedParts {
  readonly extractor: Extractor;
  readonly documents: DocumentsRepository;
  readonly events: DocumentEvents;
  readonly config: Pick<RagConfig, 'values'>;
}

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
  const [active] = await writtenProfiles(database);
  if (active === undefined) throw new Error('no embedding profile is active');
  end = ingestDuration.startTimer({ stage: 'chunk' });
  const chunks = await chunkDocument(
    extracted,
    (texts) => nlp.countTokens(active, texts, signal),
    chunkLimitsOf(settings),
  );
  end();
  if (chunks.length === 0) throw new BackendProblem('no-text', 'The document holds no text that could be searched.');
  await writeChunks(database, documentId, version, chunks);
  await forgetEmbedded(parts, { documentId, version });

  end = ingestDuration.startTimer({ stage: 'embed' });
  const embeddingSince = performance.now();
  const passages = chunks.map((chunk) => ({ no: chunk.no, embedText: embedTextOf(chunk) }));
  const embedded = new Set<string>();
  const embedInto = async (profile: EmbeddingProfile, at: number, of: number): Promise<void> => {
    // What an earlier attempt left behind may number more than what is written now.
    if (job.attempt > 1) await vectors.of(profile.collection).remove(documentId, { only: version });
    const one = { documentId, version, kbId: source.kbId };
    await embedVersion(parts, profile, one, passages, signal, async (done) => {
      const all = at * passages.length + done;
      const remaining = remainingAfter(performance.now() - embeddingSince, all, of * passages.length);
      await state('embedding', 0.2 + (0.7 * all) / (of * passages.length), remaining);
    });
    embedded.add(profile.id);
  };
  // Again when another profile became the active one meanwhile.
  for (let published = false; !published; ) {
    const profiles = (await writtenProfiles(database)).filter((profile) => !embedded.has(profile.id));
    for (const [at, profile] of profiles.entries())
      try {
        await embedInto(profile, at, profiles.length);
      } catch (error) {
        signal.throwIfAborted();
        if (profile.status === 'active') throw error;
        // What answers is not held up by what does not yet: whoever fills that collection finds the document missing.
        log.warn('ingest.beside', 'A document is not in a second collection yet', { documentId }, error);
      }
    await state('indexing', 0.95);
    published = await publish(database, documentId, version, chunks.length, extracted.pages, embedded);
  }
  end();
  events.changed(documentId, source.kbId);
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
        context: chunk.context,
      }));
      await queries.rows(
        `insert into chunks (id, doc_id, version, no, text, token_count, page, start_at, end_at, heading_path, context)
         select r.id, $1, $2, r.no, r.text, r.tokens, r.page, r.start_at, r.end_at, r.path, r.context
         from jsonb_to_recordset($3::jsonb) as r(id uuid, no int, text text, tokens int, page int, start_at int,
           end_at int, path jsonb, context text)`,
        [documentId, version, JSON.stringify(rows)],
      );
    }
  });
}

/**
 * The one step in which a version becomes what is searched; the versions before it are queued for removal.
 * @param embedded profiles whose collections hold it
 * @returns false when the active profile is none of them
 */
async function publish(
  database: Database,
  documentId: string,
  version: number,
  chunks: number,
  pages: number | null,
  embedded: ReadonlySet<string>,
): Promise<boolean> {
  return database.transaction(async (queries) => {
    await lockProfiles(queries, 'shared');
    const [active] = await writtenProfiles(queries);
    if (active === undefined || !embedded.has(active.id)) return false;
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
    return true;
  });
}

/** Removes from the collections of all profiles what belongs to a document, or one version of it. @returns what is left */
async function removeVectors(parts: IngestParts, documentId: string, only?: number): Promise<number> {
  let left = 0;
  for (const profile of await writtenProfiles(parts.database)) {
    const collection = parts.vectors.of(profile.collection);
    await collection.remove(documentId, only === undefined ? {} : { only });
    left += await collection.count({ doc: documentId, ...(only === undefined ? {} : { ver: only }) });
  }
  return left;
}

/** Removes every version older than the given one, vectors first. */
export async function purgeOldVersions(parts: IngestParts, documentId: string, keep: number): Promise<void> {
  const older = await parts.database.rows<{ version: number }>(
    'select version from document_versions where doc_id = $1 and version < $2',
    [documentId, keep],
  );
  for (const { version } of older) {
    const left = await removeVectors(parts, documentId, version);
    if (left !== 0) throw new BackendProblem('index-mismatch', `${left} vectors of an old version are still there.`);
  }
  await parts.database.rows('delete from document_versions where doc_id = $1 and version < $2', [documentId, keep]);
}

/** Removes a document: vectors until the count is zero, then the rows. Answers the count that proves it. */
export async function deleteDocument(parts: IngestParts, documentId: string): Promise<{ vectorsRemaining: number }> {
  const left = await removeVectors(parts, documentId);
  if (left !== 0) throw new BackendProblem('index-mismatch', `${left} vectors of the document are still there.`);
  await parts.database.rows('delete from documents where id = $1', [documentId]);
  // With the last document of a deleted knowledge base goes the knowledge base.
  await parts.database.rows(
    `delete from knowledge_bases k where k.deleted_at is not null and not exists (select 1 from documents d where d.kb_id = k.id)`,
  );
  return { vectorsRemaining: left };
}
