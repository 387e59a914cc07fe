/** Variable substitution with Compose's rules: `$V`, `${V}`, `:-` `-` `:?` `?` `:+` `+`, nested, and `$$` for a dollar. */

/** @returns the variable's value, or undefined where it is not set. */
export type Lookup = (name: string) => string | undefined;

/** A template that cannot be substituted; the caller adds where it stands. */
export class TemplateError extends Error {
  /** What would be right. */
  readonly right: string;
  constructor(message: string, right: string) {
    super(message);
    this.name = 'TemplateError';
    this.right = right;
  }
}

const maxNesting = 32;
const maxLength = 1 << 20;

/**
 * Substitutes every variable of a text. Unset ones become "" and are reported to `onUnset`.
 * @throws TemplateError for malformed templates and required variables without a value.
 */
export function interpolate(template: string, lookup: Lookup, onUnset: (name: string) => void = () => {}): string {
  return substitute(template, lookup, onUnset, 0);
}

function substitute(template: string, lookup: Lookup, onUnset: (name: string) => void, depth: number): string {
  if (!template.includes('$')) return template;
  if (depth > maxNesting) throw new TemplateError('variables are nested too deeply', `Nest at most ${maxNesting}.`);
  let result = '';
  let index = 0;
  while (index < template.length) {
    const dollar = template.indexOf('$', index);
    if (dollar === -1) {
      result += template.slice(index);
      break;
    }
    result += template.slice(index, dollar);
    if (template[dollar + 1] === '$') {
      result += '$';
      index = dollar + 2;
    } else if (template[dollar + 1] === '{') {
      const end = closingBrace(template, dollar);
      if (end === -1) throw malformed(template);
      result += braced(template.slice(dollar + 2, end), template, lookup, onUnset, depth);
      index = end + 1;
    } else {
      const name = nameAt(template, dollar + 1);
      // A dollar that begins nothing stands for itself.
      result += name === '' ? '$' : plain(name, lookup, onUnset);
      index = dollar + 1 + name.length;
    }
    if (result.length > maxLength) throw new TemplateError('the text grows beyond 1 MiB', 'Use shorter values.');
  }
  return result;
}

function braced(
  body: string,
  template: string,
  lookup: Lookup,
  onUnset: (name: string) => void,
  depth: number,
): string {
  const name = nameAt(body, 0);
  if (name === '') throw malformed(template);
  const rest = body.slice(name.length);
  if (rest === '') return plain(name, lookup, onUnset);
  const colon = rest[0] === ':';
  const operator = rest[colon ? 1 : 0];
  if (operator !== '-' && operator !== '?' && operator !== '+') throw malformed(template);
  const word = () => substitute(rest.slice(colon ? 2 : 1), lookup, onUnset, depth + 1);
  // Compose substitutes a default even where it is not used, so that an error in it shows.
  const fallback = operator === '-' ? word() : '';
  const value = lookup(name);
  const usable = value !== undefined && !(colon && value === '');
  if (operator === '+') return usable ? word() : '';
  if (usable) return value;
  if (operator === '-') return fallback;
  const message = word();
  throw new TemplateError(
    `the variable ${name} is required${message === '' ? '' : `: ${message}`}`,
    `Give ${name} a value in the environment or in the .env file.`,
  );
}

function plain(name: string, lookup: Lookup, onUnset: (name: string) => void): string {
  const value = lookup(name);
  if (value === undefined) onUnset(name);
  return value ?? '';
}

function malformed(template: string): TemplateError {
  const cut = template.length > 60 ? `${template.slice(0, 59)}…` : template;
  return new TemplateError(
    `${JSON.stringify(cut)} is not a valid variable reference`,
    'Write ${NAME}, ${NAME:-default} or ${NAME:?message}; a plain dollar sign is written $$.',
  );
}

function nameAt(text: string, start: number): string {
  namePattern.lastIndex = start;
  return namePattern.exec(text)?.[0] ?? '';
}
const namePattern = /[_a-zA-Z][_a-zA-Z0-9]*/y;

/** The brace that closes the `${` at `start`, counting nested ones. -1: none. */
function closingBrace(text: string, start: number): number {
  let open = 0;
  for (let index = start; index < text.length; index++) {
    if (text[index] === '}') {
      open--;
      if (open === 0) return index;
    } else if (text[index] === '$' && text[index + 1] === '{') {
      open++;
      index++;
    }
  }
  return -1;
}
