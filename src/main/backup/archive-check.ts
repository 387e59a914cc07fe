/** The full check of an archive: every byte of it is accounted for by a header, a hash or a rule. */
import { createHash } from 'node:crypto';
import { encodeHead, headName, type Manifest, manifestName } from './archive-format.ts';
import type { ArchiveFile } from './archive-reader.ts';

export interface CheckedEntry {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Recomputes size and SHA-256 of every entry and compares names, order, head and manifest.
 * @throws {Error} in plain words, naming the entry at fault.
 */
export async function checkArchive(
  archive: ArchiveFile,
  onBytes: (done: number) => void,
  signal?: AbortSignal,
): Promise<{ manifest: Manifest; entries: readonly CheckedEntry[] }> {
  const { head, manifest } = await archive.summary();
  for (const key of ['id', 'atMs', 'environment', 'appVersion', 'version'] as const) {
    if (head[key] !== manifest[key]) throw new Error(`head and manifest do not agree on ${key}`);
  }
  const expected = [headName, ...manifest.entries.map((entry) => entry.name), manifestName];
  const found: CheckedEntry[] = [];
  for await (const entry of archive.entries()) {
    const wanted = expected[found.length];
    if (entry.name !== wanted) {
      const known = found.some((other) => other.name === entry.name) ? 'a second time' : 'where it does not belong';
      throw new Error(`${entry.name} is there ${known}`);
    }
    if (entry.atMs !== Math.floor(manifest.atMs / 1000) * 1000) throw new Error(`${entry.name} has another time`);
    const hash = createHash('sha256');
    for await (const piece of archive.content(entry.offset, entry.bytes)) {
      signal?.throwIfAborted();
      hash.update(piece);
      onBytes(Math.min(archive.bytes, entry.offset + entry.bytes));
    }
    const sha256 = hash.digest('hex');
    const said = manifest.entries[found.length - 1];
    if (entry.name === headName) {
      if (sha256 !== createHash('sha256').update(encodeHead(head)).digest('hex'))
        throw new Error('the head has been changed');
    } else if (entry.name === manifestName) {
      if (entry.offset !== head.manifest.offset || entry.bytes !== head.manifest.bytes) {
        throw new Error('the manifest is not where the head says');
      }
    } else if (said?.bytes !== entry.bytes) {
      throw new Error(`${entry.name} holds ${entry.bytes} bytes where ${said?.bytes} were written`);
    } else if (said.sha256 !== sha256) {
      throw new Error(`${entry.name} is not what was written: its checksum differs`);
    }
    found.push({ name: entry.name, offset: entry.offset, bytes: entry.bytes });
  }
  const missing = expected[found.length];
  if (missing !== undefined) throw new Error(`${missing} is missing`);
  return { manifest, entries: found };
}
