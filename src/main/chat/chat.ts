/** Documents, conversations and answers: the panel's client of the stack's backend. */
import { z } from 'zod';
import type { BackendAccess } from '../backend/backend-access.ts';
import { createBackendClient } from '../backend/backend-client.ts';
import { allPages } from '../backend/pages.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import { streamAnswer } from './answer-events.ts';
import type { Chat } from './chat-port.ts';
import { createDocuments } from './documents.ts';
import { wireConversation, wireConversationHits, wireMessage } from './wire.ts';

export type { Chat } from './chat-port.ts';

const maxConversations = 1000;
const maxMessages = 5000;
const maxExportBytes = 64 * 1024 * 1024;
const nothing = z.unknown();
const messages = z.object({ items: z.array(wireMessage).max(maxMessages) });

/** @param options `stack`: the Compose project whose backend this is */
export function createChat(options: { access: BackendAccess; runner: OperationRunner; stack: string }): Chat {
  const client = createBackendClient(options.access);
  const at = (path: string, id: string, rest = ''): string => `/v1/${path}/${encodeURIComponent(id)}${rest}`;

  return {
    ...createDocuments(client, options.access, options.runner, options.stack),
    conversations: () => allPages(client, '/v1/conversations', wireConversation, maxConversations),
    searchConversations: async (query) =>
      (
        await client.call(
          'GET',
          `/v1/conversations/search?limit=100&q=${encodeURIComponent(query)}`,
          wireConversationHits,
        )
      ).items,
    createConversation: (kbIds) =>
      client.call('POST', '/v1/conversations', wireConversation, kbIds === undefined ? {} : { kbIds }),
    changeConversation: (id, change) => client.call('PATCH', at('conversations', id), wireConversation, change),
    async remove(id) {
      await client.call('DELETE', at('conversations', id), nothing);
    },
    messages: async (id) =>
      (await client.call('GET', at('conversations', id, `/messages?limit=${maxMessages}`), messages)).items,
    exported: (id, format) => client.text(at('conversations', id, `/export?format=${format}`), maxExportBytes),
    ask: (request, onEvent, signal) => streamAnswer(client, request, onEvent, signal),
    async stop(runId) {
      await client.call('POST', at('runs', runId, '/stop'), nothing);
    },
  };
}
