/** The answer's plain text as blocks and pieces: paragraphs, quotes, lists, and citations like [1] or [2, 3]. No markup is read. */

export type Piece = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'cite'; readonly n: number };

export interface Block {
  readonly kind: 'paragraph' | 'quote' | 'item';
  readonly pieces: readonly Piece[];
}

const citation = /\s?\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g;

/** Only numbers in `known` become citations; `[2024]` in a text stays text. */
export function parsePieces(text: string, known: ReadonlySet<number>): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(citation)) {
    const numbers = (match[1] ?? '').split(',').map((part) => Number(part));
    if (!numbers.every((n) => known.has(n))) continue;
    if (match.index > at) pieces.push({ kind: 'text', text: text.slice(at, match.index) });
    for (const n of numbers) pieces.push({ kind: 'cite', n });
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push({ kind: 'text', text: text.slice(at) });
  return pieces;
}

/** Text, then the citations behind it together with the word they stand at, so that no line begins with a lone number. */
export interface CitedRun {
  readonly text: string;
  readonly lastWord: string;
  /** Empty when no citation follows; then `lastWord` is part of `text`. */
  readonly numbers: readonly number[];
}

export function joinCitations(pieces: readonly Piece[]): CitedRun[] {
  const runs: { text: string; lastWord: string; numbers: number[] }[] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    if (piece.kind === 'text') runs.push({ text: piece.text, lastWord: '', numbers: [] });
    else if (last === undefined) runs.push({ text: '', lastWord: '', numbers: [piece.n] });
    else {
      if (last.numbers.length === 0) {
        // A very long word may break; then the number may too.
        const word = /\S{1,40}$/.exec(last.text)?.[0] ?? '';
        last.lastWord = word;
        last.text = last.text.slice(0, last.text.length - word.length);
      }
      if (!last.numbers.includes(piece.n)) last.numbers.push(piece.n);
    }
  }
  return runs;
}

/** A blank line parts blocks; `> ` begins a quote, `- ` or `* ` an item. */
export function parseBlocks(text: string, known: ReadonlySet<number>): Block[] {
  const blocks: Block[] = [];
  let open: { kind: Block['kind']; lines: string[] } | null = null;
  const flush = (): void => {
    if (open !== null) blocks.push({ kind: open.kind, pieces: parsePieces(open.lines.join('\n'), known) });
    open = null;
  };
  for (const line of text.split('\n')) {
    const quote = /^>\s?(.*)$/.exec(line);
    const item = /^\s*[-*•]\s+(.*)$/.exec(line);
    const kind: Block['kind'] = quote !== null ? 'quote' : item !== null ? 'item' : 'paragraph';
    const content = quote?.[1] ?? item?.[1] ?? line;
    const current = open as { kind: Block['kind']; lines: string[] } | null;
    if (content.trim() === '') flush();
    else if (current !== null && current.kind === kind && kind !== 'item') current.lines.push(content);
    else {
      flush();
      open = { kind, lines: [content] };
    }
  }
  flush();
  return blocks;
}
