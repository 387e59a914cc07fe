import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import { requestIdOf } from '../http/request-id.ts';
import { Input, Route, route } from '../http/route.ts';
import { DATABASE, type Database } from '../store/database.ts';
import { type Branch, branchAt } from './branches.ts';
import { conversationHitJson, searchConversations } from './conversation-search.ts';
import { exportConversation, exportedJson, exportFormats } from './export.ts';
import { checkedQuestion } from './question.ts';
import { CONVERSATIONS, type ConversationsRepository, type MessageJson, messageJson, usageJson } from './repository.ts';
import { RUNS, type Runs } from './runs.ts';
import { answerWithRun } from './send-run.ts';

const tag = 'Conversations';
const params = z.object({ id: z.guid() });
const whole = z.object({ runId: z.guid(), message: messageJson, usage: usageJson.nullable() });

const find = route({
  method: 'get',
  path: 'v1/conversations/search',
  summary: 'The caller’s conversations whose title or messages hold a text, the last used first',
  tag,
  access: 'chat:use',
  query: z.strictObject({
    q: z
      .string()
      .trim()
      .min(2)
      .max(200)
      .regex(/^[^\0]*$/),
    limit: z.coerce.number().int().min(1).max(100).default(50),
  }),
  answers: { 200: z.object({ items: z.array(conversationHitJson) }) },
});
const save = route({
  method: 'get',
  path: 'v1/conversations/:id/export',
  summary: 'A conversation as a file: `?format=markdown` or `json`',
  tag,
  access: 'chat:use',
  params,
  query: z.strictObject({ format: z.enum(exportFormats).default('markdown') }),
  answers: { 200: exportedJson },
  raw: 'text/markdown',
});
const regenerate = route({
  method: 'post',
  path: 'v1/messages/:id/regenerate',
  summary: 'Answer a question again (its id or its answer’s); what followed it is replaced. Answers as asking does',
  tag,
  access: 'chat:use',
  limit: 'chat',
  params,
  answers: { 200: whole },
  events: 'when-accepted',
  problems: ['provider-not-configured', 'rate-limited'],
});
const edit = route({
  method: 'post',
  path: 'v1/messages/:id/edit',
  summary: 'Put a question in other words; it and what followed it are replaced. Answers as asking does',
  tag,
  access: 'chat:use',
  limit: 'chat',
  params,
  body: z.strictObject({ question: z.string() }),
  answers: { 200: whole },
  events: 'when-accepted',
  problems: ['empty-question', 'question-too-long', 'provider-not-configured', 'rate-limited'],
});
const rate = route({
  method: 'put',
  path: 'v1/messages/:id/feedback',
  summary: 'Say what an answer was worth; a rating of null takes it back',
  tag,
  access: 'chat:use',
  params,
  body: z.strictObject({ rating: z.enum(['up', 'down']).nullable(), note: z.string().trim().max(2000).optional() }),
  answers: { 200: messageJson },
});

/** What is done to conversations beside asking. */
@Controller()
export class ConversationToolsController {
  readonly #database: Database;
  readonly #conversations: ConversationsRepository;
  readonly #runs: Runs;
  constructor(
    @Inject(DATABASE) database: Database,
    @Inject(CONVERSATIONS) conversations: ConversationsRepository,
    @Inject(RUNS) runs: Runs,
  ) {
    this.#database = database;
    this.#conversations = conversations;
    this.#runs = runs;
  }

  @Route(find)
  async find(@Caller() who: Principal, @Input() { query }: Input<typeof find>): Promise<unknown> {
    return { items: await searchConversations(this.#database, who, query.q, query.limit) };
  }

  @Route(save)
  async save(
    @Caller() who: Principal,
    @Input() { params: { id }, query }: Input<typeof save>,
    @Res() response: Response,
  ): Promise<void> {
    const conversation = await this.#conversations.get(who, id);
    const messages: MessageJson[] = [];
    for (let before: string | null = null; ; ) {
      const page = await this.#conversations.messages(who, id, before, 1000);
      messages.unshift(...page.items);
      before = page.nextCursor;
      if (before === null) break;
    }
    const { mime, fileName, text } = exportConversation(conversation, messages, query.format);
    response
      .status(200)
      .setHeader('Content-Type', mime)
      .setHeader('Content-Disposition', `attachment; filename="${fileName}"`)
      .setHeader('X-Content-Type-Options', 'nosniff')
      .setHeader('Cache-Control', 'no-store')
      .end(text);
  }

  async #branch(
    who: Principal,
    branch: Branch,
    question: string | null,
    request: Request,
    response: Response,
  ): Promise<void> {
    for (const runId of branch.runIds) await this.#runs.stop(who, runId);
    const run = await this.#runs.start(who, {
      conversationId: branch.conversationId,
      question: question ?? branch.question,
      requestId: requestIdOf(request),
      branch: { questionId: branch.questionId, keepsQuestion: question === null },
    });
    await answerWithRun(request, response, who, run, this.#conversations);
  }

  @Route(regenerate)
  async regenerate(
    @Caller() who: Principal,
    @Input() { params: { id } }: Input<typeof regenerate>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.#branch(who, await branchAt(this.#database, who, id), null, request, response);
  }

  @Route(rate)
  rate(@Caller() who: Principal, @Input() { params: { id }, body }: Input<typeof rate>): Promise<unknown> {
    const { rating, note } = body;
    return this.#conversations.rate(who, id, rating === null ? null : { rating, note: note || null });
  }

  @Route(edit)
  async edit(
    @Caller() who: Principal,
    @Input() { params: { id }, body }: Input<typeof edit>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const question = checkedQuestion(body.question);
    await this.#branch(who, await branchAt(this.#database, who, id), question, request, response);
  }
}
