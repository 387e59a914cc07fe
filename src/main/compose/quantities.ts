/** Sizes and durations of a canonical model as the Engine API takes them. The loader has already refused malformed ones. */

const unitNs: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Go's duration syntax, as in "1m30s" or "1.5h"; a bare number is nanoseconds. @throws {RangeError} for anything else. */
export function nanoseconds(value: string | number): number {
  if (typeof value === 'number') return value;
  if (/^-?\d+$/.test(value)) return Number(value);
  let total = 0;
  let rest = value;
  while (rest !== '') {
    const match = /^(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/.exec(rest);
    if (match === null) throw new RangeError(`"${value}" is not a duration`);
    total += Number(match[1]) * (unitNs[match[2] ?? ''] ?? 0);
    rest = rest.slice(match[0].length);
  }
  return Math.round(total);
}

const unitBytes: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** "52428800", 52428800 or "50m". @throws {RangeError} for anything else. */
export function bytes(value: string | number): number {
  if (typeof value === 'number') return value;
  const match = /^(-?\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(value.trim());
  const unit = unitBytes[(match?.[2] ?? '').toLowerCase()];
  if (match === null || unit === undefined) throw new RangeError(`"${value}" is not a size`);
  return Math.floor(Number(match[1]) * unit);
}
