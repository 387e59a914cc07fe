/** Every failure of loading is one of these: where in which file, what is wrong, what would be right. */
import { basename } from 'node:path';
import { ProblemError, problem } from '../../shared/model/problem.ts';

/** A key's path from the top of a file, as in `services.web.ports.0`. */
export type KeyPath = readonly (string | number)[];

/** A place in a file; line and column count from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The source line itself. */
  readonly text: string;
}

/** Finds the place of a key path, or of its nearest ancestor that stands in the file. */
export type Locate = (path: KeyPath) => SourcePlace | undefined;

/** @returns "services.web.ports.0", cut to 200 characters. */
function formatPath(path: KeyPath): string {
  const text = path.join('.');
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

/**
 * @param what is wrong, a sentence without a full stop: "`imagee` is not a key of a service".
 * @param right says what would be right, one or two sentences.
 */
export function composeProblem(
  what: string,
  right: string,
  place: SourcePlace | undefined,
  path: KeyPath = [],
  service?: string,
): ProblemError {
  const where = place === undefined ? 'Compose file' : `${basename(place.file)}, line ${place.line}`;
  const title = clip(`${where}: ${what}`, 300);
  const key = path.length === 0 ? '' : ` At ${formatPath(path)}${place === undefined ? '' : ` in ${place.file}`}.`;
  // The title says what is wrong; it is said again only where the title had no room for it.
  const cause = `${title.endsWith('…') ? `${clip(what, 1500)}. ` : ''}${right}${key}`;
  const fix = place === undefined ? 'Correct the file' : `Correct line ${place.line} of ${clip(place.file, 200)}`;
  const owner = service ?? (path[0] === 'services' && typeof path[1] === 'string' ? path[1] : undefined);
  return new ProblemError(
    problem('compose-invalid', title, cause, {
      evidence: place === undefined ? [] : caret(place),
      remedies: [
        { action: 'advice', label: fix },
        { action: 'retry', label: 'Try again' },
      ],
      ...(owner !== undefined && owner !== '' && owner.length <= 64 ? { service: owner } : {}),
    }),
  );
}

/** The source line with a caret under the place; long lines are cut around it. */
function caret(place: SourcePlace): string[] {
  const start = Math.max(0, place.column - 1 - 80);
  const text = place.text.slice(start, start + 160).replaceAll('\t', ' ');
  const gutter = String(place.line);
  return [
    `${place.file}:${place.line}:${place.column}`,
    `${gutter} | ${text}`,
    `${' '.repeat(gutter.length)} | ${' '.repeat(place.column - 1 - start)}^`,
  ];
}

/** The candidate nearest to a misspelt word, if it is near enough to be what was meant. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined;
  const wanted = word.toLowerCase().replaceAll('-', '_');
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance; transposed neighbours count as one. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(previous, j) + 1, at(row, j - 1) + 1, at(previous, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(beforePrevious, j - 2) + 1);
      }
      row.push(cost);
    }
    beforePrevious = previous;
    previous = row;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}

/** Cuts a text to a length, with an ellipsis. */
export function clip(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** A value as it may be shown in a message: quoted and cut. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(clip(value, 80));
  if (Array.isArray(value)) return 'a list';
  if (value !== null && typeof value === 'object') return 'a mapping';
  return String(value);
}
