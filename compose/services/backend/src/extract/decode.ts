/** Bytes of a text file to text. */

const at = (bytes: Uint8Array, ...mark: readonly number[]): boolean =>
  mark.every((byte, index) => bytes[index] === byte);

/** UTF-16 without its mark: in texts of Latin letters every other byte is zero. */
function unmarked(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (bytes.length < 8 || bytes.length % 2 !== 0) return null;
  const sample = bytes.subarray(0, 4096);
  const zeros = [0, 0];
  for (const [index, byte] of sample.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const half = sample.length / 2;
  if (odd > half * 0.7 && even < half * 0.02) return 'utf-16le';
  if (even > half * 0.7 && odd < half * 0.02) return 'utf-16be';
  return null;
}

export function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (at(bytes, 0xff, 0xfe)) return 'utf-16le';
  if (at(bytes, 0xfe, 0xff)) return 'utf-16be';
  return unmarked(bytes) ?? 'utf-8';
}

/** UTF-8, UTF-16 (by its mark, or by its zeros), else Windows-1252, which takes any byte. */
export function decodeText(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  if (encoding !== 'utf-8') return new TextDecoder(encoding).decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
