/** Knowledge bases, each with what is in it. */
import { z } from 'zod';
import type { KnowledgeBase } from '../../shared/model/knowledge.ts';
import type { BackendAccess } from '../backend/backend-access.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { createTouch, watchBackend } from '../backend/live.ts';
import { allPages } from '../backend/pages.ts';
import { cutText, nothing, pathOf, wireId } from '../backend/wire-fields.ts';

const maxBases = 1000;
/** Figures are asked for each base by itself; so many at once. */
const parallel = 8;
/** What comes and goes without a document, a source for instance, is seen after so long. */
const againMs = 5000;

const wireBase = z.object({
  id: wireId,
  name: cutText(100),
  description: cutText(2000),
  isDefault: z.boolean(),
  access: z.enum(['owner', 'editor', 'reader']),
});
const count = z.int().nonnegative();
const wireStats = z.object({
  documents: z.record(z.string(), count),
  chunks: count,
  bytes: z.number().nonnegative(),
  sources: count,
  lastSyncAtMs: z.number().nullable(),
});

export interface Bases {
  list(): Promise<KnowledgeBase[]>;
  /** By id or name. @throws {ProblemError} `not-found` */
  get(kb: string): Promise<KnowledgeBase>;
  watch(fn: (kbs: KnowledgeBase[]) => void): () => void;
  create(kb: { name: string; description?: string | undefined }): Promise<KnowledgeBase>;
  change(id: string, change: { name?: string | undefined; description?: string | undefined }): Promise<KnowledgeBase>;
  /** With all its documents: unfindable at once, their removal goes on by itself. */
  remove(kb: string): Promise<void>;
}

function withFigures(base: z.output<typeof wireBase>, stats: z.output<typeof wireStats>): KnowledgeBase {
  const of = (state: string): number => stats.documents[state] ?? 0;
  const all = Object.entries(stats.documents).reduce((sum, [state, n]) => (state === 'deleting' ? sum : sum + n), 0);
  const { chunks, bytes, sources, lastSyncAtMs } = stats;
  return {
    ...base,
    documents: all,
    pending: all - of('ready') - of('failed'),
    failed: of('failed'),
    chunks,
    bytes,
    sources,
    lastSyncAtMs,
  };
}

export function createBases(client: BackendClient, access: BackendAccess): Bases {
  const own = createTouch();
  const figures = async (base: z.output<typeof wireBase>, signal?: AbortSignal): Promise<KnowledgeBase> =>
    withFigures(
      base,
      await client.call('GET', pathOf('knowledge-bases', base.id, '/stats'), wireStats, undefined, signal),
    );

  async function list(signal?: AbortSignal): Promise<KnowledgeBase[]> {
    const bases = await allPages(client, '/v1/knowledge-bases', wireBase, maxBases, signal);
    const all: KnowledgeBase[] = [];
    for (let at = 0; at < bases.length; at += parallel)
      all.push(...(await Promise.all(bases.slice(at, at + parallel).map((base) => figures(base, signal)))));
    return all;
  }

  return {
    list: () => list(),
    get: async (kb) => figures(await client.call('GET', pathOf('knowledge-bases', kb), wireBase)),
    watch: (fn) =>
      watchBackend({ client, access, empty: [], byDocuments: true, own, read: list, againMs: () => againMs }, fn),
    async create(kb) {
      const base = await client.call('POST', '/v1/knowledge-bases', wireBase, kb);
      own.touch();
      return figures(base);
    },
    async change(id, change) {
      const base = await client.call('PATCH', pathOf('knowledge-bases', id), wireBase, change);
      own.touch();
      return figures(base);
    },
    async remove(kb) {
      await client.call('DELETE', pathOf('knowledge-bases', kb), nothing);
      own.touch();
    },
  };
}
