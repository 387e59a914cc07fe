/** What a run needs of whoever writes the answer. */

import { z } from 'zod';
import type { ConfigValues } from '../config/keys.ts';
import type { Passage, SearchResult } from '../retrieval/search.ts';
import type { Strength } from './abstain.ts';
import type { Turn } from './port.ts';
import type { ProviderName } from './provider-names.ts';

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
  .meta({ id: 'AnswerSource' });
export type SourceJson = z.output<typeof sourceJson>;

export const supports = ['strong', 'medium', 'weak', 'unsupported'] as const;
export type Support = (typeof supports)[number];
export const citationJson = z
  .object({
    /** The source that it points at. */
    n: z.number(),
    /** The sentence that it stands for: offsets into the answer's text, in UTF-16 units. */
    answerStart: z.number(),
    answerEnd: z.number(),
    /** Where its `[n]` stands. What looks like a mark anywhere else is quoted text. */
    markStart: z.number(),
    markEnd: z.number(),
    /** How well the source bears the sentence out. */
    support: z.enum(supports),
  })
  .meta({ id: 'Citation' });
export type CitationJson = z.output<typeof citationJson>;

const noticeCodes = [
  'context_truncated',
  'low_confidence',
  'fallback_provider',
  'injection_suspected',
  'answer_truncated',
  'refused',
] as const;
/** Something to know about an answer; what else it holds depends on its code. */
export const noticeJson = z.looseObject({ code: z.enum(noticeCodes) }).meta({ id: 'Notice' });
export type Notice = Readonly<z.output<typeof noticeJson>>;

export type AnswerEvent =
  /** Once more when fewer fitted than thought, or when another provider takes over: it replaces the list before. */
  | { readonly kind: 'sources'; readonly sources: readonly SourceJson[] }
  | { readonly kind: 'delta'; readonly text: string }
  /** All of them, after the last delta. */
  | { readonly kind: 'citations'; readonly citations: readonly CitationJson[] }
  | { readonly kind: 'notice'; readonly notice: Notice }
  /** Another one than the run began with writes from here on. */
  | { readonly kind: 'provider'; readonly name: ProviderName; readonly model: string }
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
      /** As it was asked. */
      question: string;
      /** As it was searched: a follow-up together with what it points back at. */
      query: string;
      history: readonly Turn[];
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
