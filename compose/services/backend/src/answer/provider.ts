/** What a run needs of whoever writes the answer. */

import type { Passage, SearchResult } from '../retrieval/search.ts';
import type { Strength } from './abstain.ts';

export type ProviderName = 'embedded' | 'openai-compatible';

export interface SourceJson {
  readonly n: number;
  readonly chunkId: string;
  readonly documentId: string;
  readonly title: string;
  readonly sourceName: string;
  readonly page: number | null;
  readonly headingPath: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly snippet: string;
  readonly strength: Strength;
}

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
