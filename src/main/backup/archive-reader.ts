/** Reads an archive without trusting it: bounded, never past its end, nothing written anywhere. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  formatVersion,
  type Head,
  headBytes,
  headName,
  headSchema,
  type Manifest,
  manifestSchema,
  nameFault,
} from './archive-format.ts';
import { blockBytes, decodeHeader, paddingOf } from './tar-header.ts';

const pieceBytes = 1024 * 1024;

export interface ArchiveFile {
  readonly bytes: number;
  /** @throws {Error} in plain words when the head or the manifest is not what we write. */
  summary(): Promise<{ head: Head; manifest: Manifest }>;
  /** Every entry in file order, header by header. @throws {Error} on the first thing a tar of ours never has. */
  entries(): AsyncGenerator<{ name: string; offset: number; bytes: number; atMs: number }>;
  /** The given range in pieces of at most 1 MiB; the piece is only good until the next one. */
  content(offset: number, bytes: number): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

export async function openArchive(path: string): Promise<ArchiveFile> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error('it is not a regular file');
    return reader(file, stat.size);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function reader(file: FileHandle, size: number): ArchiveFile {
  async function readExactly(offset: number, bytes: number): Promise<Buffer> {
    if (offset + bytes > size) throw new Error('the file is shorter than it says');
    const buffer = Buffer.alloc(bytes);
    await fill(file, buffer, offset);
    return buffer;
  }

  return {
    bytes: size,
    async summary() {
      const first = decodeHeader(await readExactly(0, blockBytes));
      if (first?.name !== headName || first.bytes !== headBytes) throw new Error('it does not begin with our head');
      const head = headSchema.safeParse(parseJson(await readExactly(blockBytes, headBytes)));
      if (!head.success) throw new Error('its head cannot be read');
      if (head.data.version > formatVersion) {
        throw new Error('a newer Quayside wrote it; update this one to read it');
      }
      const { offset, bytes, sha256 } = head.data.manifest;
      const text = await readExactly(offset, bytes);
      if (createHash('sha256').update(text).digest('hex') !== sha256) throw new Error('its manifest has been changed');
      const manifest = manifestSchema.safeParse(parseJson(text));
      if (!manifest.success) throw new Error('its manifest cannot be read');
      return { head: head.data, manifest: manifest.data };
    },
    async *entries() {
      let at = 0;
      while (true) {
        const header = decodeHeader(await readExactly(at, blockBytes));
        if (header === null) break;
        const fault = nameFault(header.name);
        if (fault !== null) throw new Error(`an entry may not be named ${JSON.stringify(header.name)}: ${fault}`);
        const offset = at + blockBytes;
        const padding = paddingOf(header.bytes);
        if (offset + header.bytes + padding > size) throw new Error(`${header.name} is cut off`);
        yield { name: header.name, offset, bytes: header.bytes, atMs: header.atMs };
        if (!isZero(await readExactly(offset + header.bytes, padding))) {
          throw new Error(`there are foreign bytes behind ${header.name}`);
        }
        at = offset + header.bytes + padding;
      }
      if (size !== at + 2 * blockBytes || !isZero(await readExactly(at, 2 * blockBytes))) {
        throw new Error('the file does not end where it should');
      }
    },
    async *content(offset, bytes) {
      const buffer = Buffer.alloc(Math.min(pieceBytes, bytes));
      for (let done = 0; done < bytes; ) {
        const piece = buffer.subarray(0, Math.min(pieceBytes, bytes - done));
        await fill(file, piece, offset + done);
        done += piece.length;
        yield piece;
      }
    },
    close: () => file.close(),
  };
}

async function fill(file: FileHandle, buffer: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) throw new Error('the file became shorter while it was read');
    done += bytesRead;
  }
}

function isZero(buffer: Buffer): boolean {
  return buffer.every((byte) => byte === 0);
}

function parseJson(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}
