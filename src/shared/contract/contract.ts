/** The one list of what the window, the CLI and the tests may ask of the core. Preload, handlers and client derive from it. */
import { z } from 'zod';
import { backupSchema } from '../model/backup.ts';
import {
  chatEventSchema,
  conversationSchema,
  documentSchema,
  messageSchema,
  passageSchema,
  providerSettingsSchema,
} from '../model/chat.ts';
import { engineStateSchema } from '../model/engine.ts';
import { healthReportSchema } from '../model/health.ts';
import { operationSchema } from '../model/operation.ts';
import { planViewSchema } from '../model/plan.ts';
import { settingsSchema } from '../model/settings.ts';
import { stackStateSchema } from '../model/stack.ts';
import { stackIdSchema, stackSummarySchema } from '../model/stacks.ts';
import { backendMetricsBatchSchema, logBatchSchema, statBatchSchema } from '../model/telemetry.ts';
import { type CallEntry, call, type StreamEntry, stream } from './define.ts';

const nothing = z.strictObject({});
const id = z.string().min(1).max(64);
const service = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/);
const services = z.array(service).max(500);
const started = z.strictObject({ operationId: id });
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

  'documents.watch': stream(nothing, z.strictObject({ documents: z.array(documentSchema).max(10_000) })),
  /** Opens the system's file dialog; empty when the person cancelled. */
  'documents.pick': call(nothing, z.strictObject({ files: z.array(offeredFileSchema).max(1000) })),
  /** The bundled sample documents, as if they had been picked. */
  'documents.samples': call(nothing, z.strictObject({ files: z.array(offeredFileSchema).max(1000) })),
  'documents.ingest': call(z.strictObject({ tokens: z.array(id).min(1).max(1000) }), started),
  'documents.delete': call(z.strictObject({ id }), nothing),
  'documents.passage': call(z.strictObject({ chunkId: id }), passageSchema),

  'chat.conversations': call(nothing, z.strictObject({ conversations: z.array(conversationSchema).max(1000) })),
  'chat.create': call(nothing, conversationSchema),
  'chat.rename': call(z.strictObject({ id, title: z.string().min(1).max(300) }), conversationSchema),
  'chat.delete': call(z.strictObject({ id }), nothing),
  'chat.messages': call(
    z.strictObject({ conversationId: id }),
    z.strictObject({ messages: z.array(messageSchema).max(5000) }),
  ),
  /** Streams the answer. Closing the stream does not stop it: `chat.stop` does. */
  'chat.ask': stream(z.strictObject({ conversationId: id, question: z.string().min(1).max(8000) }), chatEventSchema),
  'chat.stop': call(z.strictObject({ runId: id }), nothing),
  'chat.provider': call(nothing, providerSettingsSchema),
  /** An empty key leaves the stored one as it is. */
  'chat.setProvider': call(
    z.strictObject({
      active: z.enum(['embedded', 'openai-compatible', 'ollama', 'anthropic']),
      openaiBaseUrl: z.string().max(500),
      openaiModel: z.string().max(200),
      openaiKey: z.string().max(500),
    }),
    providerSettingsSchema,
  ),

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
