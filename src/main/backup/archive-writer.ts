/** Writes an archive of streams whose sizes nobody knows beforehand. Memory stays flat whatever their size. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { BackupEntry } from '../../shared/model/backup.ts';
import {
  encodeHead,
  type Facts,
  formatVersion,
  headBytes,
  headName,
  type Manifest,
  type ManifestEntry,
  manifestName,
  maxManifestBytes,
  nameFault,
} from './archive-format.ts';
import { blockBytes, encodeHeader, paddingOf } from './tar-header.ts';

export interface ArchiveIdentity {
  readonly id: string;
  readonly atMs: number;
  readonly environment: string;
  readonly project: string;
  readonly appVersion: string;
}

export interface ArchiveWriter {
  /**
   * Appends one entry. `facts` is asked after the stream has ended: what it throws fails the entry, so a producer's
   * exit code belongs there.
   */
  add(
    entry: { name: string; kind: BackupEntry['kind'] },
    content: AsyncIterable<Buffer | string>,
    options?: { onBytes?: (bytes: number) => void; facts?: () => Promise<Facts>; signal?: AbortSignal },
  ): Promise<ManifestEntry>;
  /** Writes manifest and head, and brings every byte to the disk. Nothing can be added afterwards. */
  finish(notes: readonly string[]): Promise<Manifest>;
  /** Closes the file; safe at any time and more than once. */
  close(): Promise<void>;
}

/** Makes the file, which must not exist yet, readable by its owner alone. */
export async function createArchive(path: string, identity: ArchiveIdentity): Promise<ArchiveWriter> {
  const file = await open(path, 'wx', 0o600);
  const entries: ManifestEntry[] = [];
  const names = new Set<string>([headName, manifestName]);
  let offset = 0;
  let closed = false;

  async function write(chunk: Buffer): Promise<void> {
    await writeAt(file, chunk, offset);
    offset += chunk.length;
  }
  async function pad(bytes: number): Promise<void> {
    const padding = paddingOf(bytes);
    if (padding > 0) await write(Buffer.alloc(padding));
  }
  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    await file.close();
  }

  try {
    await write(encodeHeader(headName, headBytes, identity.atMs));
    await write(Buffer.alloc(headBytes, 0x20));
  } catch (error) {
    await close();
    throw error;
  }

  return {
    async add(entry, content, options = {}) {
      const fault = nameFault(entry.name);
      if (fault !== null) throw new Error(`${entry.name} cannot be an entry: ${fault}`);
      if (names.has(entry.name)) throw new Error(`${entry.name} is already in the archive`);
      names.add(entry.name);
      const headerAt = offset;
      // The size is not known yet: the true header goes over this one.
      await write(encodeHeader(entry.name, 0, identity.atMs));
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const piece of content) {
        options.signal?.throwIfAborted();
        const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece;
        hash.update(chunk);
        await write(chunk);
        bytes += chunk.length;
        options.onBytes?.(bytes);
      }
      options.signal?.throwIfAborted();
      await pad(bytes);
      await writeAt(file, encodeHeader(entry.name, bytes, identity.atMs), headerAt);
      const facts = (await options.facts?.()) ?? {};
      const done: ManifestEntry = { ...entry, bytes, sha256: hash.digest('hex'), facts };
      entries.push(done);
      return done;
    },
    async finish(notes) {
      const manifest: Manifest = {
        version: formatVersion,
        id: identity.id,
        atMs: identity.atMs,
        endedAtMs: Date.now(),
        environment: identity.environment,
        project: identity.project,
        appVersion: identity.appVersion,
        entries,
        notes: [...notes],
      };
      const text = Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
      if (text.length > maxManifestBytes) throw new Error('the manifest has grown too large');
      await write(encodeHeader(manifestName, text.length, identity.atMs));
      const manifestAt = offset;
      await write(text);
      await pad(text.length);
      await write(Buffer.alloc(2 * blockBytes));
      const head = encodeHead({
        format: 'quayside-backup',
        version: formatVersion,
        id: identity.id,
        atMs: identity.atMs,
        environment: identity.environment,
        appVersion: identity.appVersion,
        manifest: {
          offset: manifestAt,
          bytes: text.length,
          sha256: createHash('sha256').update(text).digest('hex'),
        },
      });
      await writeAt(file, head, blockBytes);
      await file.sync();
      return manifest;
    },
    close,
  };
}

/** A write may take less than it was given (a nearly full disk): goes on until all is written or it fails. */
async function writeAt(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < chunk.length) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}
