/** What the backend sends, and how it becomes what the panel shows. Fields of a newer backend are ignored. */
import { z } from 'zod';
import type {
  Citation,
  CitationSource,
  Conversation,
  ConversationHit,
  DocumentInfo,
  Message,
  Passage,
  Timings,
} from '../../shared/model/chat.ts';
import type { Chunk } from '../../shared/model/knowledge.ts';
import { documentCode } from '../backend/backend-problems.ts';
import { noticeOf } from './notice-words.ts';

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
    error: z.object({ code: text(64), message: text(1000) }).nullable(),
    kbId: id.default(''),
    tags: z
      .array(text(64))
      .transform((tags) => tags.slice(0, 50))
      .default([]),
    notices: z
      .array(z.object({ code: text(64), message: text(1000) }))
      .transform((notices) => notices.slice(0, 20))
      .default([]),
    remainingMs: z.number().nullable().default(null),
    sourceId: id.nullable().default(null),
    createdAtMs: z.number(),
    updatedAtMs: z.number().optional(),
  })
  .transform(
    (document): DocumentInfo => ({
      ...document,
      updatedAtMs: document.updatedAtMs ?? document.createdAtMs,
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

const wireChunk = z.object({
  id,
  no: z.int().nonnegative(),
  text: text(20_000),
  tokens: z.int().nonnegative(),
  page: z.int().nullable(),
  headingPath,
}) satisfies z.ZodType<Chunk>;
export const wireChunks = z.object({ items: z.array(wireChunk).max(200), nextCursor: z.string().nullable() });

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
  kbIds: z
    .array(id)
    .transform((ids) => ids.slice(0, 50))
    .default([]),
  createdAtMs: z.number(),
  updatedAtMs: z.number(),
}) satisfies z.ZodType<Conversation>;

export const wireConversationHits = z.object({
  items: z
    .array(z.object({ conversation: wireConversation, matches: z.array(z.object({ snippet: text(500) })) }))
    .transform((items) =>
      items
        .slice(0, 100)
        .map(({ conversation, matches }): ConversationHit => ({ conversation, snippet: matches[0]?.snippet ?? null })),
    ),
});

export const wireCitation = z.object({
  n: z.int().min(1),
  answerStart: z.int().nonnegative(),
  answerEnd: z.int().nonnegative(),
  markStart: z.int().nonnegative(),
  markEnd: z.int().nonnegative(),
  support: z.enum(['strong', 'medium', 'weak', 'unsupported']),
}) satisfies z.ZodType<Citation>;

export const wireTimings = z.object({
  retrievalMs: z.number(),
  ttftMs: z.number(),
  totalMs: z.number(),
}) satisfies z.ZodType<Timings>;

export const wireMessage = z
  .object({
    id,
    conversationId: id,
    role: z.enum(['user', 'assistant']),
    text: text(200_000),
    status: z.enum(['streaming', 'completed', 'stopped', 'error', 'abstained']),
    sources: z.array(wireSource).transform((sources) => sources.slice(0, 50)),
    citations: z
      .array(wireCitation)
      .transform((citations) => citations.slice(0, 500))
      .default([]),
    notices: z
      .array(z.unknown())
      .transform((notices) =>
        notices
          .map(noticeOf)
          .filter((notice) => notice !== null)
          .slice(0, 10),
      )
      .default([]),
    nearest: z
      .array(text(500))
      .transform((titles) => titles.slice(0, 10))
      .default([]),
    usage: wireTimings.nullable().default(null),
    provider: text(64).nullable(),
    model: text(200).nullable().default(null),
    createdAtMs: z.number(),
  })
  .transform(({ usage, ...message }): Message => ({ ...message, timings: usage }));
