/**
 * A log line as coloured spans (R30): only SGR colours and weights are kept, every other escape sequence is dropped,
 * hidden characters become visible marks. The result is text and palette numbers: nothing in a line can reach the page as markup.
 */
import { escapeSequence, markHidden } from '../../ui/plain-text.ts';

export interface Span {
  readonly text: string;
  /** Palette 0 to 7; undefined is the page's own ink. */
  readonly fg?: number;
  readonly bg?: number;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
}
type Style = { -readonly [K in Exclude<keyof Span, 'text'>]?: Span[K] };

/** No sequence may carry more numbers than this; the rest is ignored. */
const maxParameters = 16;
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence is the subject
const sgr = /^(?:\x1b\[|\x9b)([\d;:]*)m$/;
const anythingSpecial = /[^\t -~]/;

const palette: readonly (readonly [number, number, number])[] = [
  [0, 0, 0],
  [205, 49, 49],
  [13, 188, 121],
  [229, 180, 16],
  [36, 114, 200],
  [188, 63, 188],
  [17, 168, 205],
  [229, 229, 229],
];

/** The palette entry nearest to a colour, so that any colour a program chose stays readable in both themes. */
export function nearestColour(r: number, g: number, b: number): number {
  let best = 7;
  let least = Number.POSITIVE_INFINITY;
  palette.forEach(([pr, pg, pb], index) => {
    const distance = (r - pr) ** 2 + (g - pg) ** 2 + (b - pb) ** 2;
    if (distance < least) {
      least = distance;
      best = index;
    }
  });
  return best;
}

/** One of the 256 colours: 16 named, a 6x6x6 cube, 24 greys. */
function fromIndexed(n: number): number | undefined {
  if (n < 0 || n > 255) return undefined;
  if (n < 16) return n % 8;
  if (n >= 232) return n < 244 ? 0 : 7;
  const level = (i: number): number => (i === 0 ? 0 : 55 + i * 40);
  const cube = n - 16;
  return nearestColour(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

/** Reads `38;5;n` and `38;2;r;g;b` from just behind the 38; answers the colour and how many numbers it took. */
function extended(numbers: readonly number[], at: number): { colour: number | undefined; used: number } {
  if (numbers[at] === 5) return { colour: fromIndexed(numbers[at + 1] ?? -1), used: 2 };
  if (numbers[at] === 2) {
    return { colour: nearestColour(numbers[at + 1] ?? 0, numbers[at + 2] ?? 0, numbers[at + 3] ?? 0), used: 4 };
  }
  return { colour: undefined, used: 1 };
}

function setColour(style: Style, key: 'fg' | 'bg', colour: number | undefined): void {
  if (colour === undefined) delete style[key];
  else style[key] = colour;
}

function apply(style: Style, body: string): Style {
  const numbers = body
    .split(/[;:]/)
    .slice(0, maxParameters)
    .map((part) => (part === '' ? 0 : Number(part)));
  let next: Style = { ...style };
  for (let i = 0; i < numbers.length; i += 1) {
    const n = numbers[i] ?? 0;
    if (n === 0) next = {};
    else if (n === 1) next.bold = true;
    else if (n === 2) next.dim = true;
    else if (n === 3) next.italic = true;
    else if (n === 4) next.underline = true;
    else if (n === 7) next = { ...next, ...(next.fg === undefined ? {} : { bg: next.fg }) };
    else if (n === 22) {
      delete next.bold;
      delete next.dim;
    } else if (n === 23) delete next.italic;
    else if (n === 24) delete next.underline;
    else if (n >= 30 && n <= 37) next.fg = n - 30;
    else if (n >= 90 && n <= 97) next.fg = n - 90;
    else if (n >= 40 && n <= 47) next.bg = n - 40;
    else if (n >= 100 && n <= 107) next.bg = n - 100;
    else if (n === 39) delete next.fg;
    else if (n === 49) delete next.bg;
    else if (n === 38 || n === 48) {
      const { colour, used } = extended(numbers, i + 1);
      setColour(next, n === 38 ? 'fg' : 'bg', colour);
      i += used;
    }
  }
  return next;
}

/** What is seen of a line: no escape sequences, hidden characters marked. */
export function visibleText(text: string): string {
  if (!anythingSpecial.test(text)) return text;
  return markHidden(text.replace(/\r+$/, '').replace(escapeSequence, ''));
}

/** Spans whose texts joined are `visibleText`. Empty input gives no spans. */
export function parseAnsi(text: string): Span[] {
  if (text === '') return [];
  if (!anythingSpecial.test(text)) return [{ text }];
  const spans: Span[] = [];
  let style: Style = {};
  let at = 0;
  const push = (piece: string): void => {
    const shown = markHidden(piece);
    if (shown !== '') spans.push({ text: shown, ...style });
  };
  const whole = text.replace(/\r+$/, '');
  for (const match of whole.matchAll(escapeSequence)) {
    push(whole.slice(at, match.index));
    at = match.index + match[0].length;
    const body = sgr.exec(match[0])?.[1];
    if (body !== undefined) style = apply(style, body);
  }
  push(whole.slice(at));
  return spans;
}
