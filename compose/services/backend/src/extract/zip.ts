/** ZIP archives are not trusted: what one says of its sizes is checked, and then held to while it is inflated. */
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';
import { BackendProblem } from '../http/problem.ts';

export interface ZipLimits {
  readonly entries: number;
  /** Bytes of all entries together, inflated. */
  readonly bytes: number;
}
const usual: ZipLimits = { entries: 10_000, bytes: 200 * 1024 * 1024 };

const mib = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;

/**
 * Reads the whole archive once and keeps the wanted entries. A size that an entry declares is refused when it is too
 * large, before anything is inflated; one that declares less than it holds is cut off where the declaration ends.
 * @param wanted decides by name which contents are kept
 * @throws {BackendProblem} `resource-limit`; what the archive library throws when the archive is damaged
 */
export async function readZip(
  bytes: Uint8Array,
  wanted: (name: string) => boolean,
  limits: ZipLimits = usual,
): Promise<Map<string, Buffer>> {
  const tooLarge = (why: string): BackendProblem => new BackendProblem('resource-limit', `The document ${why}.`);
  const zip: ZipFile = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), {
    validateEntrySizes: true,
  });
  if (zip.entryCount > limits.entries) throw tooLarge(`is an archive of ${zip.entryCount} parts`);
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) entries.push(entry);
  const declared = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  if (declared > limits.bytes)
    throw tooLarge(`would unpack to ${mib(declared)}; up to ${mib(limits.bytes)} can be read`);
  const kept = new Map<string, Buffer>();
  let inflated = 0;
  for (const entry of entries) {
    const parts: Buffer[] = [];
    const keep = wanted(entry.fileName);
    for await (const part of await zip.openReadStreamPromise(entry)) {
      const chunk = part as Buffer;
      inflated += chunk.length;
      if (inflated > limits.bytes) throw tooLarge(`unpacks to more than ${mib(limits.bytes)}`);
      if (keep) parts.push(chunk);
    }
    if (keep) kept.set(entry.fileName, Buffer.concat(parts));
  }
  return kept;
}
