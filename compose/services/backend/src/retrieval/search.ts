/** Question to passages: embed, hybrid search in Qdrant, then the rows in Postgres decide what exists. */

import type { Principal } from '../auth/principal.ts';
import type { ConfigValues } from '../config/keys.ts';
import type { RagConfig } from '../config/service.ts';
import type { EmbeddingProfile, Profiles } from '../embedding/profiles.ts';
import { retrievalDuration } from '../observability/metrics.ts';
import { readableKbs } from '../store/access.ts';
import type { Cache } from '../store/cache.ts';
import type { Database } from '../store/database.ts';
import type { Nlp } from '../store/nlp.ts';
import type { SearchMode, VectorStore } from '../store/vectors.ts';
import type { Fusion } from './fusion.ts';
import { embedCached } from './query-embedding.ts';

export interface Passage {
  readonly chunkId: string;
  readonly documentId: string;
  readonly title: string;
  readonly sourceName: string;
  readonly page: number | null;
  readonly headingPath: readonly string[];
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
  readonly scores: { readonly fused: number; readonly dense: number | null; readonly bm25: number | null };
}
export interface SearchResult {
  readonly hits: readonly Passage[];
  /** Of the question, by the model of `profile`; empty for `bm25`. */
  readonly vector: Float32Array;
  /** What was searched. */
  readonly profile: EmbeddingProfile;
  readonly timings: {
    readonly embedMs: number;
    readonly qdrantMs: number;
    readonly hydrateMs: number;
    readonly totalMs: number;
  };
  /** What the vector store named but no live row backs: deleted, replaced, not the caller's. */
  readonly dropped: number;
}
/** Narrows a search; what is left out does not narrow. */
export interface SearchFilters {
  readonly documentIds?: readonly string[] | undefined;
  /** One of these is enough. */
  readonly tags?: readonly string[] | undefined;
  readonly mimes?: readonly string[] | undefined;
  /** Documents whose source begins like this, as `manuals/`. */
  readonly sourcePrefix?: string | undefined;
  readonly updatedAfterMs?: number | undefined;
  readonly updatedBeforeMs?: number | undefined;
}
export interface SearchQuery {
  readonly text: string;
  /** Ids; those that the caller may not read find nothing. May still be looked up while the question is embedded. */
  readonly kbIds: readonly string[] | Promise<readonly string[]>;
  readonly mode: SearchMode;
  readonly topK: number;
  readonly prefetch: number;
  readonly fusion: Fusion;
  readonly filters?: SearchFilters | undefined;
}
export const fusionOf = (
  values: Pick<ConfigValues, 'retrieval.fusion' | 'retrieval.bm25Weight' | 'retrieval.rrfK'>,
): Fusion =>
  values['retrieval.fusion'] === 'rrf'
    ? { kind: 'rrf', k: values['retrieval.rrfK'] }
    : { kind: 'scores', bm25Weight: values['retrieval.bm25Weight'] };

/** As answers search. */
export function answerQuery(values: ConfigValues, text: string, kbIds: readonly string[]): SearchQuery {
  return {
    text,
    kbIds,
    mode: values['retrieval.mode'],
    topK: values['retrieval.topK'],
    prefetch: values['retrieval.prefetch'],
    fusion: fusionOf(values),
  };
}

export const SEARCH_PARTS = Symbol('search parts');
export interface SearchParts {
  readonly database: Database;
  readonly vectors: VectorStore;
  readonly profiles: Pick<Profiles, 'active' | 'refresh'>;
  readonly nlp: Nlp;
  readonly cache: Cache;
  readonly config: Pick<RagConfig, 'values'>;
}

interface ChunkRow {
  id: string;
  documentId: string;
  title: string;
  sourceName: string;
  page: number | null;
  headingPath: string[];
  text: string;
  start: number;
  end: number;
  tokens: number;
}

/** Only passages of the current version of documents that are there and that user `$1` may read. */
const liveChunks = `select c.id, c.doc_id as "documentId", d.title, d.source_uri as "sourceName", c.page,
    c.heading_path as "headingPath", c.text, c.start_at as start, c.end_at as "end", c.token_count as tokens
  from chunks c join documents d on d.id = c.doc_id and d.current_version = c.version and d.deleted_at is null`;

/** Placeholders `$3` to `$8`. */
const filterSql = `and ($3::uuid[] is null or d.id = any($3)) and ($4::text[] is null or d.tags && $4)
  and ($5::text[] is null or d.mime = any($5)) and ($6::text is null or starts_with(d.source_uri, $6))
  and ($7::float8 is null or d.updated_at >= to_timestamp($7 / 1000)) and ($8::float8 is null or d.updated_at < to_timestamp($8 / 1000))`;
