import { Controller, Headers, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import { pipelineOf } from '../documents/pipeline.ts';
import { DOCUMENTS, type DocumentsRepository } from '../documents/repository.ts';
import { etagOf } from '../http/etag.ts';
import { pageOf } from '../http/paging.ts';
import { Input, Route, route } from '../http/route.ts';
import { CONFIG, configChangeJson, configEntryJson, type RagConfig } from './service.ts';

const tag = 'Configuration';
const whole = z
  .object({
    revision: z.number(),
    items: z.array(configEntryJson),
    /** Documents that were read with other settings than those of now. */
    reindex: z.object({ required: z.boolean(), affectedDocuments: z.number() }),
  })
  .meta({ id: 'Config' });

const get = route({
  method: 'get',
  path: 'v1/config',
  summary: 'Every setting with its value, where it comes from, and whether it can be changed here',
  tag,
  access: 'owner',
  answers: { 200: whole },
  etag: true,
});
const patch = route({
  method: 'patch',
  path: 'v1/config',
  summary: 'Change settings, all or none; null goes back to the default',
  tag,
  access: 'owner',
  body: z.record(z.string().max(100), z.unknown()),
  answers: { 200: whole },
  etag: true,
  problems: ['config-locked', 'precondition-failed'],
});
const history = route({
  method: 'get',
  path: 'v1/config/history',
  summary: 'Changes, newest first',
  tag,
  access: 'owner',
  query: z.strictObject({
    cursor: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
    limit: z.coerce.number().int().min(1).max(200).default(100),
  }),
  answers: { 200: pageOf(configChangeJson) },
});
const reset = route({
  method: 'post',
  path: 'v1/config/:key/reset',
  summary: 'Back to the default',
  tag,
  access: 'owner',
  params: z.object({ key: z.string().min(1).max(100) }),
  answers: { 200: whole },
  etag: true,
  problems: ['config-locked', 'precondition-failed'],
});

@Controller()
export class ConfigController {
  readonly #config: RagConfig;
  readonly #documents: DocumentsRepository;
  constructor(@Inject(CONFIG) config: RagConfig, @Inject(DOCUMENTS) documents: DocumentsRepository) {
    this.#config = config;
    this.#documents = documents;
  }

  async #answer(response: Response): Promise<z.output<typeof whole>> {
    response.setHeader('ETag', etagOf(this.#config.revision()));
    const affectedDocuments = await this.#documents.countOtherPipelines(pipelineOf(this.#config.values()));
    return {
      revision: this.#config.revision(),
      items: this.#config.entries(),
      reindex: { required: affectedDocuments > 0, affectedDocuments },
    };
  }

  @Route(get)
  async get(@Res({ passthrough: true }) response: Response): Promise<z.output<typeof whole>> {
    await this.#config.load();
    return this.#answer(response);
  }

  @Route(patch)
  async patch(
    @Caller() who: Principal,
    @Input() { body }: Input<typeof patch>,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<z.output<typeof whole>> {
    await this.#config.change(body, who.userId, ifMatch);
    return this.#answer(response);
  }

  @Route(history)
  history(@Input() { query }: Input<typeof history>): Promise<unknown> {
    return this.#config.history(query.cursor ?? null, query.limit);
  }

  @Route(reset)
  async reset(
    @Caller() who: Principal,
    @Input() { params }: Input<typeof reset>,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<z.output<typeof whole>> {
    await this.#config.change({ [params.key]: null }, who.userId, ifMatch);
    return this.#answer(response);
  }
}
