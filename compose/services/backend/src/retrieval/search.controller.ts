import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { z } from 'zod';
import { checkedQuestion } from '../chat/question.ts';
import { DOCUMENTS, type DocumentsRepository } from '../documents/repository.ts';
import { validated } from '../http/validate.ts';
import { SEARCH_PARTS, type SearchParts, search } from './search.ts';

const body = z.strictObject({
  query: z.string(),
  kbIds: z.array(z.string().min(1).max(64)).min(1).max(50).default(['default']),
  mode: z.enum(['hybrid', 'dense', 'bm25']).default('hybrid'),
  topK: z.number().int().min(1).max(100).default(8),
});

@Controller('v1/search')
export class SearchController {
  readonly #parts: SearchParts;
  readonly #documents: DocumentsRepository;
  constructor(@Inject(SEARCH_PARTS) parts: SearchParts, @Inject(DOCUMENTS) documents: DocumentsRepository) {
    this.#parts = parts;
    this.#documents = documents;
  }

  @Post()
  @HttpCode(200)
  async search(@Body() raw: unknown): Promise<unknown> {
    const request = validated(body, raw);
    const text = checkedQuestion(request.query);
    const kbIds = await Promise.all(request.kbIds.map((kb) => this.#documents.knowledgeBase(kb)));
    const { hits, timings } = await search(this.#parts, { text, kbIds, mode: request.mode, topK: request.topK });
    return { hits, timings };
  }
}
