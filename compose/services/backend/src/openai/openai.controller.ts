import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { CitationJson, SourceJson } from '../answer/provider.ts';
import type { ProviderName } from '../answer/provider-names.ts';
import { PROVIDERS, type Providers } from '../answer/providers.ts';
import { Caller, type Principal } from '../auth/principal.ts';
import { abstainText } from '../chat/abstain-text.ts';
import { answering, retrieve } from '../chat/answering.ts';
import { startMeter } from '../chat/meter.ts';
import { checkedQuestion } from '../chat/question.ts';
import { type EventStream, openEventStream } from '../http/event-stream.ts';
import { BackendProblem, toBackendProblem } from '../http/problem.ts';
import { requestIdOf } from '../http/request-id.ts';
import { Input, Route, route } from '../http/route.ts';
import { KNOWLEDGE, type KnowledgeRepository } from '../knowledge/repository.ts';
import { log } from '../observability/log.ts';
import { streamDisconnects } from '../observability/metrics.ts';
import { SEARCH_PARTS, type SearchParts } from '../retrieval/search.ts';
import { newId } from '../store/ids.ts';
import {
  type CompletionRequest,
  chunk,
  completion,
  completionJson,
  completionRequest,
  errorBody,
  type FinishReason,
  type Head,
  modelsJson,
  questionIn,
  type Usage,
} from './wire.ts';

const tag = 'OpenAI';
const complete = route({
  method: 'post',
  path: 'openai/v1/chat/completions',
  summary: 'Ask as a client of OpenAI does: the answer comes from the documents, with `rag_sources` beside it',
  tag,
  access: 'chat:use',
  limit: 'chat',
  body: completionRequest,
  answers: { 200: completionJson },
  events: 'when-accepted',
  problems: ['empty-question', 'question-too-long', 'provider-not-configured', 'rate-limited'],
});
const models = route({
  method: 'get',
  path: 'openai/v1/models',
  summary: 'What may be asked: `quayside` for the default knowledge base, `quayside:<name>` for each',
  tag,
  access: 'chat:use',
  answers: { 200: modelsJson },
});

const wholeModel = 'quayside';
const maxKbs = 1000;
/** Characters of one earlier message: as much as a conversation of our own keeps in mind. */
const maxTurn = 2000;

interface Answered {
  text: string;
  finish: FinishReason;
  usage: Usage;
  sources: readonly SourceJson[];
}

/** Asking through the protocol that most clients speak. Nothing is stored: the client keeps the conversation. */
@Controller()
export class OpenAiController {
  readonly #parts: SearchParts;
  readonly #providers: Providers;
  readonly #knowledge: KnowledgeRepository;
  constructor(
    @Inject(SEARCH_PARTS) parts: SearchParts,
    @Inject(PROVIDERS) providers: Providers,
    @Inject(KNOWLEDGE) knowledge: KnowledgeRepository,
  ) {
    this.#parts = parts;
    this.#providers = providers;
    this.#knowledge = knowledge;
  }

  @Route(models)
  async models(@Caller() who: Principal): Promise<unknown> {
    const { items } = await this.#knowledge.list(who, null, maxKbs);
    const created = 0;
    const named = items.map(({ name }) => `${wholeModel}:${name}`);
    return {
      object: 'list',
      data: [wholeModel, ...named].map((id) => ({ id, object: 'model', created, owned_by: 'quayside' })),
    };
  }

  @Route(complete)
  async complete(
    @Caller() who: Principal,
    @Input() { body }: Input<typeof complete>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const left = new AbortController();
    response.on('close', () => {
      if (!response.writableEnded) {
        if (body.stream === true) streamDisconnects.inc();
        left.abort(new DOMException('the client left', 'AbortError'));
      }
    });
    const head: Head = { id: `chatcmpl-${newId()}`, created: Math.floor(Date.now() / 1000), model: body.model };
    const answer = (say: (text: string) => Promise<void>): Promise<Answered> =>
      this.#answer(who, body, request, left.signal, say);
    try {
      if (body.stream === true) await this.#stream(response, head, body, answer);
      else response.json(completion(head, await answer(async () => undefined)));
    } catch (error) {
      // Nobody is there to be told.
      if (!left.signal.aborted) throw error;
    }
  }

