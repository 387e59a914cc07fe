/** A quoting answer's plain text as blocks: paragraphs, quotes, lists. Nothing else is markup in it. */
import { type MarkedText, type Piece, splitMarks } from './answer-marks.ts';

export interface Block {
  readonly kind: 'paragraph' | 'quote' | 'item';
  readonly pieces: readonly Piece[];
}

/** A blank line parts blocks; `> ` begins a quote, `- ` or `* ` an item. */
export function parseBlocks({ text, marks }: MarkedText): Block[] {
  const blocks: Block[] = [];
  let open: { kind: Block['kind']; lines: string[] } | null = null;
  const flush = (): void => {
    if (open !== null) blocks.push({ kind: open.kind, pieces: splitMarks(open.lines.join('\n'), marks) });
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
