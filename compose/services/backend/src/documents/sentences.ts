/** Sentences of a text as offsets, by Unicode's rules with repairs for abbreviations and numbers. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
const unfinished = /(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|dr|mr|mrs|ms|st|prof|inc|ltd)\.|\b[A-Z]\.)\s*$/i;

/** Spans without surrounding white space, in order; together they hold every visible character. */
export function sentenceSpans(text: string, offset = 0): Span[] {
  const spans: Span[] = [];
  let open: Span | null = null;
  for (const { segment, index } of segmenter.segment(text)) {
    const trimmed = segment.trim();
    if (trimmed === '') continue;
    const start = index + segment.indexOf(trimmed.charAt(0));
    const end = start + trimmed.length;
    const from: number = open?.start ?? start;
    const next = text.slice(end).trimStart().charAt(0);
    if (unfinished.test(segment) && next !== '' && /[\p{Ll}\d(]/u.test(next)) {
      open = { start: from, end };
      continue;
    }
    spans.push({ start: offset + from, end: offset + end });
    open = null;
  }
  if (open !== null) spans.push({ start: offset + open.start, end: offset + open.end });
  return spans;
}
