/** Qdrant by a snapshot per collection, compared with the checksum it answered, and removed from the server again. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { entryPart } from './archive-format.ts';
import type { ArchiveWriter } from './archive-writer.ts';
import { storeFailed } from './backup-problems.ts';
import { openContainerFile } from './container-file.ts';
import type { Leftovers } from './leftovers.ts';
import type { StoreContainer } from './ports.ts';
import { qdrantCall } from './qdrant-http.ts';
import { withoutStall } from './stall.ts';

const stallMs = 60_000;
const snapshotsFolder = '/qdrant/snapshots';

const snapshotSchema = z.object({
  name: z.string().regex(/^[^/\0]{1,300}$/),
  size: z.int().nonnegative(),
  checksum: z.string().nullish(),
});
const collectionsSchema = z.object({ collections: z.array(z.object({ name: z.string().min(1).max(255) })) });
const countSchema = z.object({ points_count: z.int().nonnegative().nullish() });

const pathOf = (collection: string): string => `/collections/${encodeURIComponent(collection)}`;

/** All collections, and the aliases that point at them, in one entry each. */
export async function backUpQdrant(
  store: StoreContainer,
  archive: ArchiveWriter,
  leftovers: Leftovers,
  onProgress: (bytes: number, total: number | null, detail: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await removeLeftSnapshots(store, leftovers);
  const aliases = await qdrantCall(store, 'GET', '/aliases', z.record(z.string(), z.unknown()), signal);
  await archive.add({ name: 'qdrant/aliases.json', kind: 'qdrant' }, Readable.from([JSON.stringify(aliases)]));
  const { collections } = await qdrantCall(store, 'GET', '/collections', collectionsSchema, signal);
  let before = 0;
  for (const { name } of collections) {
    const detail = `Collection ${name}`;
    onProgress(before, null, `${detail}: writing its snapshot`);
    const known = await qdrantCall(store, 'GET', `${pathOf(name)}/snapshots`, z.array(snapshotSchema), signal);
    await leftovers.add({ collection: name, known: known.map((snapshot) => snapshot.name) });
    const made = await qdrantCall(store, 'POST', `${pathOf(name)}/snapshots?wait=true`, snapshotSchema, signal);
    const { points_count: points } = await qdrantCall(store, 'GET', pathOf(name), countSchema, signal);
    const file = await openContainerFile(store, `${snapshotsFolder}/${name}/${made.name}`, signal);
    const part = entryPart(name, (text) => createHash('sha256').update(text).digest('hex'));
    const entry = await archive.add(
      { name: `qdrant/${part}.snapshot`, kind: 'qdrant' },
      withoutStall(file.content, stallMs, () => storeFailed(store.service, 'Nothing came from Qdrant for 60 seconds.')),
      {
        signal,
        onBytes: (bytes) => onProgress(before + bytes, before + file.bytes, detail),
        facts: async () => ({ collection: name, points: points ?? 0, snapshot: made.name }),
      },
    );
    if (entry.bytes !== made.size || (made.checksum != null && entry.sha256 !== made.checksum)) {
      throw storeFailed(store.service, `The snapshot of ${name} changed on its way: its size or checksum differs.`);
    }
    before += entry.bytes;
    await qdrantCall(store, 'DELETE', `${pathOf(name)}/snapshots/${encodeURIComponent(made.name)}`, z.unknown());
    await leftovers.remove(name);
  }
}

/** Removes snapshots that an earlier, broken run of ours left on the server; never one that was there before it. */
export async function removeLeftSnapshots(store: StoreContainer, leftovers: Leftovers): Promise<void> {
  for (const { collection, known } of await leftovers.list()) {
    const now = await qdrantCall(store, 'GET', `${pathOf(collection)}/snapshots`, z.array(snapshotSchema)).catch(
      () => [],
    );
    for (const { name } of now) {
      if (known.includes(name)) continue;
      await qdrantCall(store, 'DELETE', `${pathOf(collection)}/snapshots/${encodeURIComponent(name)}`, z.unknown());
    }
    await leftovers.remove(collection);
  }
}
