/** Plain data as YAML gives it. Mappings have no prototype, so that no key of a file can reach one. */
export type Value = null | boolean | number | bigint | string | Value[] | Dict;
export interface Dict {
  [key: string]: Value;
}

/** An empty mapping without a prototype, filled from `entries`. */
export function dict(entries?: Iterable<readonly [string, Value]>): Dict {
  const made = Object.create(null) as Dict;
  if (entries !== undefined) for (const [key, value] of entries) made[key] = value;
  return made;
}

export function isDict(value: Value | undefined): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Value | undefined): value is Value[] {
  return Array.isArray(value);
}

/** A deep copy. */
export function copy<T extends Value>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T;
  if (isDict(value)) {
    const made = dict();
    for (const key of Object.keys(value)) made[key] = copy(value[key] as Value);
    return made as T;
  }
  return value;
}

/** How many values a tree holds, itself included. */
export function countValues(value: Value): number {
  let count = 1;
  if (Array.isArray(value)) for (const item of value) count += countValues(item);
  else if (isDict(value)) for (const key of Object.keys(value)) count += countValues(value[key] as Value);
  return count;
}

/** A scalar as Go's `fmt.Sprint` prints it, which is how Compose turns numbers and booleans into strings. */
export function scalarText(value: boolean | number | bigint | string): string {
  if (typeof value !== 'number') return String(value);
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e21)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return String(value);
}

/**
 * A plain (unquoted) scalar typed as Go's yaml.v3 does: `0440` and `0o440` are octal, `1_000` is 1000,
 * `yes` and `on` are words, integers beyond 2^53 stay exact.
 */
export function plainScalar(source: string): Value {
  const first = source.charCodeAt(0);
  if (source === '' || source === '~' || source === 'null' || source === 'Null' || source === 'NULL') return null;
  if (source === 'true' || source === 'True' || source === 'TRUE') return true;
  if (source === 'false' || source === 'False' || source === 'FALSE') return false;
  // Only digits, a sign or a point can begin a number.
  if (!((first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46)) return source;
  if (/^[+-]?\.(inf|Inf|INF)$/.test(source)) return first === 45 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^\.(nan|NaN|NAN)$/.test(source)) return Number.NaN;
  const bare = source.replaceAll('_', '');
  const integer = integerOf(bare);
  if (integer !== undefined) return integer;
  if (/^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(bare)) return Number(bare);
  return source;
}

function integerOf(text: string): number | bigint | undefined {
  const match = /^([+-]?)(?:(0[xX][0-9a-fA-F]+)|(0[bB][01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/.exec(text);
  if (match === null) return undefined;
  const digits = match[2] ?? match[3] ?? (match[4] === undefined ? match[5] : `0o${match[4]}`);
  if (digits === undefined || digits.length > 70) return undefined;
  const size = BigInt(digits);
  const value = match[1] === '-' ? -size : size;
  if (value > 18446744073709551615n || value < -9223372036854775808n) return undefined;
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}
