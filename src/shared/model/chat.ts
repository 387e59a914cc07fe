/** Documents, conversations and the events of one answer. */
import { z } from 'zod';

const id = z.string().min(1).max(64);

export const documentSchema = z.strictObject({
  id,
  title: z.string().max(500),
  /** As the person knows it: a file name. */
  sourceName: z.string().max(500),
  mime: z.string().max(100),
  bytes: z.int().nonnegative(),
  chunks: z.int().nonnegative(),
  pages: z.int().nonnegative().nullable(),
  state: z.enum(['queued', 'extracting', 'chunking', 'embedding', 'indexing', 'ready', 'failed', 'deleting']),
  /** 0 to 1 within the whole ingestion. */
  progress: z.number().min(0).max(1),
  /** Set when failed: a code and a sentence. */
  error: z.strictObject({ code: z.string().max(64), message: z.string().max(1000) }).nullable(),
  kbId: id,
  tags: z.array(z.string().max(64)).max(50),
  /** What a person should know although it was read: rows left out, for instance. */
  notices: z.array(z.strictObject({ code: z.string().max(64), message: z.string().max(1000) })).max(20),
  /** Estimated, while it is read in. */
  remainingMs: z.number().nullable(),
  /** The source that keeps it; null for what was added by hand. */
  sourceId: id.nullable(),
  createdAtMs: z.number(),
  updatedAtMs: z.number(),
});
export type DocumentInfo = z.infer<typeof documentSchema>;

export const citationSourceSchema = z.strictObject({
  /** The number in the text: [1]. */
  n: z.int().min(1),
  chunkId: id,
  documentId: id,
  title: z.string().max(500),
  sourceName: z.string().max(500),
  page: z.int().nullable(),
  headingPath: z.array(z.string().max(300)).max(12),
  snippet: z.string().max(2000),
  strength: z.enum(['strong', 'medium', 'weak']),
});
export type CitationSource = z.infer<typeof citationSourceSchema>;

/** A cited passage in its place: what opens when a citation is pressed. */
export const passageSchema = z.strictObject({
  chunkId: id,
  documentId: id,
  title: z.string().max(500),
  sourceName: z.string().max(500),
  page: z.int().nullable(),
  headingPath: z.array(z.string().max(300)).max(12),
  before: z.string().max(20_000),
  text: z.string().max(20_000),
  after: z.string().max(20_000),
});
export type Passage = z.infer<typeof passageSchema>;

export const conversationSchema = z.strictObject({
  id,
  title: z.string().max(300),
  /** The knowledge bases that it asks. */
  kbIds: z.array(id).max(50),
  createdAtMs: z.number(),
  updatedAtMs: z.number(),
});
export type Conversation = z.infer<typeof conversationSchema>;

/** A conversation found by its words. */
export const conversationHitSchema = z.strictObject({
  conversation: conversationSchema,
  /** Around the words that were found; null when only the title holds them. */
  snippet: z.string().max(500).nullable(),
});
export type ConversationHit = z.infer<typeof conversationHitSchema>;

export const citationSchema = z.strictObject({
  /** The source that it points at. */
  n: z.int().min(1),
  /** The sentence that it stands for, and where its `[n]` stands: offsets into the text, in UTF-16 units. */
  answerStart: z.int().nonnegative(),
  answerEnd: z.int().nonnegative(),
  markStart: z.int().nonnegative(),
  markEnd: z.int().nonnegative(),
  /** How well the source bears the sentence out. */
  support: z.enum(['strong', 'medium', 'weak', 'unsupported']),
});
export type Citation = z.infer<typeof citationSchema>;

/** Something the person should know about an answer: another provider took over, the context was cut. */
export const noticeSchema = z.strictObject({ code: z.string().max(64), message: z.string().max(500) });
export type Notice = z.infer<typeof noticeSchema>;

/** How long an answer took: until the passages were found, to the first word, to the last. */
export const timingsSchema = z.strictObject({ retrievalMs: z.number(), ttftMs: z.number(), totalMs: z.number() });
export type Timings = z.infer<typeof timingsSchema>;

export const messageSchema = z.strictObject({
  id,
  conversationId: id,
  role: z.enum(['user', 'assistant']),
  /** Plain text or Markdown with [n] markers. Untrusted. */
  text: z.string().max(200_000),
  status: z.enum(['streaming', 'completed', 'stopped', 'error', 'abstained']),
  sources: z.array(citationSourceSchema).max(50),
  citations: z.array(citationSchema).max(500),
  notices: z.array(noticeSchema).max(10),
  /** The titles that came nearest when the documents do not answer. */
  nearest: z.array(z.string().max(500)).max(10),
  timings: timingsSchema.nullable(),
  /** For an answer: `embedded`, `openai-compatible`. */
  provider: z.string().max(64).nullable(),
  model: z.string().max(200).nullable(),
  createdAtMs: z.number(),
});
export type Message = z.infer<typeof messageSchema>;

export const chatEventSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('run'),
    runId: id,
    conversationId: id,
    messageId: id,
    provider: z.string().max(64),
  }),
  z.strictObject({ type: z.literal('status'), phase: z.enum(['retrieving', 'generating']) }),
  z.strictObject({ type: z.literal('sources'), sources: z.array(citationSourceSchema).max(50) }),
  z.strictObject({ type: z.literal('delta'), text: z.string().max(65_536) }),
  z.strictObject({ type: z.literal('citation'), citation: citationSchema }),
  z.strictObject({ type: z.literal('notice'), ...noticeSchema.shape }),
  z.strictObject({
    type: z.literal('abstain'),
    reason: z.string().max(500),
    nearest: z.array(z.string().max(500)).max(10),
  }),
  z.strictObject({ type: z.literal('usage'), ...timingsSchema.shape }),
  z.strictObject({
    type: z.literal('done'),
    status: z.enum(['completed', 'stopped', 'error', 'abstained']),
    messageId: id,
  }),
]);
export type ChatEvent = z.infer<typeof chatEventSchema>;
