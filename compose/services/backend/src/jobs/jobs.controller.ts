import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import { DOCUMENTS, type DocumentsRepository, documentJson } from '../documents/repository.ts';
import { BackendProblem } from '../http/problem.ts';
import { Input, Route, route } from '../http/route.ts';
import { BUS, type Bus } from '../store/bus.ts';
import { JOBS, type JobsRepository, jobJson } from './repository.ts';

const tag = 'Jobs';
const params = z.object({ id: z.guid() });
const get = route({
  method: 'get',
  path: 'v1/jobs/:id',
  summary: 'A job, and the document that it is about while there is one',
  tag,
  access: 'ingest:write',
  params,
  answers: { 200: z.object({ job: jobJson, document: documentJson.nullable() }) },
});
const cancel = route({
  method: 'post',
  path: 'v1/jobs/:id/cancel',
  summary: 'Give up an ingestion, where what was searchable before stays so, or an evaluation',
  tag,
  access: 'ingest:write',
  params,
  answers: { 200: z.object({ job: jobJson }) },
  problems: ['job-final'],
});

@Controller()
export class JobsController {
  readonly #jobs: JobsRepository;
  readonly #documents: DocumentsRepository;
  readonly #bus: Bus;
  constructor(
    @Inject(JOBS) jobs: JobsRepository,
    @Inject(DOCUMENTS) documents: DocumentsRepository,
    @Inject(BUS) bus: Bus,
  ) {
    this.#jobs = jobs;
    this.#documents = documents;
    this.#bus = bus;
  }

  @Route(get)
  async get(@Caller() who: Principal, @Input() { params: { id } }: Input<typeof get>): Promise<unknown> {
    const job = await this.#jobs.get(who, id);
    if (job.documentId === null) return { job, document: null };
    const document = await this.#documents.get(who, job.documentId).catch((error: unknown) => {
      if (error instanceof BackendProblem && error.code === 'not-found') return null;
      throw error;
    });
    return { job, document };
  }

  @Route(cancel)
  async cancel(@Caller() who: Principal, @Input() { params: { id } }: Input<typeof cancel>): Promise<unknown> {
    const job = await this.#jobs.cancel(who, id);
    this.#bus.publish('jobs.interrupt', { jobId: id });
    if (job.documentId !== null && job.kbId !== null)
      this.#bus.publish('documents', { changes: [{ id: job.documentId, kbId: job.kbId }] });
    return { job };
  }
}
