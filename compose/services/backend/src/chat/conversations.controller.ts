import { Controller, Headers, Inject, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import { IDEMPOTENCY, type Idempotency } from '../http/idempotency.ts';
import { idCursor, pageOf, pageQuery, timeCursor } from '../http/paging.ts';
import { BackendProblem } from '../http/problem.ts';
import { requestIdOf } from '../http/request-id.ts';
import { Input, Route, route } from '../http/route.ts';
import { KNOWLEDGE, type KnowledgeRepository } from '../knowledge/repository.ts';
import { checkedQuestion } from './question.ts';
import { CONVERSATIONS, type ConversationsRepository, conversationJson, messageJson, usageJson } from './repository.ts';
import { RUNS, type Runs } from './runs.ts';
import { answerWithRun, sendRun } from './send-run.ts';

const tag = 'Conversations';
const title = z
  .string()
  .max(2000)
  .transform((text) => text.replace(/[\p{Cc}\p{Cf}]/gu, ' ').trim())
  .pipe(z.string().min(1).max(300));
const kbIds = z.array(z.string().min(1).max(100)).min(1).max(50);
const params = z.object({ id: z.guid() });

const list = route({
  method: 'get',
  path: 'v1/conversations',
  summary: 'The caller’s conversations, the last used first',
  tag,
  access: 'chat:use',
  query: pageQuery(1000, 1000),
  answers: { 200: pageOf(conversationJson) },
});
const create = route({
  method: 'post',
  path: 'v1/conversations',
  summary: 'Begin a conversation over one or more knowledge bases',
  tag,
  access: 'chat:use',
  body: z.strictObject({ title: title.optional(), kbIds: kbIds.default(['default']) }),
  answers: { 201: conversationJson },
  idempotent: true,
});
const get = route({
  method: 'get',
  path: 'v1/conversations/:id',
  summary: 'One conversation',
  tag,
  access: 'chat:use',
  params,
  answers: { 200: conversationJson },
});
const change = route({
  method: 'patch',
  path: 'v1/conversations/:id',
  summary: 'Rename a conversation, or have it ask other knowledge bases',
  tag,
  access: 'chat:use',
  params,
  body: z
    .strictObject({ title: title.optional(), kbIds: kbIds.optional() })
    .refine((body) => body.title !== undefined || body.kbIds !== undefined, 'Say what to change'),
  answers: { 200: conversationJson },
});
const remove = route({
  method: 'delete',
  path: 'v1/conversations/:id',
  summary: 'Delete a conversation',
  tag,
  access: 'chat:use',
  params,
  answers: { 204: null },
});
const messages = route({
  method: 'get',
  path: 'v1/conversations/:id/messages',
  summary: 'Its messages, oldest first; the cursor leads to older ones',
  tag,
  access: 'chat:use',
  params,
  query: pageQuery(5000, 1000),
  answers: { 200: pageOf(messageJson) },
});
const ask = route({
  method: 'post',
  path: 'v1/conversations/:id/messages',
  summary: 'Ask: events when `text/event-stream` is accepted, else one JSON document when the answer is whole',
  tag,
  access: 'chat:use',
  limit: 'chat',
  params,
  body: z.strictObject({ question: z.string() }),
  answers: { 201: z.object({ runId: z.guid(), message: messageJson, usage: usageJson.nullable() }) },
  events: 'when-accepted',
  problems: ['empty-question', 'question-too-long', 'provider-not-configured', 'rate-limited'],
});
const stop = route({
  method: 'post',
  path: 'v1/runs/:id/stop',
  summary: 'Stop an answer; what there is of it is kept',
  tag,
  access: 'chat:use',
  params,
  answers: { 204: null },
});
const resume = route({
  method: 'get',
  path: 'v1/runs/:id/events',
  summary: 'The rest of an answer for a reader who lost the connection, after `Last-Event-ID`',
  tag,
  access: 'chat:use',
  params,
  answers: { 200: null },
  events: 'always',
  problems: ['run-not-resumable', 'event-id-invalid'],
});

@Controller()
export class ConversationsController {
  readonly #conversations: ConversationsRepository;
  readonly #knowledge: KnowledgeRepository;
  readonly #runs: Runs;
  readonly #idempotency: Idempotency;
  constructor(
    @Inject(CONVERSATIONS) conversations: ConversationsRepository,
    @Inject(KNOWLEDGE) knowledge: KnowledgeRepository,
    @Inject(RUNS) runs: Runs,
    @Inject(IDEMPOTENCY) idempotency: Idempotency,
  ) {
    this.#conversations = conversations;
    this.#knowledge = knowledge;
    this.#runs = runs;
    this.#idempotency = idempotency;
  }

  @Route(list)
  list(@Caller() who: Principal, @Input() { query }: Input<typeof list>): Promise<unknown> {
    return this.#conversations.list(who, timeCursor(query.cursor), query.limit);
  }

  @Route(create)
  async create(
    @Caller() who: Principal,
    @Input() { body }: Input<typeof create>,
    @Req() request: Request,
  ): Promise<unknown> {
    const answer = await this.#idempotency.once(request, who, [JSON.stringify(body)], async () => {
      const ids = await this.#knowledge.readable(who, body.kbIds);
      return { status: 201, body: await this.#conversations.create(who, { title: body.title, kbIds: ids }) };
    });
    return answer.body;
  }

  @Route(get)
  get(@Caller() who: Principal, @Input() { params: { id } }: Input<typeof get>): Promise<unknown> {
    return this.#conversations.get(who, id);
  }

  @Route(change)
  async change(@Caller() who: Principal, @Input() { params: { id }, body }: Input<typeof change>): Promise<unknown> {
    await this.#conversations.get(who, id);
    const ids = body.kbIds === undefined ? undefined : await this.#knowledge.readable(who, body.kbIds);
    return this.#conversations.change(who, id, { title: body.title, kbIds: ids });
  }

  @Route(remove)
  async remove(@Caller() who: Principal, @Input() { params: { id } }: Input<typeof remove>): Promise<void> {
    await this.#conversations.remove(who, id);
  }

  @Route(messages)
  messages(@Caller() who: Principal, @Input() { params: { id }, query }: Input<typeof messages>): Promise<unknown> {
    return this.#conversations.messages(who, id, idCursor(query.cursor), query.limit);
  }

  @Route(ask)
  async ask(
    @Caller() who: Principal,
    @Input() { params: { id }, body }: Input<typeof ask>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const question = checkedQuestion(body.question);
    const run = await this.#runs.start(who, { conversationId: id, question, requestId: requestIdOf(request) });
    await answerWithRun(request, response, who, run, this.#conversations);
  }

  @Route(stop)
  async stop(@Caller() who: Principal, @Input() { params: { id } }: Input<typeof stop>): Promise<void> {
    await this.#runs.stop(who, id);
  }

  @Route(resume)
  async resume(
    @Caller() who: Principal,
    @Input() { params: { id } }: Input<typeof resume>,
    @Headers('last-event-id') last: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const run = await this.#runs.get(who, id);
    const since = Number(last ?? '0');
    if (!Number.isInteger(since) || since < 0 || since > run.last)
      throw new BackendProblem('event-id-invalid', 'This answer has no event of that number.');
    await sendRun(response, run, since);
  }
}
