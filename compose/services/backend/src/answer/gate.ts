/**
 * The one gate between what was found and an answer: weighs the passages of a question and picks what may be quoted.
 * Nothing to quote means that the documents do not answer it.
 */
import { embedCached } from '../retrieval/query-embedding.ts';
import type { Passage, SearchParts, SearchResult } from '../retrieval/search.ts';
import { type Evidence, isAnswerable } from './abstain.ts';
import { type Candidate, candidatesOf, dot, type Quote, type Scored, selectQuotes } from './extractive.ts';
import { coverage, lexemesOf, questionTerms } from './terms.ts';

/** Passages whose sentences are looked at. */
const maxPassages = 8;
/** How many sentences are embedded, and of how many characters together: what keeps the first word quick. */
const maxSentences = 12;
const maxCharacters = 1500;

type Found = Pick<SearchResult, 'hits' | 'vector' | 'profile'>;
interface Weighed {
  readonly passages: readonly Passage[];
  readonly sentences: readonly Scored[];
  /** Best cosine per passage, its own or of a sentence. */
  readonly nearest: readonly number[];
  readonly evidence: Evidence;
}

/** What is embedded for a sentence: titles around it give "It listens on port 7420" something to be about. */
function inContext(passage: Passage, sentence: string): string {
  const section = passage.headingPath.at(-1) ?? '';
  const place = section === '' || section === passage.title ? passage.title : `${passage.title}, ${section}`;
  return `${place}: ${sentence}`;
}

interface Promising {
  readonly candidate: Candidate;
  readonly coverage: number;
  /** What is embedded. */
  readonly text: string;
}

/** The sentences worth embedding, best first. One that is too long for the room left makes way for shorter ones. */
export function promising(all: readonly Promising[], passages: number): Promising[] {
  const value = ({ candidate, coverage: held }: Promising): number => held + 0.6 * (1 - candidate.passage / passages);
  const chosen: Promising[] = [];
  let room = maxCharacters;
  for (const one of [...all].sort((a, b) => value(b) - value(a))) {
    if (chosen.length === maxSentences) break;
    if (chosen.length > 0 && one.text.length > room) continue;
    room -= one.text.length;
    chosen.push(one);
  }
  return chosen;
}

async function weigh(parts: SearchParts, question: string, found: Found, signal: AbortSignal): Promise<Weighed> {
  const passages = found.hits.slice(0, maxPassages);
  const candidates = passages.flatMap((passage, at) => candidatesOf(passage.text, at));
  const textOf = (candidate: Candidate): string =>
    passages[candidate.passage]?.text.slice(candidate.start, candidate.end) ?? '';
  const [terms, lexemes] = await Promise.all([
    questionTerms(parts.database, question),
    lexemesOf(parts.database, [
      ...candidates.map(textOf),
      ...passages.map((passage) => [passage.title, ...passage.headingPath, passage.text].join('\n')),
    ]),
  ]);
  signal.throwIfAborted();
  const all = candidates.flatMap((candidate, at): Promising[] => {
    const passage = passages[candidate.passage];
    if (passage === undefined) return [];
    const held = coverage(terms, lexemes[at] ?? new Set());
    return [{ candidate, coverage: held, text: inContext(passage, textOf(candidate)) }];
  });
  const chosen = promising(all, passages.length);
  const texts = chosen.map(({ text }) => text);
  const vectors = await embedCached(parts, found.profile, texts, signal);
  const sentences = chosen.map(({ candidate, coverage: held }, at): Scored => {
    const vector = vectors[at] ?? new Float32Array();
    return { ...candidate, coverage: held, vector, cosine: dot(found.vector, vector) };
  });
  const nearest = passages.map((passage, at) =>
    Math.max(passage.scores.dense ?? 0, ...sentences.filter((s) => s.passage === at).map((s) => s.cosine)),
  );
  const inPassages = passages.map((_, at) => lexemes[candidates.length + at] ?? new Set<string>());
  const held = inPassages.map((words) => coverage(terms, words));
  return {
    passages,
    sentences,
    nearest,
    evidence: {
      cosine: Math.max(0, ...nearest),
      coverage: Math.max(0, ...held),
      words: terms.length,
      // Among the passages found, not among all there are: those of others are nobody's business, and a passage that
      // holds a rare name is found by it.
      unknownName: terms.some((term) => term.isName && !inPassages.some((words) => words.has(term.lexeme))),
    },
  };
}

export interface Judged {
  readonly passages: readonly Passage[];
  /** Best cosine per passage, its own or of a sentence. */
  readonly nearest: readonly number[];
  /** Verbatim pieces of the passages, best first; empty: abstain. */
  readonly quotes: readonly Quote[];
}

/**
 * @param minDense the floor of nearness in meaning (`retrieval.minDense`)
 * @throws {BackendProblem} `embedding-unavailable`, `database-unavailable`
 */
export async function judge(
  parts: SearchParts,
  question: string,
  found: Found,
  minDense: number,
  signal: AbortSignal,
): Promise<Judged> {
  const { passages, sentences, nearest, evidence } = await weigh(parts, question, found, signal);
  const texts = passages.map((passage) => passage.text);
  return { passages, nearest, quotes: isAnswerable(evidence, minDense) ? selectQuotes(sentences, texts) : [] };
}
