import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { openEventStream } from '../http/event-stream.ts';
import { BackendProblem } from '../http/problem.ts';
import { requestIdOf } from '../http/request-id.ts';
import { validated, validId } from '../http/validate.ts';
import { streamDisconnects } from '../observability/metrics.ts';
import { checkedQuestion } from './question.ts';
import { CONVERSATIONS, type ConversationsRepository } from './repository.ts';
import { RUNS, type Run, type Runs } from './runs.ts';

const title = z
  .string()
  .transform((text) => text.replace(/[\p{Cc}\p{Cf}]/gu, ' ').trim())
  .pipe(z.string().min(1).max(300));
const createBody = z.strictObject({ title: title.optional() });
const renameBody = z.strictObject({ title });
const askBody = z.strictObject({ question: z.string() });

/** Sends a run's events from `since` on until it ends or the reader leaves. Leaving is not stopping. */
async function sendRun(response: Response, run: Run, since: number): Promise<void> {
  const stream = openEventStream(response);
  await new Promise<void>((resolve) => {
    let sending = Promise.resolve();
    const leave = run.follow(since, (event) => {
      sending = sending.then(async () => {
        await stream.send({ id: event.seq, name: event.name, data: event.data });
        if (event.name === 'done') {
          stream.end();
          resolve();
        }
      });
    });
    stream.onClose(() => {
      leave();
      if (!run.ended) streamDisconnects.inc();
      resolve();
    });
  });
}

@Controller('v1')
export class ConversationsController {
  readonly #conversations: ConversationsRepository;
  readonly #runs: Runs;
  constructor(@Inject(CONVERSATIONS) conversations: ConversationsRepository, @Inject(RUNS) runs: Runs) {
    this.#conversations = conversations;
    this.#runs = runs;
  }

  @Get('conversations')
  async list(): Promise<unknown> {
    return { items: await this.#conversations.list(1000), nextCursor: null };
  }

  @Post('conversations')
  async create(@Body() body: unknown): Promise<unknown> {
    return this.#conversations.create(validated(createBody, body ?? {}).title);
  }

  @Patch('conversations/:id')
  async rename(@Param('id') id: string, @Body() body: unknown): Promise<unknown> {
    return this.#conversations.rename(validId(id), validated(renameBody, body).title);
  }

  @Delete('conversations/:id')
  @HttpCode(204)
  async remove(@Param('id') id: string): Promise<void> {
    await this.#conversations.remove(validId(id));
  }

  @Get('conversations/:id/messages')
  async messages(@Param('id') id: string, @Query('limit') limit?: string): Promise<unknown> {
    const bound = validated(z.coerce.number().int().min(1).max(5000).default(1000), limit);
    return { items: await this.#conversations.messages(validId(id), bound), nextCursor: null };
  }

  /** Events when the caller accepts `text/event-stream`, else one JSON document when the answer is whole. */
  @Post('conversations/:id/messages')
  async ask(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const question = checkedQuestion(validated(askBody, body).question);
    const run = await this.#runs.start({ conversationId: validId(id), question, requestId: requestIdOf(request) });
    if ((request.headers.accept ?? '').includes('text/event-stream')) {
      await sendRun(response, run, 0);
      return;
    }
    await new Promise<void>((resolve) => {
      run.follow(0, (event) => {
        if (event.name === 'done') resolve();
      });
    });
    const failure = run.events.find((event) => event.name === 'error');
    if (failure !== undefined) {
      const details = failure.data as { status: number };
      response
        .status(details.status)
        .setHeader('Content-Type', 'application/problem+json')
        .end(JSON.stringify(details));
      return;
    }
    const messages = await this.#conversations.messages(validId(id), 50);
    const usage = run.events.find((event) => event.name === 'usage')?.data ?? null;
    response.json({ runId: run.id, message: messages.find((message) => message.id === run.messageId), usage });
  }

  @Post('runs/:id/stop')
  @HttpCode(204)
  async stop(@Param('id') id: string): Promise<void> {
    await this.#runs.stop(validId(id));
  }

  /** The rest of a run for a reader who lost the connection. */
  @Get('runs/:id/events')
  async resume(
    @Param('id') id: string,
    @Headers('last-event-id') last: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const run = this.#runs.get(validId(id));
    const since = Number(last ?? '0');
    if (!Number.isInteger(since) || since < 0 || since > run.events.length)
      throw new BackendProblem('event-id-invalid', 'This answer has no event of that number.');
    await sendRun(response, run, since);
  }
}