const filterValues = (filters: SearchFilters): unknown[] => [
  filters.documentIds ?? null,
  filters.tags ?? null,
  filters.mimes ?? null,
  filters.sourcePrefix ?? null,
  filters.updatedAfterMs ?? null,
  filters.updatedBeforeMs ?? null,
];
/** Up to here the vector store is told which documents count; beyond, more passages are fetched and sifted here. */
const maxNamedDocuments = 5000;
/** The vector store's own bound on a query. */
const maxFetched = 500;

const narrows = (filters: SearchFilters | undefined): filters is SearchFilters =>
  filters !== undefined && Object.values(filters).some((value) => value !== undefined);

/** null: too many to name. */
async function namedDocuments(parts: SearchParts, who: Principal, query: SearchQuery): Promise<string[] | null> {
  const rows = await parts.database.rows<{ id: string }>(
    `select d.id from documents d where d.kb_id in ${readableKbs('$1')} and d.kb_id = any($2::uuid[])
       and d.deleted_at is null and d.current_version is not null ${filterSql} limit ${maxNamedDocuments + 1}`,
    [who.userId, await query.kbIds, ...filterValues(query.filters ?? {})],
  );
  return rows.length > maxNamedDocuments ? null : rows.map((row) => row.id);
}

/**
 * The question's vector and the collection that it is compared with come from one reading of the active profile. The
 * one before stays searchable after a change, so that a search in the middle of it is whole and of one model.
 * @throws {BackendProblem} `embedding-unavailable`, `embedding-profile-mismatch`, `vector-store-unavailable`,
 *   `database-unavailable`
 */
export async function search(
  parts: SearchParts,
  who: Principal,
  query: SearchQuery,
  signal?: AbortSignal,
): Promise<SearchResult> {
  const profile = parts.profiles.active();
  try {
    return await searchIn(parts, profile, who, query, signal);
  } catch (error) {
    signal?.throwIfAborted();
    // A replica that missed a change long ago may look for what was given up since.
    const now = await parts.profiles.refresh().catch(() => profile);
    if (now.id === profile.id) throw error;
    return searchIn(parts, now, who, query, signal);
  }
}

async function searchIn(
  parts: SearchParts,
  profile: EmbeddingProfile,
  who: Principal,
  query: SearchQuery,
  signal?: AbortSignal,
): Promise<SearchResult> {
  const mark = [performance.now()];
  const narrowed = narrows(query.filters);
  const [[vector = new Float32Array()], kbIds, documentIds] = await Promise.all([
    query.mode === 'bm25' ? [] : embedCached(parts, profile, [query.text], signal),
    query.kbIds,
    narrowed ? namedDocuments(parts, who, query) : null,
  ]);
  mark.push(performance.now());
  // A few more than asked, because some may have no live row any more.
  const limit = narrowed && documentIds === null ? maxFetched : query.topK + 8;
  const found =
    documentIds?.length === 0
      ? []
      : await parts.vectors.of(profile.collection).search(
          {
            text: query.text,
            vector,
            kbIds,
            documentIds,
            mode: query.mode,
            limit,
            prefetch: query.prefetch,
            fusion: query.fusion,
          },
          signal,
        );
  mark.push(performance.now());
  const rows = await parts.database.rows<ChunkRow>(
    `${liveChunks} where d.kb_id in ${readableKbs('$1')} and d.kb_id = any($2::uuid[]) ${filterSql} and c.id = any($9::uuid[])`,
    [who.userId, kbIds, ...filterValues(query.filters ?? {}), found.map((hit) => hit.id)],
  );
  mark.push(performance.now());
  const byId = new Map(rows.map((row) => [row.id, row]));
  const hits = found.flatMap((hit): Passage[] => {
    const row = byId.get(hit.id);
    if (row === undefined) return [];
    const { id, ...rest } = row;
    return [{ ...rest, chunkId: id, scores: { fused: hit.score, dense: hit.dense, bm25: hit.bm25 } }];
  });
  const took = (from: number, to = from + 1): number => (mark[to] ?? 0) - (mark[from] ?? 0);
  if (query.mode !== 'bm25') retrievalDuration.observe({ stage: 'embed' }, took(0) / 1000);
  retrievalDuration.observe({ stage: 'qdrant' }, took(1) / 1000);
  retrievalDuration.observe({ stage: 'hydrate' }, took(2) / 1000);
  return {
    hits: hits.slice(0, query.topK),
    vector,
    profile,
    dropped: found.length - hits.length,
    timings: { embedMs: took(0), qdrantMs: took(1), hydrateMs: took(2), totalMs: took(0, 3) },
  };
}
