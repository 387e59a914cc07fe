/** Search in log lines: plain text without regard to case, or a regular expression. */

export interface Matcher {
  test(text: string): boolean;
  /** Start and end of each match, at most 50 a line, none empty. */
  ranges(text: string): readonly (readonly [number, number])[];
}

export type SearchResult =
  | { readonly ok: true; readonly matcher: Matcher | null }
  | { readonly ok: false; readonly why: string };

/** Only this much of a line is searched, so that no line can hold up the window. */
const searchedChars = 4000;
const maxRanges = 50;

/** A repeated group that itself repeats or branches can take exponential time: `(a+)+`, `(a|aa)*`. */
const risky = /\((?:[^()\\]|\\.)*(?:[*+}|])(?:[^()\\]|\\.)*\)(?:[*+]|\{\d)/;

function matcherOf(expression: RegExp): Matcher {
  return {
    test(text) {
      expression.lastIndex = 0;
      return expression.test(text.slice(0, searchedChars));
    },
    ranges(text) {
      const found: [number, number][] = [];
      for (const match of text.slice(0, searchedChars).matchAll(expression)) {
        if (match[0].length > 0) found.push([match.index, match.index + match[0].length]);
        if (found.length === maxRanges) break;
      }
      return found;
    },
  };
}

/** An empty query has no matcher. A bad or dangerous expression says why. */
export function createMatcher(query: string, regex: boolean): SearchResult {
  if (query === '') return { ok: true, matcher: null };
  if (!regex) {
    return { ok: true, matcher: matcherOf(new RegExp(query.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'gi')) };
  }
  if (risky.test(query)) return { ok: false, why: 'This expression repeats a repeated group, which can take forever' };
  try {
    const expression = new RegExp(query, 'gi');
    return expression.test('')
      ? { ok: false, why: 'This expression matches everything' }
      : { ok: true, matcher: matcherOf(expression) };
  } catch {
    return { ok: false, why: 'This expression is not finished' };
  }
}
