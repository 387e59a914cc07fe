/** The one list of what the window, the CLI and the tests may ask of the core. Preload, handlers and client derive from it. */
import { z } from 'zod';
import { apiKeySchema, newKeySchema, newUserSchema, userChangeSchema, userSchema } from '../model/accounts.ts';
import { backupSchema } from '../model/backup.ts';
import {
  chatEventSchema,
  conversationHitSchema,
  conversationSchema,
  documentSchema,
  messageSchema,
  passageSchema,
} from '../model/chat.ts';
import { engineStateSchema } from '../model/engine.ts';
import { evalItemSchema, evalRunSchema, evalRunSummarySchema, evalSetSchema } from '../model/evaluation.ts';
import { healthReportSchema } from '../model/health.ts';
import {
  chunkSchema,
  embeddingStateSchema,
  knowledgeBaseSchema,
  memberSchema,
  searchAnswerSchema,
  searchModes,
  searchRequestSchema,
  sourceItemSchema,
  sourceSchema,
} from '../model/knowledge.ts';
import { operationSchema } from '../model/operation.ts';
import { planViewSchema } from '../model/plan.ts';
import {
  modelInfoSchema,
  providerChangeSchema,
  providerNameSchema,
  providersSchema,
  providerTestSchema,
} from '../model/providers.ts';
import { configChangeSchema, configValueSchema, ragConfigSchema } from '../model/rag-config.ts';
import { settingsSchema } from '../model/settings.ts';
import { stackStateSchema } from '../model/stack.ts';
import { stackIdSchema, stackSummarySchema } from '../model/stacks.ts';
import { backendMetricsBatchSchema, logBatchSchema, statBatchSchema } from '../model/telemetry.ts';
import { capabilitySchema, workflowsSchema } from '../model/workflows.ts';
import { type CallEntry, call, type StreamEntry, stream } from './define.ts';

const nothing = z.strictObject({});
const id = z.string().min(1).max(64);
const service = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/);
const services = z.array(service).max(500);
const started = z.strictObject({ operationId: id });
const members = z.strictObject({ members: z.array(memberSchema).max(1000) });
/** Left out: the bundled stack. */
const stack = stackIdSchema.optional();
/** A service's only published port is named by the service; of several, `service:PORT` with the port in the file. */
const portKey = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}(:\d{1,5})?$/);
/** What an `up` would look at. */
const upOptions = {
  stack,
  services: services.optional(),
  /** Removes containers of services that the files no longer name. */
  removeOrphans: z.boolean().optional(),
  /** Replaces every container, changed or not. */
  forceRecreate: z.boolean().optional(),
};
/** A file the person dropped or picked. The window holds a token, never a path. */
const offeredFileSchema = z.strictObject({ token: id, name: z.string().max(500), bytes: z.int().nonnegative() });
export type OfferedFile = z.infer<typeof offeredFileSchema>;

