import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import { checkedQuestion } from '../chat/question.ts';
import type { ConfigValues } from '../config/keys.ts';
import { CONFIG, type RagConfig } from '../config/service.ts';
import { Input, Route, route } from '../http/route.ts';
import { KNOWLEDGE, type KnowledgeRepository } from '../knowledge/repository.ts';
import { fusionOf, SEARCH_PARTS, type SearchParts, search } from './search.ts';

const filters = z.strictObject({
  documentIds: z.array(z.guid()).min(1).max(1000).optional(),
  tags: z.array(z.string().min(1).max(64)).min(1).max(20).optional(),
  mimes: z.array(z.string().min(1).max(100)).min(1).max(20).optional(),
  sourcePrefix: z.string().min(1).max(500).optional(),
  updatedAfterMs: z.number().min(0).max(8.64e15).optional(),
  updatedBeforeMs: z.number().min(0).max(8.64e15).optional(),
});
const score = z.number().nullable();
const hit = z
  .object({
    chunkId: z.guid(),
    documentId: z.guid(),
    title: z.string(),
    sourceName: z.string(),
    page: z.number().nullable(),
    headingPath: z.array(z.string()).readonly(),
    text: z.string(),
    start: z.number(),
    end: z.number(),
    tokens: z.number(),
    /** `fused` is what ordered them; `rrf` is the same where hybrid search fuses by places. Never a percentage. */
    scores: z.object({ fused: z.number(), dense: score, bm25: score, rrf: score, rerank: score }),
  })
  .meta({ id: 'Hit' });
const answer = z
  .object({
    hits: z.array(hit),
    timings: z.object({ embedMs: z.number(), qdrantMs: z.number(), hydrateMs: z.number(), totalMs: z.number() }),
    explain: z
      .object({
        mode: z.string(),
        prefetch: z.number(),
        fusion: z.enum(['scores', 'rrf']),
        bm25Weight: z.number(),
        rrfK: z.number(),
        embeddingProfile: z.string(),
        kbIds: z.array(z.guid()),
        dropped: z.number(),
      })
      .optional(),
  })
  .meta({ id: 'SearchAnswer' });

const spec = route({
  method: 'post',
  path: 'v1/search',
  summary: 'Passages for a question, ranked, with scores and timings',
  tag: 'Search',
  access: 'search:read',
  body: z.strictObject({
    query: z.string(),
    kbIds: z.array(z.string().min(1).max(100)).min(1).max(50).default(['default']),
    filters: filters.optional(),
    mode: z.enum(['hybrid', 'dense', 'bm25']).default('hybrid'),
    topK: z.number().int().min(1).max(100).default(8),
    explain: z.boolean().default(false),
  }),
  answers: { 200: answer },
  problems: [
    'empty-question',
    'question-too-long',
    'embedding-unavailable',
    'embedding-profile-mismatch',
    'vector-store-unavailable',
  ],
});

const fusionFigures = (values: ConfigValues) => ({
  fusion: values['retrieval.fusion'],
  bm25Weight: values['retrieval.bm25Weight'],
  rrfK: values['retrieval.rrfK'],
});

@Controller()
export class SearchController {
  readonly #parts: SearchParts;
  readonly #knowledge: KnowledgeRepository;
  readonly #config: RagConfig;
  constructor(
    @Inject(SEARCH_PARTS) parts: SearchParts,
    @Inject(KNOWLEDGE) knowledge: KnowledgeRepository,
    @Inject(CONFIG) config: RagConfig,
  ) {
    this.#parts = parts;
    this.#knowledge = knowledge;
    this.#config = config;
  }

  @Route(spec)
  async search(@Caller() who: Principal, @Input() { body }: Input<typeof spec>): Promise<z.output<typeof answer>> {
    const text = checkedQuestion(body.query);
    const { mode, topK } = body;
    const values = this.#config.values();
    const prefetch = values['retrieval.prefetch'];
    const fusion = fusionOf(values);
    const kbIds = this.#knowledge.readable(who, body.kbIds);
    const found = await search(this.#parts, who, { text, kbIds, mode, topK, prefetch, fusion, filters: body.filters });
    return {
      hits: found.hits.map((passage) => ({
        ...passage,
        scores: {
          ...passage.scores,
          rrf: mode === 'hybrid' && fusion.kind === 'rrf' ? passage.scores.fused : null,
          rerank: null,
        },
      })),
      timings: found.timings,
      ...(body.explain
        ? {
            explain: {
              mode,
              prefetch,
              ...fusionFigures(values),
              embeddingProfile: found.profile.id,
              kbIds: await kbIds,
              dropped: found.dropped,
            },
          }
        : {}),
    };
  }
}
