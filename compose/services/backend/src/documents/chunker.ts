/**
 * Text to passages of a size that the embedding model really sees. Counts are the model's own word-pieces.
 * Cuts come at a heading first, then between paragraphs, then between sentences, and inside a sentence only when one
 * alone is too long. Passages of one section overlap, so that nothing said across a cut is lost.
 */
import type { Block, Extracted } from '../extract/extracted.ts';
import type { ChunkLimits } from './pipeline.ts';
import { type Span, sentenceSpans } from './sentences.ts';

/** Units larger than this are cut, so that one always fits beside its context. */
const maxUnit = 192;
/** What the model takes, without its two special word-pieces. */
export const modelMax = 254;
/** At most this many word-pieces of title and headings go before a passage when it is embedded. */
const maxContext = 48;

export interface Chunk {
  readonly no: number;
  /** Verbatim: the text from `start` to `end`. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
  readonly page: number | null;
  readonly headingPath: readonly string[];
  /** Title and headings, as far as they fit: put before the text when it is embedded, and for BM25; never shown. */
  readonly context: string;
}

/** Word-pieces of each text. */
export type CountTokens = (texts: readonly string[]) => Promise<number[]>;

interface Unit extends Span {
  readonly tokens: number;
  readonly page: number | null;
  /** First sentence of its block. */
  readonly opens: boolean;
}

/** Splits at white space into pieces of roughly equal length; without any white space, at characters. */
function halves(text: string, span: Span): [Span, Span] {
  const middle = Math.floor((span.start + span.end) / 2);
  let cut = -1;
  for (let reach = 0; reach < (span.end - span.start) / 2 - 1 && cut < 0; reach += 1) {
    if (/\s/.test(text.charAt(middle + reach))) cut = middle + reach;
    else if (/\s/.test(text.charAt(middle - reach))) cut = middle - reach;
  }
  if (cut >= 0)
    return [
      { start: span.start, end: cut },
      { start: cut + 1, end: span.end },
    ];
  // Never between the two halves of a surrogate pair.
  const at = /[\udc00-\udfff]/.test(text.charAt(middle)) ? middle + 1 : middle;
  return [
    { start: span.start, end: at },
    { start: at, end: span.end },
  ];
}

async function unitsOf(text: string, blocks: readonly Block[], count: CountTokens, max: number): Promise<Unit[][]> {
  const pending = blocks.map((block) =>
    (block.kind === 'code' || block.kind === 'row'
      ? lineSpans(text, block)
      : sentenceSpans(text.slice(block.start, block.end), block.start)
    ).map((span, at) => ({ ...span, page: block.page, opens: at === 0 })),
  );
  const flat = pending.flat();
  const counted = new Map<Span, number>();
  let todo: Span[] = flat;
  const pieces = new Map<Span, Span[]>();
  while (todo.length > 0) {
    const counts = await count(todo.map((span) => text.slice(span.start, span.end)));
    const next: Span[] = [];
    for (const [at, span] of todo.entries()) {
      const tokens = counts[at] ?? 0;
      counted.set(span, tokens);
      if (tokens <= max || span.end - span.start < 2) continue;
      const parts = halves(text, span).filter((part) => part.end > part.start);
      pieces.set(span, parts);
      next.push(...parts);
    }
    todo = next;
  }
  const expand = (span: Span): Span[] => pieces.get(span)?.flatMap(expand) ?? [span];
  return pending.map((spans) =>
    spans.flatMap((span) =>
      expand(span).map((piece, at) => ({
        start: piece.start,
        end: piece.end,
        tokens: counted.get(piece) ?? 0,
        page: span.page,
        opens: span.opens && at === 0,
      })),
    ),
  );
}

function lineSpans(text: string, block: Block): Span[] {
  const spans: Span[] = [];
  let at = block.start;
  for (const line of text.slice(block.start, block.end).split('\n')) {
    if (line.trim() !== '') spans.push({ start: at, end: at + line.length });
    at += line.length + 1;
  }
  return spans;
}

