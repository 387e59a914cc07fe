import { Controller, Headers, Inject, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import { CONFIG, type RagConfig } from '../config/service.ts';
import { detectMime } from '../extract/detect.ts';
import { etagOf } from '../http/etag.ts';
import { openEventStream } from '../http/event-stream.ts';
import { IDEMPOTENCY, type Idempotency } from '../http/idempotency.ts';
import { idCursor, pageOf, pageQuery } from '../http/paging.ts';
import { BackendProblem } from '../http/problem.ts';
import { Input, paramsOf, Route, route } from '../http/route.ts';
import { receiveFile } from '../http/upload.ts';
import { validated } from '../http/validate.ts';
import { jobJson } from '../jobs/repository.ts';
import { BUS, type Bus } from '../store/bus.ts';
import { DATABASE, type Database } from '../store/database.ts';
import { DOCUMENT_EVENTS, type DocumentEvents } from './events.ts';
import { passageInPlace, passageJson } from './passage.ts';
import { pipelineOf } from './pipeline.ts';
import {
  acceptedJson,
  chunkJson,
  DOCUMENTS,
  type DocumentsRepository,
  displayName,
  documentJson,
} from './repository.ts';

const tag = 'Documents';
const tagName = z.string().trim().min(1).max(64);
const tags = z.array(tagName).max(20);
const title = z
  .string()
  .max(500)
  .transform((text) => text.replace(/[\p{Cc}\p{Cf}]/gu, ' ').trim())
  .pipe(z.string().min(1).max(500));
const sourceUri = z.string().min(1).max(1000);
/** `sourceUri` tells files of one name in several folders apart; `tags` are separated by commas. */
const uploadForm = z.object({ sourceUri: sourceUri.optional(), tags: z.string().max(1500).optional() });
const textBody = z.strictObject({
  title,
  text: z.string().min(1).max(1_000_000),
  sourceUri: sourceUri.optional(),
  tags: tags.optional(),
});
const kbParams = z.object({ kb: z.string().min(1).max(100) });
const idParams = z.object({ id: z.guid() });
const adding = {
  method: 'post',
  tag,
  access: 'ingest:write',
  body: textBody,
  upload: uploadForm,
  answers: { 202: acceptedJson, 200: acceptedJson },
  idempotent: true,
  problems: [
    'file-missing',
    'file-empty',
    'file-too-large',
    'unsupported-type',
    'unsupported-media-type',
    'kb-read-only',
  ],
} as const;

const addTo = route({
  ...adding,
  path: 'v1/knowledge-bases/:kb/documents',
  summary: 'Add a file or a text: 202 with a job, or 200 when these very bytes are already there',
  params: kbParams,
});
const add = route({ ...adding, path: 'v1/documents', summary: 'The same, for the default knowledge base' });
const listOf = route({
  method: 'get',
  path: 'v1/knowledge-bases/:kb/documents',
  summary: 'Documents of a knowledge base, newest first',
  tag,
  access: 'search:read',
  params: kbParams,
  query: pageQuery(),
  answers: { 200: pageOf(documentJson) },
});
const list = route({
  method: 'get',
  path: 'v1/documents',
  summary: 'The same, for the default knowledge base',
  tag,
  access: 'search:read',
  query: pageQuery(),
  answers: { 200: pageOf(documentJson) },
});
const get = route({
  method: 'get',
  path: 'v1/documents/:id',
  summary: 'One document',
  tag,
  access: 'search:read',
  params: idParams,
  answers: { 200: documentJson },
  etag: true,
});
const change = route({
  method: 'patch',
  path: 'v1/documents/:id',
  summary: 'Change title or tags',
  tag,
  access: 'ingest:write',
  params: idParams,
  body: z.strictObject({ title: title.optional(), tags: tags.optional() }),
  answers: { 200: documentJson },
  etag: true,
  problems: ['kb-read-only', 'precondition-failed'],
});
const removal = z.object({ document: documentJson, job: jobJson });
const remove = route({
  method: 'delete',
  path: 'v1/documents/:id',
  summary: 'Delete a document: unfindable at once; its job ends when no vector is left',
  tag,
  access: 'ingest:write',
  params: idParams,
  answers: { 202: removal },
  problems: ['kb-read-only'],
});
const reindex = route({
  method: 'post',
  path: 'v1/documents/:id/reindex',
  summary: 'Read a document again with the settings of now',
  tag,
  access: 'reindex:run',
  params: idParams,
  answers: { 202: removal },
  problems: ['kb-read-only'],
});
const content = route({
  method: 'get',
  path: 'v1/documents/:id/content',
  summary: 'Its text, as it was read',
  tag,
  access: 'search:read',
  params: idParams,
  answers: { 200: z.object({ text: z.string(), pages: z.number().nullable(), version: z.number() }) },
});
const chunks = route({
  method: 'get',
  path: 'v1/documents/:id/chunks',
  summary: 'Its passages, in order',
  tag,
  access: 'search:read',
  params: idParams,
  query: z.strictObject({
    cursor: z.coerce.number().int().min(0).max(10_000_000).default(0),
    limit: z.coerce.number().int().min(1).max(200).default(100),
  }),
  answers: { 200: pageOf(chunkJson) },
});
const original = route({
  method: 'get',
  path: 'v1/documents/:id/original',
  summary: 'Its bytes, to be saved and never shown',
  tag,
  access: 'search:read',
  params: idParams,
  answers: { 200: null },
  raw: 'application/octet-stream',
});
const passage = route({
  method: 'get',
  path: 'v1/chunks/:id/passage',
  summary: 'A passage in its place: what opens when a citation is pressed',
  tag,
  access: 'search:read',
  params: idParams,
  answers: { 200: passageJson },
});
const events = route({
  method: 'get',
  path: 'v1/events',
  summary: '`documents` with the ids that changed, at most ten times a second',
  tag: 'Jobs',
  access: 'search:read',
  answers: { 200: null },
  events: 'always',
});

@Controller()
export class DocumentsController {
  readonly #documents: DocumentsRepository;
  readonly #bus: Bus;
  readonly #events: DocumentEvents;
  readonly #database: Database;
  readonly #config: RagConfig;
  readonly #idempotency: Idempotency;
  constructor(
    @Inject(DOCUMENTS) documents: DocumentsRepository,
    @Inject(BUS) bus: Bus,
    @Inject(DOCUMENT_EVENTS) documentEvents: DocumentEvents,
    @Inject(DATABASE) database: Database,
    @Inject(CONFIG) config: RagConfig,
    @Inject(IDEMPOTENCY) idempotency: Idempotency,
  ) {
    this.#documents = documents;
    this.#bus = bus;
    this.#events = documentEvents;
    this.#database = database;
    this.#config = config;
    this.#idempotency = idempotency;
  }

  async #add(who: Principal, kb: string, request: Request, response: Response): Promise<unknown> {
    const values = this.#config.values();
    const type = request.headers['content-type'] ?? '';
    let file: { name: string; bytes: Buffer; title?: string; tags?: readonly string[] | undefined };
    if (type.startsWith('multipart/form-data')) {
      const received = await receiveFile(request, response, values['ingest.maxFileMb'] * 1024 * 1024);
      const form = validated(uploadForm, request.body ?? {});
      const given = form.tags?.split(',').map((part) => part.trim());
      file = {
        name: form.sourceUri ?? displayName(received.name),
        bytes: received.bytes,
        tags:
          given === undefined
            ? undefined
            : validated(
                tags,
                given.filter((part) => part !== ''),
              ),
      };
    } else if (/^application\/json\b/.test(type)) {
      const body = validated(textBody, request.body ?? {});
      file = {
        name: body.sourceUri ?? `${displayName(body.title).slice(0, 200)}.md`,
        bytes: Buffer.from(body.text, 'utf8'),
        title: body.title,
        tags: body.tags,
      };
    } else throw new BackendProblem('unsupported-media-type', 'Send a file as multipart/form-data, or a text as JSON.');
    const mime = detectMime(file.name, file.bytes);
    const parts = [kb, file.name, JSON.stringify(file.tags ?? null), file.bytes];
    const answer = await this.#idempotency.once(request, who, parts, async () => {
      const accepted = await this.#documents.accept(who, { ...file, kb, mime, pipeline: pipelineOf(values) });
      if (!accepted.deduplicated) {
        // An older version that is still being read would only be thrown away.
        if (accepted.document.version !== null)
          this.#bus.publish('jobs.interrupt', { documentId: accepted.document.id });
        this.#bus.publish('jobs.wake', {});
        this.#events.changed(accepted.document.id, accepted.document.kbId);
      }
      return { status: accepted.deduplicated ? 200 : 202, body: accepted };
    });
    response.status(answer.status);
    return answer.body;
  }

  @Route(addTo)
  addTo(
    @Caller() who: Principal,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    return this.#add(who, paramsOf(addTo, request).kb, request, response);
  }

  @Route(add)
  add(
    @Caller() who: Principal,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    return this.#add(who, 'default', request, response);
  }

  @Route(listOf)
  listOf(@Caller() who: Principal, @Input() { params, query }: Input<typeof listOf>): Promise<unknown> {
    return this.#documents.list(who, params.kb, idCursor(query.cursor), query.limit);
  }

  @Route(list)
  list(@Caller() who: Principal, @Input() { query }: Input<typeof list>): Promise<unknown> {
    return this.#documents.list(who, 'default', idCursor(query.cursor), query.limit);
  }

  @Route(get)
  async get(
    @Caller() who: Principal,
    @Input() { params: { id } }: Input<typeof get>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    const document = await this.#documents.get(who, id);
    response.setHeader('ETag', etagOf(document.revision));
    return document;
  }

  @Route(change)
  async change(
    @Caller() who: Principal,
    @Input() { params: { id }, body }: Input<typeof change>,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    const document = await this.#documents.change(who, id, body, ifMatch);
    response.setHeader('ETag', etagOf(document.revision));
    this.#events.changed(document.id, document.kbId);
    return document;
  }

  @Route(remove)
  async remove(@Caller() who: Principal, @Input() { params: { id } }: Input<typeof remove>): Promise<unknown> {
    const removed = await this.#documents.tombstone(who, id);
    this.#bus.publish('jobs.interrupt', { documentId: removed.document.id });
    this.#bus.publish('jobs.wake', {});
    this.#events.changed(removed.document.id, removed.document.kbId);
    return removed;
  }

  @Route(reindex)
  async reindex(@Caller() who: Principal, @Input() { params: { id } }: Input<typeof reindex>): Promise<unknown> {
    const again = await this.#documents.reindex(who, id, pipelineOf(this.#config.values()));
    this.#bus.publish('jobs.wake', {});
    this.#events.changed(again.document.id, again.document.kbId);
    return again;
  }

  @Route(content)
  content(@Caller() who: Principal, @Input() { params: { id } }: Input<typeof content>): Promise<unknown> {
    return this.#documents.content(who, id);
  }

  @Route(chunks)
  chunks(@Caller() who: Principal, @Input() { params: { id }, query }: Input<typeof chunks>): Promise<unknown> {
    return this.#documents.chunks(who, id, query.cursor, query.limit);
  }

  @Route(original)
  async original(
    @Caller() who: Principal,
    @Input() { params: { id } }: Input<typeof original>,
    @Res() response: Response,
  ): Promise<void> {
    const { bytes, name } = await this.#documents.original(who, id);
    // What somebody uploaded is never run as a page of ours.
    response.setHeader('Content-Type', 'application/octet-stream');
    response.setHeader('Content-Security-Policy', "default-src 'none'; sandbox");
    response.setHeader(
      'Content-Disposition',
      `attachment; filename*=UTF-8''${encodeURIComponent(displayName(name).toWellFormed())}`,
    );
    response.end(bytes);
  }

  @Route(passage)
  passage(@Caller() who: Principal, @Input() { params: { id } }: Input<typeof passage>): Promise<unknown> {
    return passageInPlace(this.#database, who, id);
  }

  @Route(events)
  async events(@Caller() who: Principal, @Res() response: Response): Promise<void> {
    const stream = openEventStream(response);
    const changed = new Map<string, string>();
    let timer: NodeJS.Timeout | null = null;
    const flush = async (): Promise<void> => {
      const changes = [...changed];
      changed.clear();
      const readable = await this.#documents.readableKbs(who, [...new Set(changes.map(([, kbId]) => kbId))]);
      const ids = changes.filter(([, kbId]) => readable.has(kbId)).map(([id]) => id);
      if (ids.length > 0) await stream.send({ name: 'documents', data: { ids } });
    };
    const leave = this.#events.subscribe((changes) => {
      for (const { id, kbId } of changes) changed.set(id, kbId);
      timer ??= setTimeout(() => {
        timer = null;
        flush().catch(() => undefined);
      }, 100);
    });
    await stream.send({ name: 'documents', data: { ids: [] } });
    await new Promise<void>((resolve) => {
      stream.onClose(resolve);
      this.#events.ending.addEventListener('abort', () => resolve(), { once: true });
    });
    leave();
    if (timer !== null) clearTimeout(timer);
    stream.end();
  }
}
