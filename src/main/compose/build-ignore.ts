/**
 * What a .dockerignore leaves out, by the rules of moby's patternmatcher: `*`, `?`, `[a-z]`, `**`, `\` before a
 * character, `!` to take back; a pattern that matches a folder covers all in it; the last pattern that matches decides.
 */

export interface Ignore {
  /** @param path relative to the context, with forward slashes */
  ignores(path: string): boolean;
  /** A later `!` may want something inside this folder, though the folder itself is left out. */
  mayHoldWanted(folder: string): boolean;
}

/** A line of a .dockerignore that is no pattern. */
export class IgnoreSyntaxError extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

type Token =
  | { readonly kind: 'char'; readonly char: string }
  /** `?` */
  | { readonly kind: 'one' }
  /** `*`: anything within a name. */
  | { readonly kind: 'star' }
  /** `**` with more after it: any folders, or none. */
  | { readonly kind: 'folders' }
  /** `**` at the end: anything. */
  | { readonly kind: 'rest' }
  | { readonly kind: 'class'; readonly not: boolean; readonly ranges: readonly (readonly [string, string])[] };

interface Rule {
  readonly wanted: boolean;
  readonly tokens: readonly Token[];
  /** What every match begins with. */
  readonly prefix: string;
}

/** @throws {IgnoreSyntaxError} */
export function parseIgnore(text: string): Ignore {
  const rules: Rule[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const rule = line.startsWith('#') ? undefined : parseRule(line.trim(), index + 1);
    if (rule !== undefined) rules.push(rule);
  }
  const wanted = rules.filter((rule) => rule.wanted);
  return {
    ignores(path) {
      for (let index = rules.length - 1; index >= 0; index--) {
        const rule = rules[index];
        if (rule !== undefined && path.startsWith(rule.prefix) && matches(rule.tokens, path)) return !rule.wanted;
      }
      return false;
    },
    mayHoldWanted(folder) {
      const inside = `${folder}/`;
      return wanted.some(({ prefix }) => prefix.startsWith(inside) || inside.startsWith(prefix));
    },
  };
}

function parseRule(line: string, lineNumber: number): Rule | undefined {
  const wanted = line.startsWith('!');
  const pattern = cleaned(wanted ? line.slice(1).trim() : line);
  if (pattern === '') return undefined;
  const tokens = tokensOf(pattern, lineNumber);
  const literal = tokens.findIndex(({ kind }) => kind !== 'char');
  const prefix = tokens
    .slice(0, literal === -1 ? tokens.length : literal)
    .map((token) => (token.kind === 'char' ? token.char : ''))
    .join('');
  return { wanted, tokens, prefix };
}

/** As Go's `filepath.Clean`: no `.`, no `..` where it can be resolved, no slash at either end. */
function cleaned(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

function tokensOf(pattern: string, line: number): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    if (char === '*' && pattern[at + 1] === '*') {
      while (pattern[at + 1] === '*') at++;
      if (pattern[at + 1] === '/') at++;
      tokens.push({ kind: at + 1 >= pattern.length ? 'rest' : 'folders' });
    } else if (char === '*') tokens.push({ kind: 'star' });
    else if (char === '?') tokens.push({ kind: 'one' });
    else if (char === '[') {
      const { token, end } = classAt(pattern, at, line);
      tokens.push(token);
      at = end;
    } else if (char === '\\') {
      at += 1;
      if (at >= pattern.length) throw new IgnoreSyntaxError(line, 'it ends with a backslash');
      tokens.push({ kind: 'char', char: pattern[at] ?? '' });
    } else tokens.push({ kind: 'char', char });
  }
  return tokens;
}

function classAt(pattern: string, start: number, line: number): { token: Token; end: number } {
  let at = start + 1;
  const not = pattern[at] === '^';
  if (not) at++;
  const ranges: [string, string][] = [];
  const one = (): string => {
    if (pattern[at] === '\\') at++;
    const char = pattern[at++];
    if (char === undefined) throw new IgnoreSyntaxError(line, 'a [ is not closed');
    return char;
  };
  while (pattern[at] !== ']' || ranges.length === 0) {
    const low = one();
    if (pattern[at] === '-' && pattern[at + 1] !== ']') {
      at++;
      ranges.push([low, one()]);
    } else ranges.push([low, low]);
  }
  return { token: { kind: 'class', not, ranges }, end: at };
}

/**
 * The pattern matches the path or a folder above it. Backtracks to the last `*` and the last `**` only, so that no
 * pattern takes more than quadratic time.
 */
function matches(tokens: readonly Token[], path: string): boolean {
  let at = 0;
  let token = 0;
  let star = { token: -1, at: 0 };
  let folders = { token: -1, at: 0 };
  for (;;) {
    const current = tokens[token];
    if (current === undefined && (at === path.length || path[at] === '/')) return true;
    if (current?.kind === 'rest') return true;
    if (current?.kind === 'folders') {
      token += 1;
      folders = { token, at };
    } else if (current?.kind === 'star') {
      token += 1;
      star = { token, at };
    } else if (current !== undefined && at < path.length && matchesOne(current, path[at] ?? '')) {
      token += 1;
      at += 1;
    } else if (star.token > folders.token && star.at < path.length && path[star.at] !== '/') {
      star.at += 1;
      ({ token, at } = star);
    } else {
      const slash = folders.token === -1 ? -1 : path.indexOf('/', folders.at);
      if (slash === -1) return false;
      folders.at = slash + 1;
      ({ token, at } = folders);
      star = { token: -1, at: 0 };
    }
  }
}

function matchesOne(token: Token, char: string): boolean {
  if (token.kind === 'char') return token.char === char;
  if (char === '/') return false;
  return token.kind === 'class'
    ? token.ranges.some(([low, high]) => low <= char && char <= high) !== token.not
    : token.kind === 'one';
}
