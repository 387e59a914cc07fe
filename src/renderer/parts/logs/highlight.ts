/** Cuts spans at match borders, so that matches can be marked across colours. */
import type { Span } from './ansi.ts';

export interface Piece extends Span {
  readonly hit: boolean;
}

/** `ranges` are ascending, apart, and count from the start of the joined texts. */
export function highlight(spans: readonly Span[], ranges: readonly (readonly [number, number])[]): Piece[] {
  const pieces: Piece[] = [];
  let offset = 0;
  let next = 0;
  for (const span of spans) {
    let at = 0;
    while (at < span.text.length) {
      while (next < ranges.length && (ranges[next]?.[1] ?? 0) <= offset + at) next += 1;
      const range = ranges[next];
      const hit = range !== undefined && range[0] <= offset + at;
      const border = range === undefined ? Number.POSITIVE_INFINITY : hit ? range[1] : range[0];
      const end = Math.min(span.text.length, border - offset);
      pieces.push({ ...span, text: span.text.slice(at, end), hit });
      at = end;
    }
    offset += span.text.length;
  }
  return pieces;
}
