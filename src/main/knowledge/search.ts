/** The test bench of retrieval: what a search finds, with scores and times. */
import { z } from 'zod';
import type { SearchAnswer, SearchHit, SearchRequest } from '../../shared/model/knowledge.ts';
import { searchModes } from '../../shared/model/knowledge.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { cutText, headingPath, wireId } from '../backend/wire-fields.ts';

const score = z.number().nullable();
const wireHit = z.object({
  chunkId: wireId,
  documentId: wireId,
  title: cutText(500),
  sourceName: cutText(500),
  page: z.int().nullable(),
  headingPath,
  text: cutText(20_000),
  scores: z.object({ fused: z.number(), dense: score, bm25: score }),
}) satisfies z.ZodType<SearchHit>;
const wireAnswer = z.object({
  hits: z.array(wireHit).max(100),
  timings: z.object({ embedMs: z.number(), qdrantMs: z.number(), hydrateMs: z.number(), totalMs: z.number() }),
  explain: z.object({ mode: z.enum(searchModes), embeddingProfile: cutText(100) }),
});

/** Knowledge bases by id or name; the default one when none is named. @throws {ProblemError} */
export async function runSearch(
  client: BackendClient,
  request: SearchRequest,
  signal?: AbortSignal,
): Promise<SearchAnswer> {
  const { query, kbs, mode, topK, tags, mimes } = request;
  const filters = { ...(tags?.length ? { tags } : {}), ...(mimes?.length ? { mimes } : {}) };
  const { hits, timings, explain } = await client.call(
    'POST',
    '/v1/search',
    wireAnswer,
    {
      query,
      kbIds: kbs ?? ['default'],
      explain: true,
      ...(mode === undefined ? {} : { mode }),
      ...(topK === undefined ? {} : { topK }),
      ...(Object.keys(filters).length === 0 ? {} : { filters }),
    },
    signal,
  );
  return { mode: explain.mode, hits, timings, embeddingProfile: explain.embeddingProfile };
}
