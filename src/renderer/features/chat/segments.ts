/**
 * Cuts a growing Markdown text where no later letter can change what stands before, so that only its last part is read
 * again with each new word.
 */

export interface Segments {
  /** The whole text that was cut. */
  readonly text: string;
  /** Where each part but the first begins. */
  readonly cuts: readonly number[];
  /** Scanned up to here: the beginning of a line. */
  readonly scanned: number;
  /** The line before `scanned` was blank. */
  readonly blank: boolean;
  /** The fence that an open code block ends with; null outside one. */
  readonly fence: string | null;
}

export const noSegments: Segments = { text: '', cuts: [], scanned: 0, blank: false, fence: null };

const fenceLine = /^ {0,3}(`{3,}|~{3,})/;
// What may go on with the block before across a blank line: an item, or anything indented.
const goesOn = /^(?:\s|[-*+>|]|\d{1,9}[.)])/;

/** `text` begins with what `before` holds; otherwise it is cut anew. Only whole lines are looked at, each once. */
export function cutSegments(before: Segments, text: string): Segments {
  const from = text.startsWith(before.text) ? before : noSegments;
  let { scanned, blank, fence } = from;
  const cuts = [...from.cuts];
  for (let end = text.indexOf('\n', scanned); end !== -1; end = text.indexOf('\n', scanned)) {
    const line = text.slice(scanned, end);
    if (fence === null && blank && line.trim() !== '' && !goesOn.test(line)) cuts.push(scanned);
    const marker = fenceLine.exec(line)?.[1];
    if (marker !== undefined) {
      if (fence === null) fence = marker;
      else if (marker.startsWith(fence) && line.trim() === marker) fence = null;
    }
    blank = line.trim() === '';
    scanned = end + 1;
  }
  return { text, cuts, scanned, blank, fence };
}

/** The parts in order; together they are the text. */
export function segmentsOf({ text, cuts }: Segments): string[] {
  return [0, ...cuts].map((start, index) => text.slice(start, cuts[index]));
}
