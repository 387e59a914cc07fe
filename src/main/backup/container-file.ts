/** Reads one file out of a container, and puts one in, as streams. */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { StoreContainer } from './ports.ts';
import { blockBytes, encodeHeader, paddingOf } from './tar-header.ts';

/**
 * Opens a regular file of the container. `bytes` is what the engine says it holds; the content never has more.
 * @throws {Error} when the path is no regular file or the engine sends less than it promised.
 */
export async function openContainerFile(
  { engine, owner, containerId }: StoreContainer,
  path: string,
  signal: AbortSignal,
): Promise<{ bytes: number; content: AsyncIterable<Buffer> }> {
  const archive = await engine.getArchive(containerId, owner, path, signal);
  const entries = extract();
  archive.once('error', (error) => entries.destroy(error));
  archive.pipe(entries);
  const iterator = entries[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true || first.value.header.type !== 'file') {
    archive.destroy();
    throw new Error(`${path} is not a regular file in the container`);
  }
  const entry = first.value;
  const bytes = entry.header.size ?? 0;
  return {
    bytes,
    content: (async function* () {
      let seen = 0;
      try {
        for await (const chunk of entry) {
          seen += (chunk as Buffer).length;
          yield chunk as Buffer;
        }
        if (seen !== bytes) throw new Error(`${path} ended after ${seen} of ${bytes} bytes`);
      } finally {
        archive.destroy();
      }
    })(),
  };
}

/** Puts a file into a folder of the container, for its user alone. */
export async function putContainerFile(
  { engine, owner, containerId }: StoreContainer,
  file: { folder: string; name: string; bytes: number; uid: number; gid: number; content: AsyncIterable<Buffer> },
  signal: AbortSignal,
): Promise<void> {
  const tar = async function* (): AsyncGenerator<Buffer> {
    yield ownedHeader(file.name, file.bytes, file.uid, file.gid);
    // The reader reuses its buffer, and a stream keeps several pieces in flight.
    for await (const piece of file.content) yield Buffer.from(piece);
    yield Buffer.alloc(paddingOf(file.bytes) + 2 * blockBytes);
  };
  await engine.putArchive(containerId, owner, file.folder, Readable.from(tar(), { objectMode: false }), signal);
}

/** A temporary name inside a container that no other run takes. */
export function spoolPath(folder: string, id: string, source: string): string {
  return posix.join(folder, `${id}-${createHash('sha256').update(source).digest('hex').slice(0, 8)}`);
}

function ownedHeader(name: string, bytes: number, uid: number, gid: number): Buffer {
  const header = encodeHeader(name, bytes, Date.now());
  header.write(`${uid.toString(8).padStart(7, '0')}\0`, 108, 'latin1');
  header.write(`${gid.toString(8).padStart(7, '0')}\0`, 116, 'latin1');
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
