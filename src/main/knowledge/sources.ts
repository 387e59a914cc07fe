/** Folders and pages that knowledge bases keep up with. */
import { z } from 'zod';
import type { Source, SourceItem } from '../../shared/model/knowledge.ts';
import type { BackendAccess } from '../backend/backend-access.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { documentCode } from '../backend/backend-problems.ts';
import { watchBackend } from '../backend/live.ts';
import { allPages, pageOf } from '../backend/pages.ts';
import { cutText, nothing, pathOf, wireFailure, wireId } from '../backend/wire-fields.ts';

const maxSources = 1000;
const maxItems = 5000;
const busyMs = 1000;
const idleMs = 5000;

const failure = wireFailure.transform(({ code, message }) => ({ code: documentCode(code), message })).nullable();
const wireSource = z.object({
  id: wireId,
  kbId: wireId,
  kind: z.enum(['folder', 'url']),
  uri: cutText(2000),
  name: cutText(500),
  everySeconds: z.int().positive().nullable(),
  state: z.enum(['idle', 'syncing', 'paused', 'failed']),
  error: failure,
  items: z.int().nonnegative(),
  failedItems: z.int().nonnegative(),
  lastSyncAtMs: z.number().nullable(),
  nextSyncAtMs: z.number().nullable(),
}) satisfies z.ZodType<Source>;

const itemStates = [
  'queued',
  'extracting',
  'chunking',
  'embedding',
  'indexing',
  'ready',
  'failed',
  'deleting',
] as const;
const wireItem = z.object({
  path: cutText(2000),
  bytes: z.number().nonnegative(),
  documentId: wireId.nullable(),
  // A file without a document was not taken.
  state: z.enum([...itemStates, 'refused']).catch('refused'),
  error: failure,
}) satisfies z.ZodType<SourceItem>;

export interface Sources {
  /** Of one knowledge base, by id or name. */
  list(kb: string): Promise<Source[]>;
  watch(kb: string, fn: (sources: Source[]) => void): () => void;
  get(id: string): Promise<Source>;
  addPage(page: { kb: string; url: string; everySeconds: number | null }): Promise<Source>;
  /** A folder as the backend sees it (`/sources/handbook`). */
  addMounted(folder: { kb: string; path: string; everySeconds: number | null }): Promise<Source>;
  change(
    id: string,
    change: { everySeconds?: number | null | undefined; paused?: boolean | undefined },
  ): Promise<Source>;
  sync(id: string, allowLarge: boolean): Promise<void>;
  remove(id: string, documents: 'keep' | 'delete'): Promise<void>;
  items(id: string): Promise<SourceItem[]>;
}

/** @param shown turns a folder as the backend sees it into the one that the person knows */
export function createSources(
  client: BackendClient,
  access: BackendAccess,
  shown: (source: Source) => Promise<Source>,
): Sources {
  const each = (sources: readonly Source[]): Promise<Source[]> => Promise.all(sources.map(shown));
  const list = async (kb: string, signal?: AbortSignal): Promise<Source[]> =>
    each(await allPages(client, `/v1/sources?kb=${encodeURIComponent(kb)}`, wireSource, maxSources, signal));
  const made = z.object({ source: wireSource });
  const add = async (body: unknown): Promise<Source> =>
    shown((await client.call('POST', '/v1/sources', made, body)).source);

  return {
    list: (kb) => list(kb),
    watch: (kb, fn) =>
      watchBackend(
        {
          client,
          access,
          empty: [],
          byDocuments: true,
          read: (signal) => list(kb, signal),
          againMs: (sources) => (sources.some(({ state }) => state === 'syncing') ? busyMs : idleMs),
        },
        fn,
      ),
    get: async (id) => shown(await client.call('GET', pathOf('sources', id), wireSource)),
    addPage: ({ kb, url, everySeconds }) => add({ kind: 'url', kb, url, everySeconds }),
    addMounted: ({ kb, path, everySeconds }) => add({ kind: 'folder', kb, path, everySeconds }),
    change: async (id, change) => shown(await client.call('PATCH', pathOf('sources', id), wireSource, change)),
    async sync(id, allowLarge) {
      await client.call('POST', pathOf('sources', id, '/sync'), nothing, { allowLarge });
    },
    async remove(id, documents) {
      await client.call('DELETE', pathOf('sources', id, `?documents=${documents}`), nothing);
    },
    async items(id) {
      const all: SourceItem[] = [];
      const page = pageOf(wireItem);
      for (let cursor: string | null = ''; cursor !== null && all.length < maxItems; ) {
        const query = new URLSearchParams({ limit: '200', ...(cursor === '' ? {} : { cursor }) });
        const next: z.output<typeof page> = await client.call(
          'GET',
          pathOf('sources', id, `/items?${query.toString()}`),
          page,
        );
        all.push(...next.items);
        cursor = next.nextCursor ?? null;
      }
      return all.slice(0, maxItems);
    },
  };
}
