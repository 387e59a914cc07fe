/** `.env` files with Compose's own parsing: quotes, `export`, `#` after a space, `K: v`, variables of what came before. */
import { interpolate, type Lookup, TemplateError } from './interpolate.ts';

/** A file that cannot be read; line counts from 1. */
export class DotenvError extends Error {
  readonly line: number;
  readonly right: string;
  constructor(message: string, line: number, right: string) {
    super(message);
    this.name = 'DotenvError';
    this.line = line;
    this.right = right;
  }
}

const maxLength = 4 << 20;

/**
 * Parses a file's text. A key without a value is taken from `lookup` where that has it, else left out.
 * Values that are not single-quoted have their variables replaced: by `lookup`, else by earlier ones of the file.
 * @param values of files read before, to be added to and answered.
 * @throws DotenvError
 */
export function parseDotenv(
  text: string,
  lookup: Lookup,
  values: Map<string, string> = new Map(),
): Map<string, string> {
  const source = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const find: Lookup = (name) => lookup(name) ?? values.get(name);
  let index = 0;
  let length = 0;
  while (true) {
    index = skipBlank(source, index);
    if (index >= source.length) return values;
    const start = index;
    const key = readKey(source, index);
    index = key.next;
    if (key.inherited) {
      const value = lookup(key.name);
      if (value !== undefined) values.set(key.name, value);
      continue;
    }
    try {
      const value = readValue(source, index, find);
      values.set(key.name, value.text);
      length += value.text.length;
      if (length > maxLength)
        throw new DotenvError('its values grow beyond 4 MiB', lineOf(source, start), 'Use shorter ones.');
      index = value.next;
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw new DotenvError(`${key.name}: ${error.message}`, lineOf(source, start), error.right);
    }
  }
}

/** Skips white space and lines that begin with `#`. */
function skipBlank(source: string, from: number): number {
  let index = from;
  while (index < source.length) {
    if (/\s/.test(source[index] ?? '')) index++;
    else if (source[index] === '#') {
      const end = source.indexOf('\n', index);
      if (end === -1) return source.length;
      index = end;
    } else break;
  }
  return index;
}

function readKey(source: string, from: number): { name: string; inherited: boolean; next: number } {
  exportPattern.lastIndex = from;
  const start = exportPattern.test(source) ? exportPattern.lastIndex : from;
  let index = start;
  for (; index < source.length; index++) {
    const char = source[index] ?? '';
    if (char === '=' || char === ':' || char === '\n') break;
    if (isPlain(source.charCodeAt(index)) || isSpace(char) || /[\p{L}\p{N}_.\-[\]]/u.test(char)) continue;
    throw new DotenvError(
      `the character ${JSON.stringify(char)} cannot stand in a variable's name`,
      lineOf(source, index),
      'Write NAME=value; names are letters, digits and _.',
    );
  }
  const name = source.slice(start, index).trimEnd();
  if (/\s/.test(name)) {
    throw new DotenvError(`the name ${JSON.stringify(name)} holds a space`, lineOf(source, start), 'Write NAME=value.');
  }
  const inherited = index >= source.length || source[index] === '\n';
  if (name === '' && !inherited) {
    throw new DotenvError('a name is missing before the equals sign', lineOf(source, start), 'Write NAME=value.');
  }
  let next = index + 1;
  while (!inherited && next < source.length && isSpace(source[next] ?? '')) next++;
  return { name, inherited, next };
}
const exportPattern = /export\s+/y;

function readValue(source: string, from: number, find: Lookup): { text: string; next: number } {
  const quote = source[from];
  if (quote !== '"' && quote !== "'") {
    const newline = source.indexOf('\n', from);
    const end = newline === -1 ? source.length : newline;
    const raw = source.slice(from, end).split(' #', 1)[0] ?? '';
    return { text: interpolate(raw.trimEnd(), find), next: end };
  }
  for (let index = from + 1; index < source.length; index++) {
    if (source[index] === '\\') index++;
    else if (source[index] === quote) {
      const raw = source.slice(from + 1, index);
      const text = quote === '"' ? interpolate(withoutEscapes(raw), find) : raw.replaceAll("\\'", "'");
      // What follows the closing quote on its line is dropped, as a comment or not.
      const newline = source.indexOf('\n', index);
      return { text, next: newline === -1 ? source.length : newline };
    }
  }
  throw new DotenvError('a quoted value has no closing quote', lineOf(source, from), `Close it with ${quote}.`);
}

/** Escapes of double-quoted values; `\$` becomes `$$`, which interpolation turns into a dollar. */
function withoutEscapes(text: string): string {
  return text.replace(/\\(.)/gs, (whole, char: string) => {
    if (char === '$') return '$$';
    return escapes[char] ?? (/[\\"]/.test(char) ? char : whole);
  });
}
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** A letter or digit of ASCII, or `_`: nearly all there is, told apart without the dear general pattern. */
function isPlain(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
}

function isSpace(char: string): boolean {
  return (
    char === ' ' ||
    char === '\t' ||
    char === '\v' ||
    char === '\f' ||
    char === '\r' ||
    char === '\u0085' ||
    char === '\u00a0'
  );
}

function lineOf(source: string, index: number): number {
  let line = 1;
  for (let at = source.indexOf('\n'); at !== -1 && at < index; at = source.indexOf('\n', at + 1)) line++;
  return line;
}