function sections(blocks: readonly Block[]): Block[][] {
  // A document of headings only is searched by its headings.
  if (blocks.every((block) => block.kind === 'heading')) return blocks.length === 0 ? [] : [[...blocks]];
  const all: Block[][] = [];
  let afterHeading = true;
  for (const block of blocks) {
    if (block.kind === 'heading') {
      afterHeading = true;
      continue;
    }
    if (afterHeading) all.push([]);
    afterHeading = false;
    all.at(-1)?.push(block);
  }
  return all;
}

/** Greedy packing of one section: up to `target`, on to `max` only to end a paragraph. */
function pack(units: readonly Unit[], target: number, max: number, overlap: number): Unit[][] {
  const groups: Unit[][] = [];
  let group: Unit[] = [];
  let tokens = 0;
  let fresh = 0;
  const close = (): void => {
    groups.push(group);
    const tail: Unit[] = [];
    let kept = 0;
    for (const unit of [...group].reverse()) {
      if (kept + unit.tokens > target * overlap) break;
      tail.unshift(unit);
      kept += unit.tokens;
    }
    group = tail.length === group.length ? [] : tail;
    tokens = group.reduce((sum, unit) => sum + unit.tokens, 0);
    fresh = 0;
  };
  for (const unit of units) {
    const full = tokens + unit.tokens > max || (tokens + unit.tokens > target && (unit.opens || tokens >= target));
    if (fresh > 0 && full) close();
    // The overlap gives way when a long sentence needs the room.
    while (group.length > 0 && fresh === 0 && tokens + unit.tokens > max) tokens -= group.shift()?.tokens ?? 0;
    group.push(unit);
    tokens += unit.tokens;
    fresh += 1;
  }
  if (fresh > 0) groups.push(group);
  return groups;
}

/** Passages of a document, in order. Every one fits the model together with its context. */
export async function chunkDocument(document: Extracted, count: CountTokens, limits: ChunkLimits): Promise<Chunk[]> {
  const { text } = document;
  const parts = sections(document.blocks);
  const contexts = parts.map((blocks) => [document.title, ...(blocks[0]?.headingPath ?? [])]);
  const labels = await contextLabels(contexts, count);
  const chunks: Chunk[] = [];
  const units = await unitsOf(text, parts.flat(), count, Math.min(limits.max, maxUnit));
  let at = 0;
  for (const [index, blocks] of parts.entries()) {
    const label = labels[index] ?? { text: '', tokens: 0 };
    const max = Math.min(limits.max, modelMax - label.tokens);
    const own = units.slice(at, at + blocks.length).flat();
    at += blocks.length;
    for (const group of pack(own, Math.min(limits.target, max), max, limits.overlap)) {
      const first = group[0];
      const last = group.at(-1);
      if (first === undefined || last === undefined) continue;
      const passage = text.slice(first.start, last.end);
      chunks.push({
        no: chunks.length,
        text: passage,
        start: first.start,
        end: last.end,
        tokens: group.reduce((sum, unit) => sum + unit.tokens, 0),
        page: first.page,
        headingPath: blocks[0]?.headingPath ?? [],
        context: label.text,
      });
    }
  }
  return chunks;
}

/** What is embedded of a passage, and what BM25 sees. */
export function embedTextOf({ context, text }: { context: string; text: string }): string {
  return context === '' ? text : `${context}\n${text}`;
}

/** "Title > heading > heading", outer headings dropped first when the whole is too long, then cut by words. */
export async function contextLabels(
  paths: readonly (readonly string[])[],
  count: CountTokens,
): Promise<{ text: string; tokens: number }[]> {
  const candidates = paths.map((path) => {
    const distinct = path.filter((part, at) => part !== '' && part !== path[at - 1]);
    const [title = '', ...headings] = distinct;
    const last = headings.at(-1);
    const short = (part: string): string => part.split(/\s+/).slice(0, 10).join(' ').slice(0, 80);
    return [
      distinct.join(' > '),
      last === undefined ? title : `${title} > ${last}`,
      last === undefined ? short(title) : `${short(title)} > ${short(last)}`,
    ];
  });
  const flat = candidates.flat();
  const counts = flat.length === 0 ? [] : await count(flat);
  return candidates.map((options, row) => {
    for (const [column, option] of options.entries()) {
      const tokens = counts[row * 3 + column] ?? 0;
      if (tokens <= maxContext) return { text: option, tokens };
    }
    return { text: '', tokens: 0 };
  });
}
