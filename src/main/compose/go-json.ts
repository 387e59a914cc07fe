/** JSON as Go's encoder writes it, over a table of shapes: compact, maps sorted by key, `<`, `>` and `&` escaped. */
import type { Shape } from './shape.ts';
import { shaped } from './shape.ts';
import { type Dict, isDict, isList, type Value } from './yaml-value.ts';

/** Fields that are 32-bit floats in Compose, printed with a float's shortest digits. */
const floats: ReadonlySet<string> = new Set(['cpus', 'cpu_percent', 'max_failure_ratio']);

/** @returns the text, or "null" where the shape leaves the whole value out. */
export function goJson(value: Value | undefined, shape: Shape): string {
  return encode(shaped(value, shape) ?? null, shape);
}

/** Encoded fields by value and shape: dialects of one service share nearly all of them. */
export type EncodedFields = Map<unknown, Map<Shape, string | undefined>>;

/** As `goJson` of a mapping, with fields looked up in `known` first and left there. The values must not change meanwhile. */
export function goJsonFields(value: Dict, fields: readonly (readonly [string, Shape])[], known: EncodedFields): string {
  const parts: string[] = [];
  for (const [key, shape] of fields) {
    const entry = value[key];
    const shared = typeof entry === 'object' && entry !== null;
    const byShape = shared ? (known.get(entry) ?? new Map<Shape, string | undefined>()) : undefined;
    let encoded = byShape?.get(shape);
    if (byShape === undefined || !byShape.has(shape)) {
      const made = shaped(entry, shape);
      if (made !== undefined) encoded = field(key, made, shape);
      byShape?.set(shape, encoded);
      if (byShape !== undefined) known.set(entry, byShape);
    }
    if (encoded !== undefined) parts.push(`"${key}":${encoded}`);
  }
  return `{${parts.join(',')}}`;
}

function field(key: string, value: Value, shape: Shape): string {
  return typeof value === 'number' && floats.has(key) ? shortestFloat(value) : encode(value, shape);
}

/** Encodes a value whose omissions are made already. */
function encode(value: Value, shape: Shape): string {
  if (value === null) return 'null';
  if (typeof shape === 'string' || typeof value !== 'object') return scalar(value);
  if ('nullable' in shape) return encode(value, shape.nullable);
  if ('list' in shape) return isList(value) ? `[${value.map((item) => encode(item, shape.list)).join(',')}]` : 'null';
  if (!isDict(value)) return 'null';
  return 'map' in shape ? encodeMap(value, shape.map) : encodeStruct(value, shape.struct);
}

function encodeMap(value: Dict, of: Shape): string {
  const keys = Object.keys(value).sort(byCodePoint);
  return `{${keys.map((key) => `${text(key)}:${encode(value[key] as Value, of)}`).join(',')}}`;
}

function encodeStruct(value: Dict, fields: readonly (readonly [string, Shape])[]): string {
  let made = '';
  for (const [key, shape] of fields) {
    const entry = value[key];
    if (entry === undefined) continue;
    made += `${made === '' ? '' : ','}"${key}":${field(key, entry, shape)}`;
  }
  return `{${made}}`;
}

function scalar(value: Value): string {
  return typeof value === 'string' ? text(value) : typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}

const special = /[<>&\u2028\u2029\ud800-\udfff]/;

/** Go escapes `<`, `>`, `&`, U+2028 and U+2029, and replaces lone surrogates. */
function text(value: string): string {
  const encoded = JSON.stringify(value);
  if (!special.test(value)) return encoded;
  return encoded
    .replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/\\(?:ud[89a-f][0-9a-f]{2}|.)/g, (found) => (found.startsWith('\\ud') ? '\\ufffd' : found));
}

/** The fewest digits that give the same 32-bit float. */
function shortestFloat(value: number): string {
  const wanted = Math.fround(value);
  for (let digits = 1; digits <= 9; digits++) {
    const candidate = Number(wanted.toPrecision(digits));
    if (Math.fround(candidate) === wanted) return JSON.stringify(candidate);
  }
  return JSON.stringify(wanted);
}

/** Go sorts by UTF-8 bytes, which is the order of code points; JavaScript's own order differs beyond U+FFFF. */
function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    const leftHigh = left >= 0xd800 && left < 0xe000;
    const rightHigh = right >= 0xd800 && right < 0xe000;
    return leftHigh === rightHigh ? left - right : leftHigh ? 1 : -1;
  }
  return a.length - b.length;
}
