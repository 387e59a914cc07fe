/** Sizes as Compose reads them: "50m", "1.5 GiB", 1024, -1; units are powers of 1024. */

const powers: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5 };

/** @returns the size in bytes as a decimal string, or undefined where the text is not a size. */
export function parseBytes(value: string | number | bigint): string | undefined {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? integerText(Math.trunc(value)) : undefined;
  if (/^-\d{1,18}$/.test(value)) return String(Number(value));
  const match = /^([0-9.]*\d[0-9.]*) ?([a-zA-Z]{0,3})$/.exec(value);
  if (match === null) return undefined;
  const size = /^(\d+\.?\d*|\.\d+)$/.test(match[1] ?? '') ? Number(match[1]) : Number.NaN;
  const suffix = (match[2] ?? '').toLowerCase();
  const power = suffix === '' || suffix === 'b' ? 0 : powers[suffix[0] ?? ''];
  if (power === undefined || !/^.?(b|ib)?$/.test(suffix) || Number.isNaN(size)) return undefined;
  return integerText(Math.trunc(size * 1024 ** power));
}

function integerText(value: number): string | undefined {
  if (Math.abs(value) >= 2 ** 63) return undefined;
  return Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
}
