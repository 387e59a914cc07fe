/**
 * Citation marks in an answer's raw text. The backend says where each stands (`[1]` in a quoted line is no mark), so they are
 * taken out by their offsets before anything reads the text as blocks or Markdown: each becomes a token that no answer can
 * hold, and whoever draws the text turns tokens back, into citations or, within code and addresses, into what stood there.
 */
import type { Citation } from '../../../shared/model/chat.ts';

export interface Mark {
  /** The source that it points at. */
  readonly n: number;
  /** null while the answer is written: it is not known yet. */
  readonly support: Citation['support'] | null;
  /** What stood in the text: ` [1]`. Empty for the second number of one bracket. */
  readonly raw: string;
}

interface Placed extends Mark {
  readonly start: number;
  readonly end: number;
}

export type Piece = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'cite'; readonly mark: Mark };

/** A text whose marks are tokens: `split` and `restore` read it. */
export interface MarkedText {
  readonly text: string;
  readonly marks: readonly Mark[];
}

const bracket = / ?\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g;
// Brackets to Markdown, so that emphasis ends where it did; the private-use letter in it is taken out of every answer.
const reserved = '\ue000';
const token = /⸨\ue000(\d{1,6})⸩/g;

/** Where citations say that they stand. What does not lie on a bracket of the text is left out. */
function exactMarks(text: string, citations: readonly Citation[]): Placed[] {
  const seen = new Set<string>();
  return citations
    .filter(({ n, markStart, markEnd }) => {
      const key = `${markStart} ${n}`;
      const bracketed = text[markStart] === '[' && text[markEnd - 1] === ']' && markEnd - markStart <= 40;
      if (!bracketed || seen.has(key)) return false;
      seen.add(key);
      return true;
    })
    .sort((a, b) => a.markStart - b.markStart)
    .map(({ n, support, markStart, markEnd }) => {
      const start = markStart > 0 && text[markStart - 1] === ' ' ? markStart - 1 : markStart;
      return { n, support, start, end: markEnd, raw: text.slice(start, markEnd) };
    });
}

/** Only numbers in `known` become marks; `[2024]` in a text stays text. */
function likelyMarks(text: string, known: ReadonlySet<number>): Placed[] {
  const marks: Placed[] = [];
  for (const match of text.matchAll(bracket)) {
    const numbers = (match[1] ?? '').split(',').map((part) => Number(part));
    if (!numbers.every((n) => known.has(n))) continue;
    const place = { start: match.index, end: match.index + match[0].length, support: null };
    for (const [index, n] of numbers.entries()) marks.push({ ...place, n, raw: index === 0 ? match[0] : '' });
  }
  return marks;
}

function replaceMarks(text: string, marks: readonly Placed[]): MarkedText {
  const kept: Mark[] = [];
  let out = '';
  let at = 0;
  let last: Placed | null = null;
  for (const mark of marks) {
    const same = last !== null && last.start === mark.start && last.end === mark.end;
    if (!same && mark.start < at) continue;
    if (!same) out += text.slice(at, mark.start);
    out += `⸨${reserved}${kept.length}⸩`;
    kept.push(same ? { n: mark.n, support: mark.support, raw: '' } : mark);
    at = mark.end;
    last = mark;
  }
  return { text: out + text.slice(at), marks: kept };
}

/** Of a whole answer, whose citations are known. */
export function markExactly(raw: string, citations: readonly Citation[]): MarkedText {
  const text = raw.replaceAll(reserved, '\ufffd');
  return replaceMarks(text, exactMarks(text, citations));
}

/** Of an answer that is still written or broke off: its citations have not come, its sources have. */
export function markLikely(raw: string, known: ReadonlySet<number>): MarkedText {
  const text = raw.replaceAll(reserved, '\ufffd');
  return replaceMarks(text, likelyMarks(text, known));
}

/** Text and citations in turn. */
export function splitMarks(text: string, marks: readonly Mark[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(token)) {
    const mark = marks[Number(match[1])];
    if (mark === undefined) continue;
    if (match.index > at) pieces.push({ kind: 'text', text: text.slice(at, match.index) });
    pieces.push({ kind: 'cite', mark });
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push({ kind: 'text', text: text.slice(at) });
  return pieces;
}

/** As it stood in the answer: within code and addresses there are no marks. */
export function restoreMarks(text: string, marks: readonly Mark[]): string {
  return text.replace(token, (_all, index) => marks[Number(index)]?.raw ?? '');
}

/** Text, then the citations behind it together with the word they stand at, so that no line begins with a lone number. */
export interface CitedRun {
  readonly text: string;
  readonly lastWord: string;
  /** Empty when no citation follows; then `lastWord` is part of `text`. */
  readonly marks: readonly Mark[];
}

export function joinCitations(pieces: readonly Piece[]): CitedRun[] {
  const runs: { text: string; lastWord: string; marks: Mark[] }[] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    if (piece.kind === 'text') runs.push({ text: piece.text, lastWord: '', marks: [] });
    else if (last === undefined) runs.push({ text: '', lastWord: '', marks: [piece.mark] });
    else {
      if (last.marks.length === 0) {
        // A very long word may break; then the number may too.
        const word = /\S{1,40}$/.exec(last.text)?.[0] ?? '';
        last.lastWord = word;
        last.text = last.text.slice(0, last.text.length - word.length);
      }
      if (!last.marks.some((mark) => mark.n === piece.mark.n)) last.marks.push(piece.mark);
    }
  }
  return runs;
}
