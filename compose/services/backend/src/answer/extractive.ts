/**
 * The answerer that needs no model to be downloaded: it picks the sentences that answer best and quotes them.
 * Pure: scores come in, quotes go out. Every quote is a verbatim piece of the passage it cites.
 */
import { sentenceSpans } from '../documents/sentences.ts';

export interface Candidate {
  /** Index of its passage in the order of retrieval, from 0. */
  readonly passage: number;
  /** Offsets into the passage's text. */
  readonly start: number;
  readonly end: number;
}
export interface Scored extends Candidate {
  /** Cosine of question and sentence. */
  readonly cosine: number;
  /** Share of the question's weighted words in the sentence, 0 to 1. */
  readonly coverage: number;
  readonly vector: Float32Array;
}
export interface Quote {
  readonly passage: number;
  readonly start: number;
  readonly end: number;
  readonly score: number;
}

const minLetters = 12;

/** The sentences of a passage that can stand as an answer. */
export function candidatesOf(text: string, passage: number): Candidate[] {
  const spans = text
    .split('\n')
    .reduce<{ at: number; spans: { start: number; end: number }[] }>(
      (state, line) => ({ at: state.at + line.length + 1, spans: [...state.spans, ...sentenceSpans(line, state.at)] }),
      { at: 0, spans: [] },
    ).spans;
  return spans
    .filter(({ start, end }) => (text.slice(start, end).match(/[\p{L}\p{N}]/gu)?.length ?? 0) >= minLetters)
    .map((span) => ({ passage, ...span }));
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}

/** 0.6 meaning, 0.25 words, 0.15 place of the passage among those found. */
export function sentenceScore(sentence: Scored, passages: number): number {
  const rank = passages <= 1 ? 1 : 1 - sentence.passage / passages;
  return 0.6 * sentence.cosine + 0.25 * sentence.coverage + 0.15 * rank;
}

export interface SelectOptions {
  /** At most this many sentences. */
  readonly limit: number;
  /** A sentence whose score is below this share of the best one's is left out. */
  readonly within: number;
  /** Sentences more alike than this say the same. */
  readonly alike: number;
}
export const selectDefaults: SelectOptions = { limit: 5, within: 0.78, alike: 0.85 };

/**
 * The best sentence together with the one after it in its paragraph: what is asked for often stands there ("When the
 * disk is full, ... Delete the oldest archives first."). null when it is the last one.
 */
function withNextSentence(sentence: Scored | undefined, texts: readonly string[]): Scored | null {
  if (sentence === undefined) return null;
  const text = texts[sentence.passage] ?? '';
  const lineEnd = text.indexOf('\n', sentence.end);
  const rest = text.slice(sentence.end, lineEnd < 0 ? text.length : lineEnd);
  const next = sentenceSpans(rest, sentence.end)[0];
  return next === undefined || next.end - next.start > 400 ? null : { ...sentence, end: next.end };
}

/**
 * Picks by maximal marginal relevance, then joins neighbours of one passage, and orders quotes: passages by their best
 * sentence, sentences within one as they stand.
 */
export function selectQuotes(
  sentences: readonly Scored[],
  texts: readonly string[],
  options: SelectOptions = selectDefaults,
): Quote[] {
  const pool = sentences
    .map((sentence) => ({ sentence, score: sentenceScore(sentence, texts.length) }))
    .sort((a, b) => b.score - a.score);
  const best = pool[0]?.score ?? 0;
  const picked: typeof pool = [];
  for (const entry of pool) {
    if (picked.length >= options.limit || entry.score < best * options.within) break;
    const repeats = picked.some(
      ({ sentence }) =>
        (sentence.passage === entry.sentence.passage &&
          sentence.start < entry.sentence.end &&
          entry.sentence.start < sentence.end) ||
        dot(sentence.vector, entry.sentence.vector) > options.alike,
    );
    if (!repeats) picked.push(entry);
  }
  const whole = withNextSentence(picked[0]?.sentence, texts);
  const chosen = whole === null ? picked : [...picked.slice(1), { sentence: whole, score: best }];
  const byPassage = new Map<number, Quote[]>();
  for (const { sentence, score } of [...chosen].sort((a, b) => a.sentence.start - b.sentence.start)) {
    const quotes = byPassage.get(sentence.passage) ?? [];
    const last = quotes.at(-1);
    const between = last === undefined ? null : (texts[sentence.passage] ?? '').slice(last.end, sentence.start);
    if (last !== undefined && between !== null && /^[ \t]*$/.test(between))
      quotes[quotes.length - 1] = {
        ...last,
        end: Math.max(last.end, sentence.end),
        score: Math.max(last.score, score),
      };
    else quotes.push({ passage: sentence.passage, start: sentence.start, end: sentence.end, score });
    byPassage.set(sentence.passage, quotes);
  }
  const strongest = (quotes: readonly Quote[]): number => Math.max(...quotes.map((quote) => quote.score));
  return [...byPassage.values()].sort((a, b) => strongest(b) - strongest(a)).flat();
}

/** A quote in the answer's text and the `[n]` after it, as offsets. */
export interface QuoteMark {
  readonly n: number;
  readonly answerStart: number;
  readonly answerEnd: number;
  readonly markStart: number;
  readonly markEnd: number;
}

/** The answer's text: one paragraph per quote, each followed by the number of its passage. */
export function renderQuotes(
  quotes: readonly Quote[],
  texts: readonly string[],
): { text: string; order: readonly number[]; marks: readonly QuoteMark[] } {
  const order: number[] = [];
  const marks: QuoteMark[] = [];
  let text = '';
  for (const quote of quotes) {
    if (!order.includes(quote.passage)) order.push(quote.passage);
    const n = order.indexOf(quote.passage) + 1;
    if (text !== '') text += '\n\n';
    const answerStart = text.length;
    text += (texts[quote.passage] ?? '').slice(quote.start, quote.end);
    const answerEnd = text.length;
    text += ` [${n}]`;
    marks.push({ n, answerStart, answerEnd, markStart: answerEnd + 1, markEnd: text.length });
  }
  return { text, order, marks };
}

/** Pieces small enough to be seen arriving: a few words each. Joined they are the text again. */
export function* pieces(text: string, size = 24): Generator<string> {
  let at = 0;
  while (at < text.length) {
    let end = Math.min(text.length, at + size);
    while (end < text.length && !/\s/.test(text.charAt(end - 1)) && end - at < size * 3) end += 1;
    if (/[\ud800-\udbff]/.test(text.charAt(end - 1)) && end < text.length) end += 1;
    yield text.slice(at, end);
    at = end;
  }
}
