import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import { CONFIG, type RagConfig } from '../config/service.ts';
import { Input, Route, route } from '../http/route.ts';
import { jobJson } from '../jobs/repository.ts';
import { BUS, type Bus } from '../store/bus.ts';
import { DATABASE, type Database } from '../store/database.ts';
import { pipelineOf } from './pipeline.ts';
import { reindexScopes, requestReindex } from './reindex.ts';

const reindex = route({
  method: 'post',
  path: 'v1/reindex',
  summary: 'Read many documents again: those that were read with other settings, or all; as a job',
  tag: 'Documents',
  access: 'reindex:run',
  body: z.strictObject({ scope: z.enum(reindexScopes).default('stale'), kb: z.string().min(1).max(100).optional() }),
  answers: { 202: z.object({ documents: z.number(), job: jobJson }) },
  problems: ['kb-read-only'],
});
@Controller()
export class ReindexController {
  readonly #database: Database;
  readonly #bus: Bus;
  readonly #config: RagConfig;
  constructor(@Inject(DATABASE) database: Database, @Inject(BUS) bus: Bus, @Inject(CONFIG) config: RagConfig) {
    this.#database = database;
    this.#bus = bus;
    this.#config = config;
  }

  @Route(reindex)
  async reindex(@Caller() who: Principal, @Input() { body }: Input<typeof reindex>): Promise<unknown> {
    const queued = await requestReindex(this.#database, who, body, pipelineOf(this.#config.values()));
    this.#bus.publish('jobs.wake', {});
    return queued;
  }
}
