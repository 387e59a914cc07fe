import { Controller, Headers, Inject, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import { etagOf } from '../http/etag.ts';
import { IDEMPOTENCY, type Idempotency } from '../http/idempotency.ts';
import { idCursor, pageOf, pageQuery } from '../http/paging.ts';
import { Input, Route, route } from '../http/route.ts';
import { BUS, type Bus } from '../store/bus.ts';
import { KNOWLEDGE, type KnowledgeRepository, kbStatsJson, knowledgeBaseJson, memberJson } from './repository.ts';

const tag = 'Knowledge bases';
/** By id or by name; `default` is everybody's own. */
const params = z.object({ kb: z.string().min(1).max(100) });
const shown = z
  .string()
  .max(2000)
  .transform((text) => text.replace(/[\p{Cc}\p{Cf}]/gu, ' ').trim());
// Not like an id: a name must never hide behind one.
const name = shown.pipe(
  z
    .string()
    .min(1)
    .max(100)
    .refine((text) => !/^[0-9a-f]{8}-[0-9a-f]{4}-/i.test(text), 'A name may not look like an id'),
);
const memberParams = z.object({ kb: z.string().min(1).max(100), userId: z.guid() });

const list = route({
  method: 'get',
  path: 'v1/knowledge-bases',
  summary: 'Knowledge bases that the caller owns or that were shared',
  tag,
  access: 'search:read',
  query: pageQuery(),
  answers: { 200: pageOf(knowledgeBaseJson) },
});
const create = route({
  method: 'post',
  path: 'v1/knowledge-bases',
  summary: 'Make a knowledge base',
  tag,
  access: 'person',
  body: z.strictObject({ name, description: shown.default('') }),
  answers: { 201: knowledgeBaseJson },
  idempotent: true,
  problems: ['name-taken'],
});
const get = route({
  method: 'get',
  path: 'v1/knowledge-bases/:kb',
  summary: 'One knowledge base',
  tag,
  access: 'search:read',
  params,
  answers: { 200: knowledgeBaseJson },
  etag: true,
});
const change = route({
  method: 'patch',
  path: 'v1/knowledge-bases/:kb',
  summary: 'Rename or describe a knowledge base',
  tag,
  access: 'person',
  params,
  body: z.strictObject({ name: name.optional(), description: shown.optional() }),
  answers: { 200: knowledgeBaseJson },
  etag: true,
  problems: ['kb-read-only', 'kb-default', 'name-taken', 'precondition-failed'],
});
const remove = route({
  method: 'delete',
  path: 'v1/knowledge-bases/:kb',
  summary: 'Delete a knowledge base with all its documents: unfindable at once, removed by jobs',
  tag,
  access: 'person',
  params,
  answers: { 202: z.object({ documents: z.number() }) },
  problems: ['kb-read-only', 'kb-default'],
});
const stats = route({
  method: 'get',
  path: 'v1/knowledge-bases/:kb/stats',
  summary: 'How much it holds',
  tag,
  access: 'search:read',
  params,
  answers: { 200: kbStatsJson },
});
const members = route({
  method: 'get',
  path: 'v1/knowledge-bases/:kb/members',
  summary: 'With whom it is shared',
  tag,
  access: 'person',
  params,
  answers: { 200: pageOf(memberJson) },
  problems: ['kb-read-only'],
});
const share = route({
  method: 'put',
  path: 'v1/knowledge-bases/:kb/members/:userId',
  summary: 'Share it',
  tag,
  access: 'person',
  params: memberParams,
  body: z.strictObject({ role: z.enum(['reader', 'editor']) }),
  answers: { 200: pageOf(memberJson) },
  problems: ['kb-read-only'],
});
const unshare = route({
  method: 'delete',
  path: 'v1/knowledge-bases/:kb/members/:userId',
  summary: 'Stop sharing it with somebody',
  tag,
  access: 'person',
  params: memberParams,
  answers: { 200: pageOf(memberJson) },
  problems: ['kb-read-only'],
});

@Controller()
export class KnowledgeController {
  readonly #knowledge: KnowledgeRepository;
  readonly #idempotency: Idempotency;
  readonly #bus: Bus;
  constructor(
    @Inject(KNOWLEDGE) knowledge: KnowledgeRepository,
    @Inject(IDEMPOTENCY) idempotency: Idempotency,
    @Inject(BUS) bus: Bus,
  ) {
    this.#knowledge = knowledge;
    this.#idempotency = idempotency;
    this.#bus = bus;
  }

  @Route(list)
  list(@Caller() who: Principal, @Input() { query }: Input<typeof list>): Promise<unknown> {
    return this.#knowledge.list(who, idCursor(query.cursor), query.limit);
  }

  @Route(create)
  async create(
    @Caller() who: Principal,
    @Input() { body }: Input<typeof create>,
    @Req() request: Request,
  ): Promise<unknown> {
    const answer = await this.#idempotency.once(request, who, [JSON.stringify(body)], async () => ({
      status: 201,
      body: await this.#knowledge.create(who, body),
    }));
    return answer.body;
  }

  @Route(get)
  async get(
    @Caller() who: Principal,
    @Input() { params: { kb } }: Input<typeof get>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    const found = await this.#knowledge.get(who, kb);
    response.setHeader('ETag', etagOf(found.revision));
    return found;
  }

  @Route(change)
  async change(
    @Caller() who: Principal,
    @Input() { params: { kb }, body }: Input<typeof change>,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    const changed = await this.#knowledge.change(who, kb, body, ifMatch);
    response.setHeader('ETag', etagOf(changed.revision));
    return changed;
  }

  @Route(remove)
  async remove(@Caller() who: Principal, @Input() { params: { kb } }: Input<typeof remove>): Promise<unknown> {
    const documents = await this.#knowledge.remove(who, kb);
    this.#bus.publish('jobs.wake', {});
    return { documents };
  }

  @Route(stats)
  stats(@Caller() who: Principal, @Input() { params: { kb } }: Input<typeof stats>): Promise<unknown> {
    return this.#knowledge.stats(who, kb);
  }

  @Route(members)
  async members(@Caller() who: Principal, @Input() { params: { kb } }: Input<typeof members>): Promise<unknown> {
    return { items: await this.#knowledge.members(who, kb), nextCursor: null };
  }

  @Route(share)
  async share(@Caller() who: Principal, @Input() { params, body }: Input<typeof share>): Promise<unknown> {
    return { items: await this.#knowledge.share(who, params.kb, params.userId, body.role), nextCursor: null };
  }

  @Route(unshare)
  async unshare(@Caller() who: Principal, @Input() { params }: Input<typeof unshare>): Promise<unknown> {
    return { items: await this.#knowledge.share(who, params.kb, params.userId, null), nextCursor: null };
  }
}
