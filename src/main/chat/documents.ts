/** Documents: the panel's calls about what is in the knowledge bases. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { DocumentInfo } from '../../shared/model/chat.ts';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { BackendAccess } from '../backend/backend-access.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { backendProblem, stackNotRunning } from '../backend/backend-problems.ts';
import { watchBackend } from '../backend/live.ts';
import { allPages } from '../backend/pages.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import type { Chat } from './chat-port.ts';
import { filesToSend } from './document-files.ts';
import { ingestSpec } from './ingest.ts';
import { wireChunks, wireDocument, wireJobState, wirePassage, wireRemoval } from './wire.ts';

const maxDocuments = 10_000;
const pollMs = 100;
const withJob = z.object({ jobId: z.string().nullable() });

type Documents = Pick<
  Chat,
  | 'watchDocuments'
  | 'documents'
  | 'ingest'
  | 'deleteDocument'
  | 'retryDocument'
  | 'cancelDocument'
  | 'changeDocument'
  | 'chunks'
  | 'passage'
>;

/** How long somebody waits for a deletion that cannot begin; it is made all the same. */
const deletionPatienceMs = 15_000;

const at = (path: string, id: string, rest = ''): string => `/v1/${path}/${encodeURIComponent(id)}${rest}`;

/** @param stack the Compose project whose backend this is */
export function createDocuments(
  client: BackendClient,
  access: BackendAccess,
  runner: OperationRunner,
  stack: string,
): Documents {
  const list = (kb = 'default', signal?: AbortSignal): Promise<DocumentInfo[]> =>
    allPages(client, at('knowledge-bases', kb, '/documents'), wireDocument, maxDocuments, signal);

  return {
    documents: (kb) => list(kb),
    watchDocuments: (fn, kb) =>
      watchBackend(
        { client, access, empty: [], byDocuments: true, read: (signal) => list(kb, signal), againMs: () => null },
        fn,
      ),
    async ingest(offered, kb) {
      if (access.url() === null) throw stackNotRunning();
      return runner.begin(ingestSpec(client, await filesToSend(offered), stack, kb ?? 'default'));
    },
    async deleteDocument(id) {
      const { job } = await client.call('DELETE', at('documents', id), wireRemoval);
      const begunAt = Date.now();
      for (;;) {
        const { job: now } = await client.call('GET', at('jobs', job.id), wireJobState);
        if (now.state === 'done') return;
        if (now.state === 'failed')
          throw new ProblemError(
            backendProblem(now.error?.code ?? 'internal', now.error?.message ?? 'The document is still there.'),
          );
        if (now.state === 'queued' && Date.now() - begunAt > deletionPatienceMs)
          throw new ProblemError(
            problem(
              'deletion-waits',
              'Deleted, but not gone yet',
              `The document is no longer found. What is stored of it goes as soon as it can: ${now.error?.message ?? 'other work comes first.'}`,
              { remedies: [{ action: 'open-page', label: 'Look at Health', page: 'health' }] },
            ),
          );
        await pause(pollMs);
      }
    },
    async retryDocument(id) {
      await client.call('POST', at('documents', id, '/reindex'), wireRemoval);
    },
    async cancelDocument(id) {
      const { jobId } = await client.call('GET', at('documents', id), withJob);
      if (jobId === null)
        throw new ProblemError(
          problem('document-settled', 'Nothing is under way', 'The document is no longer being read in.'),
        );
      await client.call('POST', at('jobs', jobId, '/cancel'), z.unknown());
    },
    changeDocument: (id, change) => client.call('PATCH', at('documents', id), wireDocument, change),
    async chunks(id, from) {
      const page = await client.call('GET', at('documents', id, `/chunks?limit=200&cursor=${from}`), wireChunks);
      const next = page.nextCursor === null ? null : Number(page.nextCursor);
      return { chunks: page.items, next: Number.isInteger(next) ? next : null };
    },
    passage: (chunkId) => client.call('GET', at('chunks', chunkId, '/passage'), wirePassage),
  };
}
