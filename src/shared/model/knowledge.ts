/** Knowledge bases, the folders and pages they keep up with, and what a search finds in them. */
import { z } from 'zod';
import { documentSchema } from './chat.ts';

const id = z.string().min(1).max(64);
const failure = z.strictObject({ code: z.string().max(64), message: z.string().max(1000) });

export const knowledgeBaseSchema = z.strictObject({
  id,
  name: z.string().max(100),
  description: z.string().max(2000),
  /** The one that is always there; it can be neither renamed nor deleted. */
  isDefault: z.boolean(),
  /** What the person may do with it. */
  access: z.enum(['owner', 'editor', 'reader']),
  documents: z.int().nonnegative(),
  /** Still being read in, and those that failed. */
  pending: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  chunks: z.int().nonnegative(),
  bytes: z.number().nonnegative(),
  sources: z.int().nonnegative(),
  lastSyncAtMs: z.number().nullable(),
});
export type KnowledgeBase = z.infer<typeof knowledgeBaseSchema>;

/** Somebody a knowledge base is shared with; its owner is none of them. */
export const memberSchema = z.strictObject({
  userId: id,
  email: z.string().max(320).nullable(),
  name: z.string().max(200),
  /** `write`: may add to it and take from it as well. */
  access: z.enum(['read', 'write']),
});
export type Member = z.infer<typeof memberSchema>;

export const sourceSchema = z.strictObject({
  id,
  kbId: id,
  kind: z.enum(['folder', 'url']),
  /** The page's address, or the folder as the person knows it. */
  uri: z.string().max(2000),
  name: z.string().max(500),
  /** null: only when asked to. */
  everySeconds: z.int().positive().nullable(),
  state: z.enum(['idle', 'syncing', 'paused', 'failed']),
  error: failure.nullable(),
  items: z.int().nonnegative(),
  failedItems: z.int().nonnegative(),
  lastSyncAtMs: z.number().nullable(),
  nextSyncAtMs: z.number().nullable(),
});
export type Source = z.infer<typeof sourceSchema>;

export const sourceItemSchema = z.strictObject({
  path: z.string().max(2000),
  bytes: z.number().nonnegative(),
  documentId: id.nullable(),
  /** Of its document; `refused` when the file itself was not taken. */
  state: z.enum([...documentSchema.shape.state.options, 'refused']),
  error: failure.nullable(),
});
export type SourceItem = z.infer<typeof sourceItemSchema>;

/** One passage of a document, as it is searched. */
export const chunkSchema = z.strictObject({
  id,
  no: z.int().nonnegative(),
  text: z.string().max(20_000),
  /** Word-pieces of the embedding model. */
  tokens: z.int().nonnegative(),
  page: z.int().nullable(),
  headingPath: z.array(z.string().max(300)).max(12),
});
export type Chunk = z.infer<typeof chunkSchema>;

export const searchModes = ['hybrid', 'dense', 'bm25'] as const;
export type SearchMode = (typeof searchModes)[number];

export const searchRequestSchema = z.strictObject({
  query: z.string().min(1).max(8000),
  /** Ids or names; left out: the default one. */
  kbs: z.array(z.string().min(1).max(100)).min(1).max(50).optional(),
  mode: z.enum(searchModes).optional(),
  topK: z.int().min(1).max(100).optional(),
  tags: z.array(z.string().min(1).max(64)).max(20).optional(),
  mimes: z.array(z.string().min(1).max(100)).max(20).optional(),
});
export type SearchRequest = z.infer<typeof searchRequestSchema>;

const score = z.number().nullable();
export const searchHitSchema = z.strictObject({
  chunkId: id,
  documentId: id,
  title: z.string().max(500),
  sourceName: z.string().max(500),
  page: z.int().nullable(),
  headingPath: z.array(z.string().max(300)).max(12),
  text: z.string().max(20_000),
  /** `fused` ordered them; `dense` is a cosine, `bm25` has no upper end. null: that way of searching did not find it. */
  scores: z.strictObject({ fused: z.number(), dense: score, bm25: score }),
});
export type SearchHit = z.infer<typeof searchHitSchema>;

export const searchAnswerSchema = z.strictObject({
  mode: z.enum(searchModes),
  hits: z.array(searchHitSchema).max(100),
  timings: z.strictObject({ embedMs: z.number(), qdrantMs: z.number(), hydrateMs: z.number(), totalMs: z.number() }),
  embeddingProfile: z.string().max(100),
});
export type SearchAnswer = z.infer<typeof searchAnswerSchema>;

export const embeddingProfileSchema = z.strictObject({
  id: z.string().max(100),
  model: z.string().max(200),
  /** Numbers in a vector. */
  dim: z.int().positive(),
  /** Word-pieces it reads of one text. */
  maxTokens: z.int().positive(),
  chunks: z.int().nonnegative(),
});

/** Which model turns text into vectors, and a change to another that is under way. */
export const embeddingStateSchema = z.strictObject({
  active: embeddingProfileSchema,
  models: z
    .array(
      z.strictObject({
        model: z.string().max(200),
        dim: z.int().positive(),
        maxTokens: z.int().positive(),
        active: z.boolean(),
      }),
    )
    .max(20),
  change: z
    .strictObject({
      from: z.string().max(200),
      to: z.string().max(200),
      state: z.enum(['building', 'failed']),
      progress: z.number().min(0).max(1),
      documentsDone: z.int().nonnegative(),
      documentsTotal: z.int().nonnegative(),
      remainingMs: z.number().nullable(),
      /** Why it failed; while it is being built, why the last try was held up. */
      error: failure.nullable(),
    })
    .nullable(),
  /** What an undo goes back to; null when there is nothing. */
  undo: z.strictObject({ model: z.string().max(200), untilMs: z.number().nullable() }).nullable(),
});
export type EmbeddingState = z.infer<typeof embeddingStateSchema>;
