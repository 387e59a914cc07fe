/** Ids: UUIDv7 for rows (sortable by time), UUIDv5 for points, so that writing one twice overwrites it (RFC 9562). */
import { createHash, randomBytes } from 'node:crypto';

function format(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

function stamp(bytes: Buffer, version: number): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return format(bytes);
}

export function newId(now: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  return stamp(bytes, 7);
}

const namespace = Buffer.from('6f1d3a52c0b74d1e9a2f5b8e7c4410d3', 'hex');

/** The id of a passage in Postgres and of its point in Qdrant: one value, derived from (document, version, number). */
export function chunkId(documentId: string, version: number, no: number): string {
  const hash = createHash('sha1').update(namespace).update(`${documentId}:${version}:${no}`).digest();
  return stamp(hash.subarray(0, 16), 5);
}
