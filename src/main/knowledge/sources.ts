/** Folders and pages that knowledge bases keep up with. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Source, SourceItem } from '../../shared/model/knowledge.ts';
import { ProblemError } from '../../shared/model/problem.ts';
import type { BackendAccess } from '../backend/backend-access.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { backendProblem, documentCode } from '../backend/backend-problems.ts';
import { createTouch, watchBackend } from '../backend/live.ts';
import { allPages, pageOf } from '../backend/pages.ts';
import { cutText, nothing, pathOf, share, wireFailure, wireId } from '../backend/wire-fields.ts';
import type { StepHandle } from '../operations/operation-runner.ts';

const maxSources = 1000;
const maxItems = 5000;
const busyMs = 1000;
const idleMs = 5000;
const pollMs = 300;

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

const wireRoots = z.object({ inUse: z.array(cutText(2000)) });

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

const made = z.object({ source: wireSource, job: z.object({ id: wireId }) });
const syncJob = z.object({
  job: z.object({
    state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
    progress: share,
    error: wireFailure.nullable(),
    result: z.record(z.string(), z.number()).nullable(),
  }),
});

export interface Sources {
  /** Of one knowledge base, by id or name; left out: of all. */
  list(kb?: string): Promise<Source[]>;
  watch(kb: string, fn: (sources: Source[]) => void): () => void;
  get(id: string): Promise<Source>;
  addPage(page: { kb: string; url: string; everySeconds: number | null }): Promise<Source>;
  /** A folder as the backend sees it (`/sources/handbook`). `jobId` is the first look at it. */
  addMounted(folder: { kb: string; path: string; everySeconds: number | null }): Promise<{ jobId: string }>;
  /** The person's folder sources, as the backend sees them. */
  mounted(): Promise<{ id: string; path: string }[]>;
  /** Folders that sources of anybody lie in, as the backend sees them. */
  foldersInUse(): Promise<string[]>;
  /** Resolves when a look at a source has ended, with what came of it. @throws {ProblemError} its failure */
  followSync(jobId: string, step: StepHandle, signal: AbortSignal): Promise<{ added: number; failed: number }>;
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
  const own = createTouch();
  /** After a change of ours, whoever watches looks at once. */
  const touching = async <T>(change: Promise<T>): Promise<T> => {
    const answer = await change;
    own.touch();
    return answer;
  };
  const each = (sources: readonly Source[]): Promise<Source[]> => Promise.all(sources.map(shown));
  const raw = (kb?: string, signal?: AbortSignal): Promise<Source[]> => {
    const of = kb === undefined ? '' : `?kb=${encodeURIComponent(kb)}`;
    return allPages(client, `/v1/sources${of}`, wireSource, maxSources, signal);
  };
  const list = async (kb?: string, signal?: AbortSignal): Promise<Source[]> => each(await raw(kb, signal));

  return {
    list: (kb) => list(kb),
    watch: (kb, fn) =>
      watchBackend(
        {
          client,
          access,
          empty: [],
          byDocuments: true,
          own,
          read: (signal) => list(kb, signal),
          againMs: (sources) => (sources.some(({ state }) => state === 'syncing') ? busyMs : idleMs),
        },
        fn,
      ),
    get: async (id) => shown(await client.call('GET', pathOf('sources', id), wireSource)),
    addPage: async ({ kb, url, everySeconds }) =>
      (await touching(client.call('POST', '/v1/sources', made, { kind: 'url', kb, url, everySeconds }))).source,
    async addMounted({ kb, path, everySeconds }) {
      const { job } = await touching(
        client.call('POST', '/v1/sources', made, { kind: 'folder', kb, path, everySeconds }),
      );
      return { jobId: job.id };
    },
    mounted: async () => (await raw()).flatMap(({ id, kind, uri }) => (kind === 'folder' ? [{ id, path: uri }] : [])),
    foldersInUse: async () => (await client.call('GET', '/v1/source-roots', wireRoots)).inUse,
    async followSync(jobId, step, signal) {
      for (;;) {
        const { job } = await client.call('GET', pathOf('jobs', jobId), syncJob, undefined, signal);
        step.progress({ done: Math.round(job.progress * 100), total: 100, unit: 'steps' });
        if (job.state === 'failed' || job.state === 'cancelled')
          throw new ProblemError(
            backendProblem(job.error?.code ?? 'internal', job.error?.message ?? 'The folder was not looked at.'),
          );
        if (job.state === 'done') {
          const { added = 0, failed = 0 } = job.result ?? {};
          step.done();
          return { added, failed };
        }
        await pause(pollMs, undefined, { signal });
      }
    },
    change: async (id, change) =>
      shown(await touching(client.call('PATCH', pathOf('sources', id), wireSource, change))),
    async sync(id, allowLarge) {
      await touching(client.call('POST', pathOf('sources', id, '/sync'), nothing, { allowLarge }));
    },
    async remove(id, documents) {
      await touching(client.call('DELETE', pathOf('sources', id, `?documents=${documents}`), nothing));
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
