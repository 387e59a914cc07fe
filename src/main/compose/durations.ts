/** Durations in Go's syntax ("1m30s", "1.5h"), printed as Go prints them. */

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const minute = 60_000_000_000n;
const maxDuration = 9223372036854775807n;

/** @returns nanoseconds, or undefined where the text is not a duration of at most about 292 years. */
export function parseDuration(text: string): bigint | undefined {
  const match = /^([+-]?)(.+)$/s.exec(text);
  if (match === null) return undefined;
  if (match[2] === '0') return 0n;
  let rest = match[2] ?? '';
  let total = 0n;
  while (rest !== '') {
    const part = /^(\d{0,20})(?:\.(\d{0,40}))?(ns|us|µs|μs|ms|s|m|h)/.exec(rest);
    if (part === null || (part[1] === '' && (part[2] ?? '') === '')) return undefined;
    const unit = units[part[3] ?? ''] ?? 0n;
    total += BigInt(part[1] || '0') * unit;
    const fraction = (part[2] ?? '').slice(0, 18);
    if (fraction !== '') total += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
    rest = rest.slice(part[0].length);
    if (total > maxDuration) return undefined;
  }
  return match[1] === '-' ? -total : total;
}

/** Go's `time.Duration.String`: "0s", "500ms", "1m30s", "2h0m0s". */
export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s';
  const sign = nanoseconds < 0n ? '-' : '';
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}µs`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`;
  const minutes = size / minute;
  const seconds = decimal(size % minute, 9);
  if (minutes === 0n) return `${sign}${seconds}s`;
  const hours = minutes / 60n;
  return hours === 0n ? `${sign}${minutes}m${seconds}s` : `${sign}${hours}h${minutes % 60n}m${seconds}s`;
}

function decimal(value: bigint, digits: number): string {
  const base = 10n ** BigInt(digits);
  const fraction = String(value % base)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(value / base) : `${value / base}.${fraction}`;
}
