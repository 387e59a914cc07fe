/** Which passages are what a question expects. Pure. */
import type { FoundAt } from './measures.ts';

/** A place in a document; what is left out does not narrow. */
export interface Expected {
  /** The document as the person knows it: its whole source name, or the last part of it. Case counts. */
  readonly source: string;
  /** One of the headings that the passage stands under. */
  readonly heading?: string | undefined;
  /** A piece of the passage's text; white space counts as one blank. */
  readonly text?: string | undefined;
}
interface PassageOfDocument {
  readonly sourceName: string;
  readonly headingPath: readonly string[];
  readonly text: string;
}

const folded = (text: string): string => text.replace(/\s+/g, ' ').trim();

function fits(passage: PassageOfDocument, { source, heading, text }: Expected): boolean {
  if (passage.sourceName !== source && passage.sourceName.split('/').at(-1) !== source) return false;
  if (heading !== undefined && !passage.headingPath.some((part) => folded(part) === folded(heading))) return false;
  return text === undefined || folded(passage.text).includes(folded(text));
}

/** For each expected place the rank, from 1, of the first passage that holds it. */
export function findPlaces(passages: readonly PassageOfDocument[], expected: readonly Expected[]): FoundAt {
  return expected.map((place) => {
    const at = passages.findIndex((passage) => fits(passage, place));
    return at < 0 ? null : at + 1;
  });
}
