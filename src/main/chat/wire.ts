/** What the backend sends, and how it becomes what the panel shows. Fields of a newer backend are ignored. */
import { z } from 'zod';
import type {
  CitationSource,
  Conversation,
  DocumentInfo,
  Message,
  Passage,
  ProviderSettings,
} from '../../shared/model/chat.ts';
import { documentCode } from './chat-problems.ts';

const id = z.string().min(1).max(64);
const text = (max: number) => z.string().transform((value) => value.slice(0, max));
const headingPath = z.array(text(300)).transform((path) => path.slice(0, 12));

export const wireDocument = z
  .object({
    id,
    title: text(500),
    sourceName: text(500),
    mime: text(100),
    bytes: z.number(),
    chunks: z.number(),
    pages: z.number().nullable(),
    state: z.enum(['queued', 'extracting', 'chunking', 'embedding', 'indexing', 'ready', 'failed', 'deleting']),
    progress: z.number().transform((value) => Math.min(1, Math.max(0, value))),
    error: z.object({ code: z.string(), message: text(1000) }).nullable(),
    createdAtMs: z.number(),
  })
  .transform(
    (document): DocumentInfo => ({
      ...document,
      error: document.error === null ? null : { ...document.error, code: documentCode(document.error.code) },
    }),
  );
/** Before it is translated: the codes are the backend's. */
export const wireJob = z.object({
  id,
  documentId: id,
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export const wireAccepted = z.object({
  document: wireDocument,
  job: wireJob.nullable(),
  deduplicated: z.boolean(),
});
export const wireJobState = z.object({ job: wireJob, document: wireDocument.nullable() });
export const wireRemoval = z.object({ job: wireJob });
export const wireDocuments = z.object({ items: z.array(wireDocument), nextCursor: z.string().nullable() });

export const wireSource = z.object({
  n: z.int().min(1),
  chunkId: id,
  documentId: id,
  title: text(500),
  sourceName: text(500),
  page: z.int().nullable(),
  headingPath,
  snippet: text(2000),
  strength: z.enum(['strong', 'medium', 'weak']),
}) satisfies z.ZodType<CitationSource>;

export const wirePassage = z.object({
  chunkId: id,
  documentId: id,
  title: text(500),
  sourceName: text(500),
  page: z.int().nullable(),
  headingPath,
  before: text(20_000),
  text: text(20_000),
  after: text(20_000),
}) satisfies z.ZodType<Passage>;

export const wireConversation = z.object({
  id,
  title: text(300),
  createdAtMs: z.number(),
  updatedAtMs: z.number(),
}) satisfies z.ZodType<Conversation>;
export const wireConversations = z.object({
  items: z.array(wireConversation).transform((items) => items.slice(0, 1000)),
});

export const wireMessages = z.object({
  items: z.array(
    z.object({
      id,
      conversationId: id,
      role: z.enum(['user', 'assistant']),
      text: text(200_000),
      status: z.enum(['streaming', 'completed', 'stopped', 'error', 'abstained']),
      sources: z.array(wireSource).transform((sources) => sources.slice(0, 50)),
      provider: z.string().max(64).nullable(),
      createdAtMs: z.number(),
    }) satisfies z.ZodType<Message>,
  ),
});

export const wireProviders = z
  .object({
    active: z.enum(['embedded', 'openai-compatible', 'ollama', 'anthropic']),
    items: z.array(
      z.object({ name: z.string(), baseUrl: z.string().nullable(), model: z.string(), hasKey: z.boolean() }),
    ),
  })
  .transform((providers): ProviderSettings => {
    const openai = providers.items.find((item) => item.name === 'openai-compatible');
    return {
      active: providers.active,
      openaiBaseUrl: (openai?.baseUrl ?? '').slice(0, 500),
      openaiModel: (openai?.model ?? '').slice(0, 200),
      openaiHasKey: openai?.hasKey ?? false,
    };
  });