  /** @throws what the answer throws before its first word */
  async #stream(
    response: Response,
    head: Head,
    body: CompletionRequest,
    answer: (say: (text: string) => Promise<void>) => Promise<Answered>,
  ): Promise<void> {
    const withUsage = body.stream_options?.include_usage === true;
    const none = withUsage ? { usage: null } : {};
    let stream: EventStream | null = null;
    // Until the first word there may still be a plain failure with its status.
    const say = async (text: string): Promise<void> => {
      if (stream === null) {
        stream = openEventStream(response);
        await stream.data(JSON.stringify(chunk(head, { delta: { role: 'assistant', content: '' }, ...none })));
      }
      await stream.data(JSON.stringify(chunk(head, { delta: { content: text }, ...none })));
    };
    try {
      const { finish, usage, sources } = await answer(say);
      if (stream === null) await say('');
      const open = stream as EventStream | null;
      await open?.data(JSON.stringify(chunk(head, { delta: {}, finish, sources, ...none })));
      if (withUsage) await open?.data(JSON.stringify(chunk(head, { usage })));
      await open?.data('[DONE]');
    } catch (error) {
      const open = stream as EventStream | null;
      if (open === null) throw error;
      await open.data(JSON.stringify(errorBody(toBackendProblem(error))));
    } finally {
      (stream as EventStream | null)?.end();
    }
  }

  /** `quayside`, `quayside:<name or id>`. @throws {BackendProblem} `not-found` */
  async #kbOf(who: Principal, model: string): Promise<string[]> {
    const [name = '', ...rest] = model.split(':');
    const kb = rest.length === 0 ? 'default' : rest.join(':');
    const message = `There is no model ${model} here.`;
    const errors = [{ pointer: '/model', code: 'model_not_found', message }];
    const unknown = (): BackendProblem => new BackendProblem('not-found', message, { errors });
    if (name !== wholeModel || kb === '') throw unknown();
    try {
      return await this.#knowledge.readable(who, [kb]);
    } catch (error) {
      throw error instanceof BackendProblem && error.code === 'not-found' ? unknown() : error;
    }
  }

  async #answer(
    who: Principal,
    body: CompletionRequest,
    request: Request,
    signal: AbortSignal,
    say: (text: string) => Promise<void>,
  ): Promise<Answered> {
    const since = performance.now();
    const said = questionIn(body.messages);
    const question = checkedQuestion(said.question);
    const [kbIds, answerer] = await Promise.all([this.#kbOf(who, body.model), this.#providers.active()]);
    const values = this.#parts.config.values();
    const limit = body.max_completion_tokens ?? body.max_tokens;
    const settings = {
      ...values,
      'llm.temperature': body.temperature ?? values['llm.temperature'],
      'llm.maxOutputTokens': Math.min(limit ?? values['llm.maxOutputTokens'], values['llm.maxOutputTokens']),
    };
    const history = settings['chat.historyTurns'];
    const turns =
      history === 0
        ? []
        : said.turns.slice(-history).map(({ role, text }) => ({ role, text: text.slice(0, maxTurn).toWellFormed() }));
    const meter = startMeter(settings['retrieval.mode'], since);
    let writer: ProviderName = answerer.name;
    let text = '';
    let finish: FinishReason = 'stop';
    let sources: readonly SourceJson[] = [];
    let cited: readonly CitationJson[] = [];
    let tokens = { input: 0, output: 0 };
    let outcome: 'completed' | 'abstained' | 'stopped' | 'error' = 'error';
    try {
      const asked = { question, kbIds, turns, answerer, settings };
      for await (const event of answering(this.#parts, asked, retrieve(this.#parts, who, asked, signal), signal)) {
        if (event.kind === 'delta') {
          meter.first(writer);
          text += event.text;
          await say(event.text);
        } else if (event.kind === 'abstain') {
          sources = [];
          text = abstainText(event.reason, event.nearest);
          await say(text);
          outcome = 'abstained';
        } else if (event.kind === 'sources') sources = event.sources;
        else if (event.kind === 'citations') cited = event.citations;
        else if (event.kind === 'provider') writer = event.name;
        else if (event.kind === 'tokens') tokens = event;
        else if (event.kind === 'notice' && event.notice.code === 'answer_truncated') finish = 'length';
        else if (event.kind === 'notice' && event.notice.code === 'refused') finish = 'content_filter';
      }
      if (outcome !== 'abstained') outcome = 'completed';
      const counted = tokens.output > 0 ? tokens.output : Math.ceil(text.length / 4);
      const usage = { prompt_tokens: tokens.input, completion_tokens: counted, total_tokens: tokens.input + counted };
      return { text, finish, usage, sources };
    } catch (error) {
      if (signal.aborted) outcome = 'stopped';
      else {
        const problem = toBackendProblem(error);
        log.error('openai.failed', problem.code, { requestId: requestIdOf(request) }, problem.cause ?? problem);
      }
      throw error;
    } finally {
      const totalMs = meter.ended({ provider: writer, outcome, citations: cited, text });
      log.info('openai.ended', 'A question was answered', {
        requestId: requestIdOf(request),
        provider: writer,
        status: outcome,
        sources: sources.length,
        totalMs: Math.round(totalMs),
      });
    }
  }
}
