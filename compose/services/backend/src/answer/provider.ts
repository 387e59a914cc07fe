/** What a run needs of whoever writes the answer. */

import { z } from 'zod';
import type { ConfigValues } from '../config/keys.ts';
import type { Passage, SearchResult } from '../retrieval/search.ts';
import type { Strength } from './abstain.ts';

export type ProviderName = 'embedded' | 'openai-compatible';

export const sourceJson = z
  .object({
    n: z.number(),
    chunkId: z.guid(),
    documentId: z.guid(),
    title: z.string(),
    sourceName: z.string(),
    page: z.number().nullable(),
    headingPath: z.array(z.string()).readonly(),
    start: z.number(),
    end: z.number(),
    snippet: z.string(),
    strength: z.enum(['strong', 'medium', 'weak']),
  })
  .meta({ id: 'Source' });
export type SourceJson = z.output<typeof sourceJson>;

export type AnswerEvent =
  | { readonly kind: 'sources'; readonly sources: readonly SourceJson[] }
  | { readonly kind: 'delta'; readonly text: string }
  | { readonly kind: 'abstain' }
  | { readonly kind: 'tokens'; readonly input: number; readonly output: number; readonly estimated: boolean };

export interface Answerer {
  readonly name: ProviderName;
  readonly model: string;
  /**
   * `sources` comes before the first `delta`. An aborted signal ends it within the current step.
   * @throws {BackendProblem}
   */
  answer(
    request: {
      question: string;
      history: readonly { role: 'user' | 'assistant'; text: string }[];
      found: SearchResult;
      /** As they were when the run began. */
      settings: ConfigValues;
    },
    signal: AbortSignal,
  ): AsyncIterable<AnswerEvent>;
}

const maxSnippet = 2000;

export function sourceOf(n: number, passage: Passage, strength: Strength): SourceJson {
  const { chunkId, documentId, title, sourceName, page, headingPath, start, end } = passage;
  const snippet = passage.text.slice(0, maxSnippet);
  return { n, chunkId, documentId, title, sourceName, page, headingPath, start, end, snippet, strength };
}
