/** Documents, conversations and answers: the panel's client of the stack's backend. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { DocumentInfo } from '../../shared/model/chat.ts';
import { ProblemError } from '../../shared/model/problem.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import { streamAnswer } from './answer-events.ts';
import type { BackendAccess } from './backend-access.ts';
import { createBackendClient } from './backend-client.ts';
import type { Chat } from './chat-port.ts';
import { backendProblem, stackNotRunning } from './chat-problems.ts';
import { filesToSend } from './document-files.ts';
import { watchDocuments } from './document-watch.ts';
import { ingestSpec } from './ingest.ts';
import {
  wireConversation,
  wireConversations,
  wireDocuments,
  wireJobState,
  wireMessages,
  wirePassage,
  wireProviders,
  wireRemoval,
} from './wire.ts';

export type { Chat } from './chat-port.ts';

const maxDocuments = 10_000;
const pollMs = 100;
const nothing = z.unknown();

/** @param options `stack`: the Compose project whose backend this is */
export function createChat(options: { access: BackendAccess; runner: OperationRunner; stack: string }): Chat {
  const { access, runner, stack } = options;
  const client = createBackendClient(access);
  const at = (path: string, id: string, rest = ''): string => `/v1/${path}/${encodeURIComponent(id)}${rest}`;

  async function documents(signal?: AbortSignal): Promise<DocumentInfo[]> {
    const all: DocumentInfo[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: z.output<typeof wireDocuments> = await client.call(
        'GET',
        `/v1/documents?limit=200${query}`,
        wireDocuments,
        undefined,
        signal,
      );
      all.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null && all.length < maxDocuments);
    return all.slice(0, maxDocuments);
  }

  return {
    documents: () => documents(),
    watchDocuments: (fn) => watchDocuments(client, access, documents, fn),
    async ingest(offered) {
      if (access.url() === null) throw stackNotRunning();
      return runner.begin(ingestSpec(client, await filesToSend(offered), stack));
    },
    async deleteDocument(id) {
      const { job } = await client.call('DELETE', at('documents', id), wireRemoval);
      for (;;) {
        const { job: now } = await client.call('GET', at('jobs', job.id), wireJobState);
        if (now.state === 'done') return;
        if (now.state === 'failed')
          throw new ProblemError(
            backendProblem(now.error?.code ?? 'internal', now.error?.message ?? 'The document is still there.'),
          );
        await pause(pollMs);
      }
    },
    passage: (chunkId) => client.call('GET', at('chunks', chunkId, '/passage'), wirePassage),
    conversations: async () => (await client.call('GET', '/v1/conversations', wireConversations)).items,
    createConversation: () => client.call('POST', '/v1/conversations', wireConversation, {}),
    rename: (id, title) => client.call('PATCH', at('conversations', id), wireConversation, { title }),
    async remove(id) {
      await client.call('DELETE', at('conversations', id), nothing);
    },
    messages: async (id) =>
      (await client.call('GET', at('conversations', id, '/messages?limit=5000'), wireMessages)).items,
    ask: (request, onEvent, signal) => streamAnswer(client, request, onEvent, signal),
    async stop(runId) {
      await client.call('POST', at('runs', runId, '/stop'), nothing);
    },
    provider: () => client.call('GET', '/v1/providers', wireProviders),
    async setProvider(change) {
      await client.call('PUT', '/v1/providers/openai-compatible', wireProviders, {
        baseUrl: change.openaiBaseUrl,
        model: change.openaiModel,
        key: change.openaiKey,
      });
      return client.call('PUT', '/v1/providers/active', wireProviders, { name: change.active });
    },
  };
}
