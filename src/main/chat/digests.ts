/** Which files the backend has already: told by their hashes, so that no byte of them is sent again. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { BackendClient } from '../backend/backend-client.ts';
import { pathOf } from '../backend/wire-fields.ts';
import type { FileToSend } from './document-files.ts';

/** What the backend takes at once. */
const perCall = 1000;
/** Files read at the same time: disks like a few, and memory holds little of each. */
const parallel = 4;

const wireKnown = z.object({ items: z.array(z.object({ sourceUri: z.string(), chunks: z.int().nonnegative() })) });

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, { signal });
  return hash.digest('hex');
}

/**
 * Those of the files that are in already, unchanged and read with the settings of now, each with its passages. A file
 * that cannot be read is left out: sending it says why.
 * @param kb id or name of the knowledge base
 * @throws the signal's reason
 */
export async function alreadyIn(
  client: BackendClient,
  kb: string,
  files: readonly FileToSend[],
  signal: AbortSignal,
): Promise<ReadonlyMap<FileToSend, number>> {
  const hashes = new Map<FileToSend, string>();
  const open = files.filter(({ refused }) => refused === null);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let file = open[next++]; file !== undefined; file = open[next++]) {
      signal.throwIfAborted();
      const hash = await sha256Of(file.path, signal).catch(() => null);
      if (hash !== null) hashes.set(file, hash);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  signal.throwIfAborted();
  const known = new Map<FileToSend, number>();
  const byName = new Map<string, FileToSend[]>();
  for (const file of hashes.keys()) byName.set(file.name, [...(byName.get(file.name) ?? []), file]);
  // Of two files with one name only the last one sent would stay: that is not told by either's hash.
  const single = [...hashes].filter(([{ name }]) => byName.get(name)?.length === 1 && name.length <= 1000);
  try {
    for (let at = 0; at < single.length; at += perCall) {
      const { items } = await client.call(
        'POST',
        pathOf('knowledge-bases', kb, '/documents/known'),
        wireKnown,
        { files: single.slice(at, at + perCall).map(([{ name }, sha256]) => ({ sourceUri: name, sha256 })) },
        signal,
      );
      for (const { sourceUri, chunks } of items) {
        const file = byName.get(sourceUri)?.[0];
        if (file !== undefined) known.set(file, chunks);
      }
    }
  } catch {
    // Only time is lost by sending what is there already; what else is wrong, sending says.
    signal.throwIfAborted();
  }
  return known;
}
