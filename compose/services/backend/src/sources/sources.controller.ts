import { basename } from 'node:path';
import { Controller, Headers, Inject, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import type { Settings } from '../config/settings.ts';
import { SETTINGS } from '../config/tokens.ts';
import { DOCUMENTS, type DocumentsRepository } from '../documents/repository.ts';
import { etagOf } from '../http/etag.ts';
import { IDEMPOTENCY, type Idempotency } from '../http/idempotency.ts';
import { idCursor, pageOf, pageQuery } from '../http/paging.ts';
import { BackendProblem } from '../http/problem.ts';
import { Input, Route, route } from '../http/route.ts';
import { jobJson } from '../jobs/repository.ts';
import { KNOWLEDGE, type KnowledgeRepository } from '../knowledge/repository.ts';
import { BUS, type Bus } from '../store/bus.ts';
import { allowedFolder } from './folder.ts';
import { checkedUrl } from './guarded-fetch.ts';
import { SOURCES, type SourcesRepository, sourceItemJson, sourceJson } from './repository.ts';

const tag = 'Sources';
const params = z.object({ id: z.guid() });
const kb = z.string().min(1).max(100);
const every = z
  .number()
  .int()
  .min(60)
  .max(366 * 86_400)
  .nullable();
const accepted = z.object({ source: sourceJson, job: jobJson });

const list = route({
  method: 'get',
  path: 'v1/sources',
  summary: 'Folders and pages that knowledge bases keep up with',
  tag,
  access: 'search:read',
  query: pageQuery().extend({
    kb: kb.optional(),
    /** Only those whose time has come, and those that are kept up with and failed the last time. */
    due: z.enum(['true', 'false']).default('false'),
  }),
  answers: { 200: pageOf(sourceJson) },
});
const roots = route({
  method: 'get',
  path: 'v1/source-roots',
  summary: 'Folders that the backend was given to read; sources of kind `folder` lie within them',
  tag,
  access: 'person',
  answers: {
    200: z.object({
      items: z.array(z.object({ path: z.string(), present: z.boolean() })),
      /** Of anybody's folder sources, for an owner: what has to stay readable. Empty for others. */
      inUse: z.array(z.string()),
    }),
  },
});
const create = route({
  method: 'post',
  path: 'v1/sources',
  summary: 'Keep up with a folder or a page; the first synchronisation begins at once',
  tag,
  access: 'person',
  body: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('folder'),
      kb: kb.default('default'),
      path: z.string().min(1).max(1000),
      everySeconds: every.default(900),
    }),
    z.strictObject({
      kind: z.literal('url'),
      kb: kb.default('default'),
      url: z.string().min(1).max(2000),
      everySeconds: every.default(86_400),
    }),
  ]),
  answers: { 201: accepted },
  idempotent: true,
  problems: ['kb-read-only', 'source-exists', 'url-not-allowed', 'folder-not-allowed', 'source-unavailable'],
});
const get = route({
  method: 'get',
  path: 'v1/sources/:id',
  summary: 'One source: its state, with the reason, and its next time',
  tag,
  access: 'search:read',
  params,
  answers: { 200: sourceJson },
  etag: true,
});
const change = route({
  method: 'patch',
  path: 'v1/sources/:id',
  summary: 'Change how often it is looked at, pause it or let it go on',
  tag,
  access: 'person',
  params,
  body: z.strictObject({ everySeconds: every.optional(), paused: z.boolean().optional() }),
  answers: { 200: sourceJson },
  etag: true,
  problems: ['kb-read-only', 'precondition-failed'],
});
const remove = route({
  method: 'delete',
  path: 'v1/sources/:id',
  summary: 'Stop keeping up with it; its documents stay, or go as jobs',
  tag,
  access: 'person',
  params,
  query: z.strictObject({ documents: z.enum(['keep', 'delete']).default('keep') }),
  answers: { 202: z.object({ documents: z.number(), deleted: z.boolean() }) },
  problems: ['kb-read-only'],
});
const sync = route({
  method: 'post',
  path: 'v1/sources/:id/sync',
  summary: 'Look at it now; `allowLarge` goes on with one that paused for too many changes',
  tag,
  access: 'ingest:write',
  params,
  body: z.strictObject({ allowLarge: z.boolean().default(false) }),
  answers: { 202: z.object({ job: jobJson }) },
  problems: ['kb-read-only'],
});
const items = route({
  method: 'get',
  path: 'v1/sources/:id/items',
  summary: 'Its files, each with what became of it',
  tag,
  access: 'search:read',
  params,
  query: z.strictObject({
    cursor: z.string().max(2000).default(''),
    limit: z.coerce.number().int().min(1).max(200).default(100),
  }),
  answers: { 200: pageOf(sourceItemJson) },
});

