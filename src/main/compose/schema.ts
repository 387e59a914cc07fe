/**
 * The grammar of a Compose file as a table, and its checker. Text is cast to the type a field takes, so that
 * `privileged: "${BOOL:-true}"` works after interpolation as it does in Compose.
 */
import { parseBytes } from './bytes.ts';
import { clip, composeProblem, didYouMean, type KeyPath, type Locate, shown } from './compose-problem.ts';
import { parseDuration } from './durations.ts';
import { type Dict, dict, isDict, isList, type Value } from './yaml-value.ts';

/** What a value may be. Alternatives are told apart by the YAML kind: one scalar rule, one list, one mapping. */
export interface Rule {
  /** For messages: "a text", "a list of ports". */
  readonly is: string;
  readonly scalar?: ScalarRule;
  readonly list?: Rule;
  /** A mapping with free keys. */
  readonly entries?: Rule;
  /** What free keys must look like. */
  readonly keys?: RegExp;
  /** A mapping with known keys; `x-*` is always allowed. */
  readonly fields?: Readonly<Record<string, Rule>>;
  /** Whether null (an empty value) is allowed. */
  readonly nil?: boolean;
  /** Keys that later Compose versions know and Quayside does not run, with what to do instead. */
  readonly unsupported?: Readonly<Record<string, string>>;
}

type ScalarType = 'text' | 'bool' | 'int' | 'mode' | 'number' | 'bytes' | 'duration' | 'any';
interface ScalarRule {
  readonly type: ScalarType;
  /** Number is taken for a text too (or a boolean, with 'any'). */
  readonly numbers?: boolean;
  readonly oneOf?: readonly string[];
  /** Besides `oneOf`. */
  readonly orLike?: RegExp;
  readonly pattern?: RegExp;
}

export const text: Rule = { is: 'a text', scalar: { type: 'text' } };
export const textOrNumber: Rule = { is: 'a text or a number', scalar: { type: 'text', numbers: true } };
export const bool: Rule = { is: 'true or false', scalar: { type: 'bool' } };
export const int: Rule = { is: 'a whole number', scalar: { type: 'int' } };
/** A file's mode: a text is octal whether it begins with 0 or not, as Compose has it since 2.34. */
export const fileMode: Rule = { is: 'a mode such as 0440', scalar: { type: 'mode' } };
export const number: Rule = { is: 'a number', scalar: { type: 'number' } };
export const size: Rule = { is: 'a size such as 512m or 2g', scalar: { type: 'bytes' } };
export const duration: Rule = { is: 'a duration such as 30s or 1m30s', scalar: { type: 'duration' } };
/** Any scalar or nothing: the values of environment, labels and the like. */
export const anyScalar: Rule = { is: 'a text, a number, true or false', scalar: { type: 'any' }, nil: true };
export const anything: Rule = { is: 'anything' };

export function oneOf(...values: readonly string[]): Rule {
  return { is: `one of ${values.join(', ')}`, scalar: { type: 'text', oneOf: values } };
}
export function listOf(of: Rule, is = `a list of ${plural(of.is)}`): Rule {
  return { is, list: of };
}
export function mapOf(of: Rule, keys?: RegExp, is = 'a mapping'): Rule {
  return { is, entries: of, ...(keys === undefined ? {} : { keys }) };
}
export function object(
  is: string,
  fields: Readonly<Record<string, Rule>>,
  unsupported: Readonly<Record<string, string>> = {},
): Rule {
  return { is, fields, unsupported };
}
/** One rule out of several that differ in kind. */
export function either(is: string, ...rules: readonly Rule[]): Rule {
  return Object.assign({}, ...rules, { is }) as Rule;
}
export function nullable(rule: Rule): Rule {
  return { ...rule, nil: true };
}

export const textList = listOf(text, 'a list of texts');
export const textOrList = either('a text or a list of texts', text, textList);
export const scalarMap = mapOf(anyScalar);
/** `{KEY: value}` or `[KEY=value]`. */
export const mapOrList = either('a mapping or a list of KEY=value', scalarMap, listOf(text));

/** Where a check stands, and how its findings find their line. */
interface CheckContext {
  readonly locate: Locate;
}

/**
 * Checks a value against its rule.
 * @returns the value with texts cast to the types asked for (a copy where anything changed).
 * @throws ProblemError at the first finding, with what would be right.
 */
export function check(value: Value, rule: Rule, path: KeyPath, context: CheckContext): Value {
  if (rule === anything) return value;
  if (value === null) {
    if (rule.nil === true) return null;
    throw mismatch(value, rule, path, context);
  }
  if (isList(value)) {
    const of = rule.list;
    if (of === undefined) throw mismatch(value, rule, path, context);
    return value.map((item, index) => check(item, of, [...path, index], context));
  }
  if (isDict(value)) {
    if (rule.fields !== undefined) return checkFields(value, rule, rule.fields, path, context);
    if (rule.entries !== undefined) return checkEntries(value, rule, rule.entries, path, context);
    throw mismatch(value, rule, path, context);
  }
  if (rule.scalar === undefined) throw mismatch(value, rule, path, context);
  return checkScalar(value, rule, rule.scalar, path, context);
}

