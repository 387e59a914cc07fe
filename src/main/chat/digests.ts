/** Which files the backend has already: told by their hashes, so that no byte of them is sent again. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { ProblemError } from '../../shared/model/problem.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { pathOf } from '../backend/wire-fields.ts';
import type { FileToSend } from './document-files.ts';

/** What the backend takes at once. */
const perCall = 500;
/** Files read at the same time: disks like a few, and memory holds little of each. */
const parallel = 4;

const wireKnown = z.object({
  items: z.array(z.object({ known: z.object({ documentId: z.string(), chunks: z.int().nonnegative() }).nullable() })),
});

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, { signal });
  return hash.digest('hex');
}

/**
 * Those of the files that are in already, unchanged and read with the settings of now, each with its passages. A file
 * that cannot be read is left out: sending it says why. So does a backend that knows no hashes.
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
  const hashed = [...hashes];
  try {
    for (let at = 0; at < hashed.length; at += perCall) {
      const batch = hashed.slice(at, at + perCall);
      const { items } = await client.call(
        'POST',
        pathOf('knowledge-bases', kb, '/digests'),
        wireKnown,
        { items: batch.map(([{ name, bytes }, sha256]) => ({ name: name.slice(0, 1000), sha256, bytes })) },
        signal,
      );
      for (const [index, { known: found }] of items.entries()) {
        const file = batch[index]?.[0];
        if (file !== undefined && found !== null) known.set(file, found.chunks);
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ProblemError) || error.problem.code !== 'backend-older') throw error;
  }
  return known;
}
