/** Question to passages: embed, hybrid search in Qdrant, then the rows in Postgres decide what exists. */
import { retrievalDuration } from '../observability/metrics.ts';
import type { Cache } from '../store/cache.ts';
import type { Database } from '../store/database.ts';
import type { Nlp } from '../store/nlp.ts';
import type { SearchMode, Vectors } from '../store/vectors.ts';
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
  /** Of the question. */
  readonly vector: Float32Array;
  readonly timings: { readonly embedMs: number; readonly qdrantMs: number; readonly hydrateMs: number };
}
export const SEARCH_PARTS = Symbol('search parts');
export interface SearchParts {
  readonly database: Database;
  readonly vectors: Vectors;
  readonly nlp: Nlp;
  readonly cache: Cache;
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

/** Only passages of the current version of documents that are there. */
export const liveChunks = `select c.id, c.doc_id as "documentId", d.title, d.source_uri as "sourceName", c.page,
    c.heading_path as "headingPath", c.text, c.start_at as start, c.end_at as "end", c.token_count as tokens
  from chunks c join documents d on d.id = c.doc_id and d.current_version = c.version and d.deleted_at is null`;

/** @throws {BackendProblem} `embedding-unavailable`, `vector-store-unavailable`, `database-unavailable` */
export async function search(
  parts: SearchParts,
  query: { text: string; kbIds: readonly string[]; mode: SearchMode; topK: number },
  signal?: AbortSignal,
): Promise<SearchResult> {
  const mark = [performance.now()];
  const [vector = new Float32Array()] = await embedCached(parts, [query.text], signal);
  mark.push(performance.now());
  // A few more than asked, because some may have no live row any more.
  const found = await parts.vectors.search(
    { text: query.text, vector, kbIds: query.kbIds, mode: query.mode, limit: query.topK + 8 },
    signal,
  );
  mark.push(performance.now());
  const rows = await parts.database.rows<ChunkRow>(
    `${liveChunks} where c.id = any($1::uuid[]) and d.kb_id = any($2::uuid[])`,
    [found.map((hit) => hit.id), query.kbIds],
  );
  mark.push(performance.now());
  const byId = new Map(rows.map((row) => [row.id, row]));
  const hits = found.flatMap((hit): Passage[] => {
    const row = byId.get(hit.id);
    if (row === undefined) return [];
    const { id, ...rest } = row;
    return [{ ...rest, chunkId: id, scores: { fused: hit.score, dense: hit.dense, bm25: hit.bm25 } }];
  });
  const took = (from: number): number => (mark[from + 1] ?? 0) - (mark[from] ?? 0);
  retrievalDuration.observe({ stage: 'embed' }, took(0) / 1000);
  retrievalDuration.observe({ stage: 'qdrant' }, took(1) / 1000);
  retrievalDuration.observe({ stage: 'hydrate' }, took(2) / 1000);
  return {
    hits: hits.slice(0, query.topK),
    vector,
    timings: { embedMs: took(0), qdrantMs: took(1), hydrateMs: took(2) },
  };
}
