import { Controller, Inject, Req } from '@nestjs/common';
import type { Request } from 'express';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import { checkedQuestion } from '../chat/question.ts';
import { IDEMPOTENCY, type Idempotency } from '../http/idempotency.ts';
import { idCursor, pageOf, pageQuery } from '../http/paging.ts';
import { Input, Route, route } from '../http/route.ts';
import { KNOWLEDGE, type KnowledgeRepository } from '../knowledge/repository.ts';
import { BUS, type Bus } from '../store/bus.ts';
import { searchModes } from '../store/vectors.ts';
import { EVALUATION, type EvaluationRepository } from './repository.ts';
import {
  type EvalItem,
  evalItems,
  evalModes,
  evalRunJson,
  evalRunSummaryJson,
  evalSetJson,
  evalSetSummaryJson,
  setDescription,
  setName,
} from './schemas.ts';

const tag = 'Evaluation';
const params = z.object({ id: z.guid() });
const setBody = z.strictObject({ name: setName, description: setDescription.default(''), items: evalItems });

const listSets = route({
  method: 'get',
  path: 'v1/eval/sets',
  summary: 'Sets of questions with known answers, newest first',
  tag,
  access: 'search:read',
  query: pageQuery(),
  answers: { 200: pageOf(evalSetSummaryJson) },
});
const createSet = route({
  method: 'post',
  path: 'v1/eval/sets',
  summary: 'Keep a set of questions',
  tag,
  access: 'person',
  body: setBody,
  answers: { 201: evalSetJson },
  idempotent: true,
  problems: ['name-taken', 'empty-question'],
});
const getSet = route({
  method: 'get',
  path: 'v1/eval/sets/:id',
  summary: 'One set with its questions',
  tag,
  access: 'search:read',
  params,
  answers: { 200: evalSetJson },
});
const replaceSet = route({
  method: 'put',
  path: 'v1/eval/sets/:id',
  summary: 'Put other questions in its place',
  tag,
  access: 'person',
  params,
  body: setBody,
  answers: { 200: evalSetJson },
  problems: ['name-taken', 'empty-question'],
});
const removeSet = route({
  method: 'delete',
  path: 'v1/eval/sets/:id',
  summary: 'Forget a set; its runs stay',
  tag,
  access: 'person',
  params,
  answers: { 204: null },
});
const run = route({
  method: 'post',
  path: 'v1/eval/runs',
  summary: 'Ask a set of questions, kept or sent along, and measure search and abstention',
  tag,
  access: 'search:read',
  body: z
    .strictObject({
      setId: z.guid().optional(),
      items: evalItems.optional(),
      /** What questions sent along are called. */
      name: setName.optional(),
      kbIds: z.array(z.string().min(1).max(100)).min(1).max(50).default(['default']),
      modes: evalModes.default([...searchModes]),
      topK: z.number().int().min(1).max(100).default(10),
    })
    .refine(({ setId, items }) => (setId === undefined) !== (items === undefined), {
      message: 'Send a set or questions, not both',
      path: ['setId'],
    }),
  answers: { 202: z.object({ run: evalRunJson }) },
  problems: ['not-found', 'empty-question'],
});
const listRuns = route({
  method: 'get',
  path: 'v1/eval/runs',
  summary: 'Evaluations, newest first; cancel one through its job',
  tag,
  access: 'search:read',
  query: pageQuery(),
  answers: { 200: pageOf(evalRunSummaryJson) },
});
const getRun = route({
  method: 'get',
  path: 'v1/eval/runs/:id',
  summary: 'One evaluation with its questions, as far as it has come',
  tag,
  access: 'search:read',
  params,
  answers: { 200: evalRunJson },
});

/** @throws {BackendProblem} `empty-question`, `validation-failed` */
function checkQuestions(items: readonly EvalItem[]): readonly EvalItem[] {
  for (const { question } of items) checkedQuestion(question);
  return items;
}

@Controller()
export class EvaluationController {
  readonly #evaluation: EvaluationRepository;
  readonly #knowledge: KnowledgeRepository;
  readonly #idempotency: Idempotency;
  readonly #bus: Bus;
  constructor(
    @Inject(EVALUATION) evaluation: EvaluationRepository,
    @Inject(KNOWLEDGE) knowledge: KnowledgeRepository,
    @Inject(IDEMPOTENCY) idempotency: Idempotency,
    @Inject(BUS) bus: Bus,
  ) {
    this.#evaluation = evaluation;
    this.#knowledge = knowledge;
    this.#idempotency = idempotency;
    this.#bus = bus;
  }

  @Route(listSets)
  listSets(@Caller() who: Principal, @Input() { query }: Input<typeof listSets>): Promise<unknown> {
    return this.#evaluation.listSets(who, idCursor(query.cursor), query.limit);
  }

  @Route(createSet)
  async createSet(
    @Caller() who: Principal,
    @Input() { body }: Input<typeof createSet>,
    @Req() request: Request,
  ): Promise<unknown> {
    checkQuestions(body.items);
    const answer = await this.#idempotency.once(request, who, [JSON.stringify(body)], async () => ({
      status: 201,
      body: await this.#evaluation.createSet(who, body),
    }));
    return answer.body;
  }

  @Route(getSet)
  getSet(@Caller() who: Principal, @Input() { params: { id } }: Input<typeof getSet>): Promise<unknown> {
    return this.#evaluation.getSet(who, id);
  }

  @Route(replaceSet)
  replaceSet(@Caller() who: Principal, @Input() { params: { id }, body }: Input<typeof replaceSet>): Promise<unknown> {
    checkQuestions(body.items);
    return this.#evaluation.replaceSet(who, id, body);
  }

  @Route(removeSet)
  async removeSet(@Caller() who: Principal, @Input() { params: { id } }: Input<typeof removeSet>): Promise<void> {
    await this.#evaluation.removeSet(who, id);
  }

  @Route(run)
  async run(@Caller() who: Principal, @Input() { body }: Input<typeof run>): Promise<unknown> {
    const kbIds = await this.#knowledge.readable(who, body.kbIds);
    const set = body.setId === undefined ? null : await this.#evaluation.getSet(who, body.setId);
    const made = await this.#evaluation.createRun(who, {
      setId: set?.id ?? null,
      setName: set?.name ?? body.name ?? 'Questions sent along',
      items: set?.items ?? checkQuestions(body.items ?? []),
      kbIds,
      modes: [...new Set(body.modes)],
      topK: body.topK,
    });
    this.#bus.publish('jobs.wake', {});
    return { run: made };
  }

  @Route(listRuns)
  listRuns(@Caller() who: Principal, @Input() { query }: Input<typeof listRuns>): Promise<unknown> {
    return this.#evaluation.listRuns(who, idCursor(query.cursor), query.limit);
  }

  @Route(getRun)
  getRun(@Caller() who: Principal, @Input() { params: { id } }: Input<typeof getRun>): Promise<unknown> {
    return this.#evaluation.getRun(who, id);
  }
}
