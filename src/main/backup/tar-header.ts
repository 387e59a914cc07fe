/**
 * One 512-byte ustar header, for regular files only. Always the same bytes for the same name, size and time, so
 * that a reader can compare a header as a whole.
 */

export const blockBytes = 512;
/** 11 octal digits: from here on GNU's base-256 form is used. */
const octalLimit = 8 ** 11;
const maxNameBytes = 100;

/** How many zero bytes follow a content of this size. */
export function paddingOf(bytes: number): number {
  return (blockBytes - (bytes % blockBytes)) % blockBytes;
}

/** @throws {RangeError} when the name is longer than 100 bytes or the size is no safe integer. */
export function encodeHeader(name: string, bytes: number, atMs: number): Buffer {
  const nameBytes = Buffer.from(name, 'utf8');
  if (nameBytes.length === 0 || nameBytes.length > maxNameBytes) throw new RangeError(`unusable name: ${name}`);
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`unusable size: ${bytes}`);
  const header = Buffer.alloc(blockBytes);
  nameBytes.copy(header, 0);
  header.write('0000600\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  if (bytes < octalLimit) header.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  else {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(bytes), 128);
  }
  const seconds = Math.max(0, Math.floor(atMs / 1000));
  header.write(`${seconds.toString(8).padStart(11, '0')}\0`, 136, 'latin1');
  header.write('        0ustar\u000000', 148, 'latin1');
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

export interface TarHeader {
  readonly name: string;
  readonly bytes: number;
  readonly atMs: number;
}

/**
 * Reads a header that `encodeHeader` wrote; null for a block of zeros (the archive's end).
 * @throws {Error} in plain words for anything else: another type of entry, a wrong checksum, a single changed byte.
 */
export function decodeHeader(block: Buffer): TarHeader | null {
  if (block.length !== blockBytes) throw new Error('the file ends in the middle of an entry header');
  if (block.every((byte) => byte === 0)) return null;
  const nameEnd = block.indexOf(0);
  const name = block.toString('utf8', 0, nameEnd < 0 || nameEnd > maxNameBytes ? maxNameBytes : nameEnd);
  const bytes =
    block[124] === 0x80 ? Number(block.readBigUInt64BE(128)) : Number.parseInt(block.toString('latin1', 124, 135), 8);
  const seconds = Number.parseInt(block.toString('latin1', 136, 147), 8);
  if (!Number.isSafeInteger(bytes) || !Number.isSafeInteger(seconds) || name === '') {
    throw new Error('an entry header does not make sense');
  }
  if (!encodeHeader(name, bytes, seconds * 1000).equals(block)) throw new Error('an entry header has been changed');
  return { name, bytes, atMs: seconds * 1000 };
}

/** The sum of all bytes with the checksum field read as spaces. */
function checksum(header: Buffer): number {
  let sum = 0;
  for (let index = 0; index < blockBytes; index += 1) {
    sum += index >= 148 && index < 156 ? 0x20 : (header[index] ?? 0);
  }
  return sum;
}
