/** Citations in the text of an answer: plain `[n]` marks. */
import { sentenceSpans } from '../documents/sentences.ts';
import { citations } from '../observability/metrics.ts';

/** `[1]`, `[1, 3]`, `[2-4]`; the bounds are what lets a stream hold back no more than `longestMark`. */
const mark = /\s?\[(\d{1,9}(?:\s{0,2}[,;–-]\s{0,2}\d{1,9}){0,19})\]/g;
const longestMark = 300;

/** The numbers that a mark names, in its order. A range names what lies between when it is a short one. */
function numbersOf(list: string): number[] {
  return list.split(/[,;]/).flatMap((part) => {
    const [from = 0, ...rest] = part.split(/[–-]/).map((text) => Number(text.trim()));
    const to = rest.at(-1);
    if (to === undefined) return [from];
    if (rest.length > 1 || to <= from || to - from > 20) return [from, ...rest];
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}

/**
 * Watches an answer go by and takes out citations of sources that do not exist: `[n]` stays only for 1 <= n <= count.
 * Text in pieces to text in pieces; holds back at most an unfinished mark.
 */
export function createCitationFilter(count: number): {
  push(text: string): string;
  flush(): string;
  used: Set<number>;
} {
  let held = '';
  const used = new Set<number>();
  const clean = (text: string): string =>
    text.replace(mark, (whole: string, list: string) => {
      const numbers = numbersOf(list);
      const valid = [...new Set(numbers)].filter((n) => n >= 1 && n <= count);
      for (const n of valid) used.add(n);
      const invalid = numbers.filter((n) => n < 1 || n > count).length;
      if (invalid > 0) citations.inc({ strength: 'invalid' }, invalid);
      if (valid.length === 0) return '';
      return (/^\s/.test(whole) ? whole.charAt(0) : '') + valid.map((n) => `[${n}]`).join('');
    });
  return {
    used,
    push(text) {
      const all = held + text;
      // A mark may be cut by the border of two pieces, together with the space before it.
      const open = new RegExp(`\\s?(?:\\[[\\d,;–\\-\\s]{0,${longestMark}})?$`).exec(all);
      const keep = open === null ? all.length : open.index;
      held = all.slice(keep);
      return clean(all.slice(0, keep));
    },
    flush() {
      const rest = clean(held);
      held = '';
      return rest;
    },
  };
}

export interface CitedSentence {
  readonly n: number;
  /** Offsets into the text with its marks. */
  readonly answerStart: number;
  readonly answerEnd: number;
  readonly markStart: number;
  readonly markEnd: number;
  /** Without marks. */
  readonly sentence: string;
}

/**
 * Which sentence each mark stands for: the one it stands in or right after; at the beginning of a text the one that
 * follows. Offsets count UTF-16 units.
 */
export function citedSentences(text: string, count: number): CitedSentence[] {
  const marks: { n: number; start: number; end: number; plainAt: number }[] = [];
  let plain = '';
  /** Offset in the text of each unit of `plain`. */
  const origin: number[] = [];
  let from = 0;
  const copy = (to: number): void => {
    for (let at = from; at < to; at += 1) origin.push(at);
    plain += text.slice(from, to);
  };
  for (const found of text.matchAll(/\[(\d{1,9})\]/g)) {
    const n = Number(found[1]);
    if (n < 1 || n > count) continue;
    // The space before a mark goes with it, so that the full stop after it ends the sentence.
    const space = /[^\S\n]*$/.exec(text.slice(from, found.index))?.[0].length ?? 0;
    copy(found.index - space);
    from = found.index;
    // Kept when the mark opens a line or stands between sentences.
    const end = found.index + found[0].length;
    const after = text.charAt(end);
    if (space > 0 && after !== '' && /[\p{L}\p{N}\s"“(]/u.test(after)) {
      origin.push(found.index - 1);
      plain += ' ';
    }
    marks.push({ n, start: found.index, end, plainAt: plain.trimEnd().length });
    from = end;
  }
  copy(text.length);
  const spans = sentenceSpans(plain);
  return marks.flatMap(({ n, start, end, plainAt }): CitedSentence[] => {
    const span = spans.filter((candidate) => candidate.start < plainAt).at(-1) ?? spans[0];
    if (span === undefined) return [];
    const answerStart = origin[span.start] ?? 0;
    const answerEnd = (origin[span.end - 1] ?? text.length - 1) + 1;
    return [
      {
        n,
        answerStart,
        answerEnd,
        markStart: start,
        markEnd: end,
        sentence: plain.slice(span.start, span.end),
      },
    ];
  });
}