@Controller()
export class SourcesController {
  readonly #sources: SourcesRepository;
  readonly #documents: DocumentsRepository;
  readonly #knowledge: KnowledgeRepository;
  readonly #bus: Bus;
  readonly #idempotency: Idempotency;
  readonly #roots: readonly string[];
  constructor(
    @Inject(SOURCES) sources: SourcesRepository,
    @Inject(DOCUMENTS) documents: DocumentsRepository,
    @Inject(KNOWLEDGE) knowledge: KnowledgeRepository,
    @Inject(BUS) bus: Bus,
    @Inject(IDEMPOTENCY) idempotency: Idempotency,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.#sources = sources;
    this.#documents = documents;
    this.#knowledge = knowledge;
    this.#bus = bus;
    this.#idempotency = idempotency;
    this.#roots = settings.sourceRoots;
  }

  @Route(list)
  async list(@Caller() who: Principal, @Input() { query }: Input<typeof list>): Promise<unknown> {
    const of = query.kb === undefined ? null : (await this.#knowledge.get(who, query.kb)).id;
    return this.#sources.list(who, { kb: of, due: query.due === 'true' }, idCursor(query.cursor), query.limit);
  }

  @Route(roots)
  async roots(@Caller() who: Principal): Promise<unknown> {
    const present = (path: string): Promise<boolean> =>
      allowedFolder(path, this.#roots).then(
        () => true,
        () => false,
      );
    return {
      items: await Promise.all(this.#roots.map(async (path) => ({ path, present: await present(path) }))),
      // What lies in the folders is the owners', whoever else uses this backend.
      inUse: who.role === 'owner' ? await this.#sources.foldersInUse() : [],
    };
  }

  @Route(create)
  async create(
    @Caller() who: Principal,
    @Input() { body }: Input<typeof create>,
    @Req() request: Request,
  ): Promise<unknown> {
    const { kb: into, kind, everySeconds } = body;
    let place: { uri: string; name: string };
    if (body.kind === 'url') {
      const url = checkedUrl(body.url);
      url.hash = '';
      place = { uri: url.href, name: url.host };
    } else {
      // What lies in the folders is the owner's, whoever else uses this backend.
      if (who.role !== 'owner') throw new BackendProblem('forbidden', 'Only an owner may read folders in.');
      const folder = await allowedFolder(body.path, this.#roots);
      place = { uri: folder, name: basename(folder) };
    }
    const answer = await this.#idempotency.once(request, who, [JSON.stringify(body)], async () => ({
      status: 201,
      body: await this.#sources.create(who, { kb: into, kind, everySeconds, ...place }),
    }));
    this.#bus.publish('jobs.wake', {});
    return answer.body;
  }

  @Route(get)
  async get(
    @Caller() who: Principal,
    @Input() { params: { id } }: Input<typeof get>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    const source = await this.#sources.get(who, id);
    response.setHeader('ETag', etagOf(source.revision));
    return source;
  }

  @Route(change)
  async change(
    @Caller() who: Principal,
    @Input() { params: { id }, body }: Input<typeof change>,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    const source = await this.#sources.change(who, id, body, ifMatch);
    response.setHeader('ETag', etagOf(source.revision));
    return source;
  }

  @Route(remove)
  async remove(@Caller() who: Principal, @Input() { params: { id }, query }: Input<typeof remove>): Promise<unknown> {
    const kept = await this.#sources.remove(who, id);
    const deleted = query.documents === 'delete';
    if (deleted) {
      for (const documentId of kept) {
        await this.#documents.tombstone(who, documentId);
        this.#bus.publish('jobs.interrupt', { documentId });
      }
      this.#bus.publish('jobs.wake', {});
    }
    return { documents: kept.length, deleted };
  }

  @Route(sync)
  async sync(@Caller() who: Principal, @Input() { params: { id }, body }: Input<typeof sync>): Promise<unknown> {
    const job = await this.#sources.sync(who, id, body.allowLarge);
    this.#bus.publish('jobs.wake', {});
    return { job };
  }

  @Route(items)
  items(@Caller() who: Principal, @Input() { params: { id }, query }: Input<typeof items>): Promise<unknown> {
    return this.#sources.items(who, id, query.cursor, query.limit);
  }
}