export const contract = {
  /** What this panel is and where it keeps things. */
  'app.info': call(
    nothing,
    z.strictObject({
      version: z.string(),
      environment: z.string(),
      dataDir: z.string(),
      project: z.string(),
      electron: z.string().nullable(),
      node: z.string(),
    }),
  ),
  'settings.get': call(nothing, settingsSchema),
  /** Changes the given keys, answers the whole. */
  'settings.set': call(settingsSchema.partial(), settingsSchema),

  'engine.watch': stream(nothing, engineStateSchema),
  /** Tries to start a stopped engine (only where that needs no password); answers the state after. */
  'engine.start': call(nothing, engineStateSchema),

  /** Every stack the panel knows, the bundled one first. */
  'stacks.watch': stream(nothing, z.strictObject({ stacks: z.array(stackSummarySchema).max(500) })),
  /** Opens the system's dialog for a Compose file or its folder; empty when the person cancelled. */
  'stacks.pick': call(nothing, z.strictObject({ files: z.array(offeredFileSchema).max(20) })),
  /** Opens the project of these files (or of the folder that holds them): it may be changed from then on. Nothing is started. */
  'stacks.open': call(
    z.strictObject({ tokens: z.array(id).min(1).max(20), project: stackIdSchema.optional() }),
    stackSummarySchema,
  ),
  /** The same for a project that runs on the engine, by the files its containers name. */
  'stacks.adopt': call(z.strictObject({ stack: stackIdSchema }), stackSummarySchema),
  /** Takes an opened project off the list; its containers stay as they are. */
  'stacks.forget': call(z.strictObject({ stack: stackIdSchema }), nothing),

  'stack.watch': stream(z.strictObject({ stack }), stackStateSchema),
  /** What a start with the same options would do. Writes nothing. */
  'stack.plan': call(z.strictObject(upOptions), planViewSchema),
  /** Answers at once; a second start while one runs is refused with `operation-running`. `ports` moves published ports and is remembered. */
  'stack.start': call(
    z.strictObject({ ...upOptions, ports: z.record(portKey, z.int().min(1).max(65535)).optional() }),
    started,
  ),
  'stack.stop': call(z.strictObject({ stack, services: services.optional() }), started),
  'stack.restart': call(z.strictObject({ stack, services }), started),
  /** Sets how many containers of a service run; remembered. */
  'stack.scale': call(z.strictObject({ stack, service, replicas: z.int().min(0).max(100) }), started),
  /** Removes containers and networks; `volumes` deletes the data as well. */
  'stack.remove': call(z.strictObject({ stack, volumes: z.boolean().optional() }), started),

  /** Every operation under way and the last 50 ended, newest first. */
  'operations.watch': stream(nothing, z.strictObject({ operations: z.array(operationSchema).max(100) })),
  'operations.cancel': call(z.strictObject({ id }), nothing),

  /** Opens with the last `tail` lines a service, then follows. Empty `services` means all. */
  'logs.follow': stream(z.strictObject({ stack, services, tail: z.int().min(0).max(10_000) }), logBatchSchema),
  'stats.watch': stream(z.strictObject({ stack }), statBatchSchema),
  'metrics.watch': stream(nothing, backendMetricsBatchSchema),
  'health.watch': stream(nothing, healthReportSchema),

  /** The optional parts of the stack. */
  'capabilities.list': call(nothing, z.strictObject({ capabilities: z.array(capabilitySchema).max(20) })),
  /** Remembered; the next start applies it. */
  'capabilities.set': call(
    z.strictObject({ name: capabilitySchema.shape.name, on: z.boolean() }),
    z.strictObject({ capabilities: z.array(capabilitySchema).max(20) }),
  ),

  'kb.watch': stream(nothing, z.strictObject({ kbs: z.array(knowledgeBaseSchema).max(1000) })),
  'kb.create': call(
    z.strictObject({ name: z.string().trim().min(1).max(100), description: z.string().max(2000).optional() }),
    knowledgeBaseSchema,
  ),
  'kb.change': call(
    z.strictObject({
      id,
      name: z.string().trim().min(1).max(100).optional(),
      description: z.string().max(2000).optional(),
    }),
    knowledgeBaseSchema,
  ),
  /** With all its documents: unfindable at once, their removal goes on by itself. */
  'kb.delete': call(z.strictObject({ id }), nothing),
  /** Whom it is shared with. Only of the person's own. */
  'kb.members': call(z.strictObject({ kb: id }), members),
  /** Shares it, or changes what somebody may do with it; answers whom it is shared with then. */
  'kb.share': call(z.strictObject({ kb: id, userId: id, access: memberSchema.shape.access }), members),
  'kb.unshare': call(z.strictObject({ kb: id, userId: id }), members),

  'sources.watch': stream(z.strictObject({ kb: id }), z.strictObject({ sources: z.array(sourceSchema).max(1000) })),
  /** Opens the system's dialog for a folder; empty when the person cancelled. */
  'sources.pickFolder': call(nothing, z.strictObject({ files: z.array(offeredFileSchema).max(1) })),
  /** Keeps up with a folder of the person: the backend is given it to read (it starts again for that), then the source is made. */
  'sources.addFolder': call(
    z.strictObject({ kb: id, token: id, everySeconds: z.int().min(60).max(31_622_400).nullable() }),
    started,
  ),
  'sources.addPage': call(
    z.strictObject({
      kb: id,
      url: z.string().min(1).max(2000),
      everySeconds: z.int().min(60).max(31_622_400).nullable(),
    }),
    sourceSchema,
  ),
  'sources.change': call(
    z.strictObject({
      id,
      everySeconds: z.int().min(60).max(31_622_400).nullable().optional(),
      paused: z.boolean().optional(),
    }),
    sourceSchema,
  ),
  /** `allowLarge` goes on with one that paused for too many changes. */
  'sources.sync': call(z.strictObject({ id, allowLarge: z.boolean().optional() }), nothing),
  'sources.remove': call(z.strictObject({ id, documents: z.enum(['keep', 'delete']) }), nothing),
  'sources.items': call(z.strictObject({ id }), z.strictObject({ items: z.array(sourceItemSchema).max(5000) })),

  'search.run': call(searchRequestSchema, searchAnswerSchema),

  'eval.sets': call(nothing, z.strictObject({ sets: z.array(evalSetSchema).max(500) })),
  'eval.set': call(
    z.strictObject({ id }),
    z.strictObject({ set: evalSetSchema, items: z.array(evalItemSchema).max(2000) }),
  ),
  /** Without `id` a new one. */
  'eval.saveSet': call(
    z.strictObject({
      id: id.optional(),
      name: z.string().trim().min(1).max(100),
      description: z.string().max(2000),
      items: z.array(evalItemSchema).max(2000),
    }),
    evalSetSchema,
  ),
  'eval.deleteSet': call(z.strictObject({ id }), nothing),
  /** The set that comes with the sample documents. */
  'eval.addSamples': call(nothing, evalSetSchema),
  /** Opens the system's dialog for a file with a set; null when the person cancelled. */
  'eval.importSet': call(nothing, z.strictObject({ set: evalSetSchema.nullable() })),
  'eval.run': call(
    z.strictObject({
      setId: id,
      kbs: z.array(z.string().min(1).max(100)).min(1).max(50).optional(),
      modes: z.array(z.enum(searchModes)).min(1).max(3).optional(),
      topK: z.int().min(1).max(100).optional(),
    }),
    z.strictObject({ operationId: id, runId: id }),
  ),
  'eval.runs': call(nothing, z.strictObject({ runs: z.array(evalRunSummarySchema).max(200) })),
  'eval.result': call(z.strictObject({ id }), evalRunSchema),

  'embedding.watch': stream(nothing, embeddingStateSchema),
  /** A second index is built beside the first while people go on asking, then takes its place. */
  'embedding.change': call(z.strictObject({ model: z.string().min(1).max(200) }), embeddingStateSchema),
  'embedding.cancel': call(nothing, embeddingStateSchema),
  'embedding.undo': call(nothing, embeddingStateSchema),

  'workflows.watch': stream(nothing, workflowsSchema),
  'workflows.run': call(z.strictObject({ key: z.string().min(1).max(64) }), nothing),
  /** Opens n8n's editor in the person's browser. */
  'workflows.openEditor': call(nothing, nothing),
  /** What the person signs in with there, put on the clipboard: it never reaches the window. */
  'workflows.copyPassword': call(nothing, z.strictObject({ user: z.string().max(200) })),

  /** Of one knowledge base; left out: the default one. */
  'documents.watch': stream(
    z.strictObject({ kb: id.optional() }),
    z.strictObject({ documents: z.array(documentSchema).max(10_000) }),
  ),
  /** Opens the system's file dialog; empty when the person cancelled. */
  'documents.pick': call(nothing, z.strictObject({ files: z.array(offeredFileSchema).max(1000) })),
  /** The bundled sample documents, as if they had been picked. */
  'documents.samples': call(nothing, z.strictObject({ files: z.array(offeredFileSchema).max(1000) })),
  'documents.ingest': call(z.strictObject({ tokens: z.array(id).min(1).max(1000), kb: id.optional() }), started),
  'documents.delete': call(z.strictObject({ id }), nothing),
  /** Reads it in again: after a failure, or because settings changed. */
  'documents.retry': call(z.strictObject({ id }), nothing),
  /** Ends reading in; what was searchable before stays so. */
  'documents.cancel': call(z.strictObject({ id }), nothing),
  'documents.change': call(
    z.strictObject({
      id,
      title: z.string().trim().min(1).max(500).optional(),
      tags: z.array(z.string().trim().min(1).max(64)).max(50).optional(),
    }),
    documentSchema,
  ),
  /** Passages in order, from number `from` on. */
  'documents.chunks': call(
    z.strictObject({ id, from: z.int().nonnegative() }),
    z.strictObject({ chunks: z.array(chunkSchema).max(200), next: z.int().nonnegative().nullable() }),
  ),
  /** Queues what was read with other settings than those of now; answers how many. */
  'documents.reindexStale': call(nothing, z.strictObject({ documents: z.int().nonnegative() })),
  'documents.passage': call(z.strictObject({ chunkId: id }), passageSchema),

  'chat.conversations': call(nothing, z.strictObject({ conversations: z.array(conversationSchema).max(1000) })),
  /** Titles and messages that hold the words. */
  'chat.search': call(
    z.strictObject({ query: z.string().trim().min(2).max(200) }),
    z.strictObject({ hits: z.array(conversationHitSchema).max(100) }),
  ),
  'chat.create': call(z.strictObject({ kbIds: z.array(id).min(1).max(50).optional() }), conversationSchema),
  'chat.setKbs': call(z.strictObject({ id, kbIds: z.array(id).min(1).max(50) }), conversationSchema),
  'chat.rename': call(z.strictObject({ id, title: z.string().min(1).max(300) }), conversationSchema),
  'chat.delete': call(z.strictObject({ id }), nothing),
  'chat.messages': call(
    z.strictObject({ conversationId: id }),
    z.strictObject({ messages: z.array(messageSchema).max(5000) }),
  ),
  /** Streams the answer. Closing the stream does not stop it: `chat.stop` does. */
  'chat.ask': stream(z.strictObject({ conversationId: id, question: z.string().min(1).max(8000) }), chatEventSchema),
  'chat.stop': call(z.strictObject({ runId: id }), nothing),
  /** Answers a question again; what followed it is replaced. `messageId`: the question's or its answer's. */
  'chat.regenerate': stream(z.strictObject({ messageId: id }), chatEventSchema),
  /** Puts a question in other words; it and what followed it are replaced. */
  'chat.edit': stream(z.strictObject({ messageId: id, question: z.string().min(1).max(8000) }), chatEventSchema),
  /** Opens the system's dialog to save it; false when the person cancelled. */
  'chat.export': call(
    z.strictObject({ id, format: z.enum(['markdown', 'json']) }),
    z.strictObject({ saved: z.boolean() }),
  ),
  /** A link of an answer, opened in the person's browser. http and https only. */
  'chat.openLink': call(z.strictObject({ url: z.url({ protocol: /^https?$/ }).max(2000) }), nothing),

  'providers.get': call(nothing, providersSchema),
  'providers.configure': call(providerChangeSchema, providersSchema),
  'providers.use': call(z.strictObject({ name: providerNameSchema }), providersSchema),
  /** As stored, or with settings that are not stored yet. */
  'providers.test': call(providerChangeSchema, providerTestSchema),
  'providers.models': call(
    z.strictObject({ name: providerNameSchema }),
    z.strictObject({ models: z.array(modelInfoSchema).max(2000) }),
  ),
  /** Has the Ollama server fetch a model: an operation. */
  'providers.pull': call(z.strictObject({ model: z.string().min(1).max(200) }), started),

  'users.list': call(nothing, z.strictObject({ users: z.array(userSchema).max(1000) })),
  'users.create': call(newUserSchema, userSchema),
  /** Disabled: may not sign in any more, what is theirs stays. */
  'users.change': call(userChangeSchema, userSchema),
  /** With their conversations, keys, knowledge bases and documents. */
  'users.remove': call(z.strictObject({ id }), nothing),
  'keys.list': call(nothing, z.strictObject({ keys: z.array(apiKeySchema).max(200) })),
  /** The secret is told this once. */
  'keys.create': call(newKeySchema, z.strictObject({ key: apiKeySchema, secret: z.string().max(500) })),
  'keys.revoke': call(z.strictObject({ id }), nothing),

  'config.get': call(nothing, ragConfigSchema),
  /** All or none; null goes back to the default. Refused when another changed something since `revision`. */
  'config.change': call(
    z.strictObject({ changes: z.record(z.string().max(100), configValueSchema), revision: z.int().nonnegative() }),
    ragConfigSchema,
  ),
  'config.history': call(nothing, z.strictObject({ changes: z.array(configChangeSchema).max(200) })),

  'backup.create': call(nothing, started),
  'backup.watch': stream(nothing, z.strictObject({ folder: z.string(), backups: z.array(backupSchema).max(1000) })),
  'backup.verify': call(z.strictObject({ id: z.string().max(128) }), started),
  /** Shows the backup (or the folder, when no id) in the system's file manager. */
  'backup.reveal': call(z.strictObject({ id: z.string().max(128).optional() }), nothing),
} as const;

export type Contract = typeof contract;
export type Name = keyof Contract;
export type CallName = { [N in Name]: Contract[N] extends CallEntry ? N : never }[Name];
export type StreamName = { [N in Name]: Contract[N] extends StreamEntry ? N : never }[Name];
export type Input<N extends Name> = z.input<Contract[N]['input']>;
export type Parsed<N extends Name> = z.output<Contract[N]['input']>;
/** Of a call: its answer. Of a stream: one item. */
export type Output<N extends Name> = z.output<Contract[N]['output']>;
