/** How well a source bears out the sentence that cites it: by its words, its numbers and its meaning. */
import type { Support } from './provider.ts';

export interface Comparison {
  /** Share of the sentence's words that the passage holds, 0 to 1. */
  readonly lexical: number;
  /** Best cosine of the sentence with the passage or a part of it; null when it could not be asked. */
  readonly cosine: number | null;
  /** Every number of the sentence stands in the passage. */
  readonly numbersHeld: boolean;
  /** The sentence stands in the passage as it is. */
  readonly verbatim: boolean;
}

export const supportThresholds = { strong: 0.68, medium: 0.52, weak: 0.36 } as const;

export function supportOf({ lexical, cosine, numbersHeld, verbatim }: Comparison): Support {
  if (verbatim) return 'strong';
  const score = cosine === null ? lexical : 0.5 * lexical + 0.5 * Math.max(0, cosine);
  const { strong, medium, weak } = supportThresholds;
  if (score < weak) return 'unsupported';
  // A number that the source does not give is the usual invention.
  if (score < medium || !numbersHeld) return 'weak';
  return score < strong ? 'medium' : 'strong';
}

const numbers = (text: string): string[] =>
  [...text.matchAll(/\d+(?:[.,]\d+)*/g)].map(([number]) => number.replace(/,(?=\d{3}\b)/g, ''));

export function numbersHeld(sentence: string, passage: string): boolean {
  const there = new Set(numbers(passage));
  return numbers(sentence).every((number) => there.has(number));
}

const squeezed = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/\s+/g, ' ')
    .replace(/[\s.,;:!?"'“”’]+$/u, '')
    .trim()
    .toLowerCase();

/** Up to letter case, white space and the punctuation at its end. Short ones prove nothing. */
export function isVerbatim(sentence: string, passage: string): boolean {
  const wanted = squeezed(sentence);
  return wanted.length >= 12 && squeezed(passage).includes(wanted);
}

/** Share of the sentence's lexemes that the passage holds; 0 for a sentence of stop words. */
export function shareHeld(sentence: ReadonlySet<string>, passage: ReadonlySet<string>): number {
  if (sentence.size === 0) return 0;
  return [...sentence].filter((lexeme) => passage.has(lexeme)).length / sentence.size;
}
