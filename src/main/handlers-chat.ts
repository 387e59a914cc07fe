/** The contract's entries about documents and conversations. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChatEvent } from '../shared/model/chat.ts';
import type { Chat } from './chat/chat.ts';
import { writeFileAtomic } from './config/atomic-file.ts';
import type { Core } from './core.ts';
import { defined } from './defined.ts';
import type { DesktopPort } from './desktop-port.ts';
import type { Handlers, Sink } from './dispatch.ts';

type ChatHandlers = Pick<Handlers, Extract<keyof Handlers, `documents.${string}` | `chat.${string}`>>;

export function chatHandlers(core: Core, desktop: DesktopPort): ChatHandlers {
  const nothing = {};
  const { chat } = core;
  return {
    'documents.watch': ({ kb }, sink) => chat.watchDocuments((documents) => sink.item({ documents }), kb),
    'documents.pick': async () => ({ files: await desktop.files.offer(await desktop.pickFiles()) }),
    'documents.samples': async () => ({ files: await desktop.files.offer(await sampleFiles(core.samplesDir)) }),
    'documents.ingest': async ({ tokens, kb }) => ({
      operationId: await chat.ingest(desktop.files.resolve(tokens), kb),
    }),
    'documents.delete': async ({ id }) => {
      await chat.deleteDocument(id);
      return nothing;
    },
    'documents.retry': async ({ id }) => {
      await chat.retryDocument(id);
      return nothing;
    },
    'documents.cancel': async ({ id }) => {
      await chat.cancelDocument(id);
      return nothing;
    },
    'documents.change': ({ id, ...change }) => chat.changeDocument(id, defined(change)),
    'documents.chunks': ({ id, from }) => chat.chunks(id, from),
    'documents.reindexStale': async () => ({ documents: await core.knowledge.reindexStale() }),
    'documents.passage': ({ chunkId }) => chat.passage(chunkId),

    'chat.conversations': async () => ({ conversations: await chat.conversations() }),
    'chat.search': async ({ query }) => ({ hits: await chat.searchConversations(query) }),
    'chat.create': ({ kbIds }) => chat.createConversation(kbIds),
    'chat.setKbs': ({ id, kbIds }) => chat.changeConversation(id, { kbIds }),
    'chat.rename': ({ id, title }) => chat.changeConversation(id, { title }),
    'chat.delete': async ({ id }) => {
      await chat.remove(id);
      return nothing;
    },
    'chat.messages': async ({ conversationId }) => ({ messages: await chat.messages(conversationId) }),
    'chat.ask': (input, sink) => answer(chat, input, sink),
    'chat.regenerate': ({ messageId }, sink) => answer(chat, { regenerate: messageId }, sink),
    'chat.edit': ({ messageId, question }, sink) => answer(chat, { edit: messageId, question }, sink),
    'chat.stop': async ({ runId }) => {
      await chat.stop(runId);
      return nothing;
    },
    'chat.export': async ({ id, format }) => {
      const text = await chat.exported(id, format);
      const path = await desktop.pickSave(`conversation.${format === 'json' ? 'json' : 'md'}`);
      if (path !== null) await writeFileAtomic(path, text);
      return { saved: path !== null };
    },
    'chat.openLink': async ({ url }) => {
      await desktop.openLink(url);
      return nothing;
    },
  };
}

function answer(chat: Chat, request: Parameters<Chat['ask']>[0], sink: Sink<ChatEvent>): () => void {
  const abort = new AbortController();
  chat
    .ask(request, (event) => sink.item(event), abort.signal)
    .then(
      () => sink.end(),
      (error: unknown) => sink.end(error),
    );
  return () => abort.abort();
}

async function sampleFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && entry.name !== 'LICENSE')
    .map((entry) => join(folder, entry.name))
    .sort();
}