function checkFields(
  value: Dict,
  rule: Rule,
  fields: Readonly<Record<string, Rule>>,
  path: KeyPath,
  context: CheckContext,
): Dict {
  const checked = dict();
  for (const key of Object.keys(value)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    const entry = value[key] as Value;
    if (field !== undefined) checked[key] = check(entry, field, [...path, key], context);
    else if (key.startsWith('x-')) checked[key] = entry;
    else throw unknownKey(key, rule, Object.keys(fields), [...path, key], context);
  }
  return checked;
}

function checkEntries(value: Dict, rule: Rule, of: Rule, path: KeyPath, context: CheckContext): Dict {
  const checked = dict();
  for (const key of Object.keys(value)) {
    if (rule.keys !== undefined && !rule.keys.test(key)) {
      throw composeProblem(
        `${shown(key)} cannot be a name here`,
        'Use letters, digits, dots, dashes and underscores.',
        context.locate([...path, key]),
        [...path, key],
      );
    }
    checked[key] = check(value[key] as Value, of, [...path, key], context);
  }
  return checked;
}

function unknownKey(key: string, rule: Rule, known: readonly string[], path: KeyPath, context: CheckContext): Error {
  const unsupported = rule.unsupported ?? {};
  const instead = Object.hasOwn(unsupported, key) ? unsupported[key] : undefined;
  if (instead !== undefined) {
    return composeProblem(`\`${clip(key, 60)}\` is not supported by Quayside`, instead, context.locate(path), path);
  }
  const meant = didYouMean(key, known);
  const right =
    meant === undefined
      ? `Remove it, or begin its name with x- if it is your own. Known keys: ${known.slice(0, 80).join(', ')}.`
      : `Did you mean \`${meant}\`?`;
  return composeProblem(`\`${clip(key, 60)}\` is not a key of ${rule.is}`, right, context.locate(path), path);
}

function mismatch(value: Value, rule: Rule, path: KeyPath, context: CheckContext): Error {
  const key = path.length === 0 ? 'the file' : `\`${path[path.length - 1]}\``;
  const what = value === null ? `${key} has no value` : `${key} is ${shown(value)}`;
  const right = value === null ? `Give it a value (${rule.is}), or remove the key.` : `It must be ${rule.is}.`;
  return composeProblem(what, right, context.locate(path), path);
}

function checkScalar(
  value: boolean | number | bigint | string,
  rule: Rule,
  scalar: ScalarRule,
  path: KeyPath,
  context: CheckContext,
): Value {
  const cast = castScalar(value, scalar);
  if (cast === undefined) throw mismatch(value, rule, path, context);
  if (
    typeof cast === 'string' &&
    scalar.oneOf !== undefined &&
    !scalar.oneOf.includes(cast) &&
    scalar.orLike?.test(cast) !== true
  ) {
    const meant = didYouMean(cast, scalar.oneOf);
    throw composeProblem(
      `\`${path[path.length - 1]}\` is ${shown(value)}`,
      `It must be ${rule.is}.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
      context.locate(path),
      path,
    );
  }
  if (typeof cast === 'string' && scalar.pattern !== undefined && !scalar.pattern.test(cast)) {
    throw mismatch(value, rule, path, context);
  }
  return cast;
}

const booleans: ReadonlyMap<string, boolean> = new Map(
  Object.entries({
    true: true,
    yes: true,
    y: true,
    on: true,
    '1': true,
    t: true,
    false: false,
    no: false,
    n: false,
    off: false,
    '0': false,
    f: false,
  }),
);

/** @returns undefined where the value cannot be what the rule asks. */
function castScalar(value: boolean | number | bigint | string, rule: ScalarRule): Value | undefined {
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  switch (rule.type) {
    case 'any':
      return value;
    case 'text':
      return typeof value === 'string' || (isNumber && rule.numbers === true) ? value : undefined;
    case 'bool':
      return typeof value === 'boolean'
        ? value
        : typeof value === 'string'
          ? booleans.get(value.toLowerCase())
          : undefined;
    case 'int': {
      const parsed = typeof value === 'string' && /^[+-]?\d{1,15}$/.test(value) ? Number(value) : value;
      return typeof parsed === 'number' && Number.isSafeInteger(parsed) ? parsed : undefined;
    }
    case 'mode': {
      const parsed = typeof value === 'string' && /^[0-7]{1,9}$/.test(value) ? Number.parseInt(value, 8) : value;
      return typeof parsed === 'number' && Number.isSafeInteger(parsed) ? parsed : undefined;
    }
    case 'number': {
      const parsed =
        typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value) ? Number(value) : value;
      return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : undefined;
    }
    case 'bytes':
      return (typeof value === 'string' || isNumber) && parseBytes(value) !== undefined ? value : undefined;
    case 'duration':
      return typeof value === 'string' && parseDuration(value) !== undefined ? value : undefined;
  }
}

function plural(is: string): string {
  return is.replace(/^an? /, '');
}
