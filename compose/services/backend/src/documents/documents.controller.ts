import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
  UploadedFile,
  UseInterceptors,
} from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { memoryStorage } from 'multer';
import { z } from 'zod';
import { detectMime } from '../extract/detect.ts';
import { openEventStream } from '../http/event-stream.ts';
import { BackendProblem } from '../http/problem.ts';
import { validated, validId } from '../http/validate.ts';
import { DATABASE, type Database } from '../store/database.ts';
import { DOCUMENT_EVENTS, type DocumentEvents } from './events.ts';
import { passageInPlace } from './passage.ts';
import { DOCUMENTS, type DocumentsRepository, displayName } from './repository.ts';
import { JOB_WORKER, type JobWorker } from './worker.ts';

export const maxFileBytes = 50 * 1024 * 1024;
const page = z.strictObject({
  cursor: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(100),
});
/** `sourceUri` tells files of one name in several folders apart. */
const uploadForm = z.object({ sourceUri: z.string().min(1).max(1000).optional() });

@Controller('v1')
export class DocumentsController {
  readonly #documents: DocumentsRepository;
  readonly #worker: JobWorker;
  readonly #events: DocumentEvents;
  readonly #database: Database;
  constructor(
    @Inject(DOCUMENTS) documents: DocumentsRepository,
    @Inject(JOB_WORKER) worker: JobWorker,
    @Inject(DOCUMENT_EVENTS) events: DocumentEvents,
    @Inject(DATABASE) database: Database,
  ) {
    this.#documents = documents;
    this.#worker = worker;
    this.#events = events;
    this.#database = database;
  }

  @Get('knowledge-bases')
  async knowledgeBases(): Promise<unknown> {
    return { items: await this.#documents.knowledgeBases(), nextCursor: null };
  }

  /** 202 with a job; 200 when these very bytes are already there. */
  @Post('knowledge-bases/:kb/documents')
  @UseInterceptors(
    FileInterceptor('file', {
      storage: memoryStorage(),
      limits: { fileSize: maxFileBytes, files: 1, fields: 4, fieldSize: 1000, parts: 8 },
      // Browsers and the panel send names in UTF-8.
      defParamCharset: 'utf8',
    } as never),
  )
  async upload(
    @Param('kb') kb: string,
    @UploadedFile() file: Express.Multer.File | undefined,
    @Body() form: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    if (!(request.headers['content-type'] ?? '').startsWith('multipart/form-data'))
      throw new BackendProblem('unsupported-media-type', 'Send the file as multipart/form-data in the field "file".');
    if (file === undefined) throw new BackendProblem('file-missing', 'Send the file in the field named "file".');
    const { sourceUri } = validated(uploadForm, form ?? {});
    const name = sourceUri ?? displayName(file.originalname);
    const kbId = await this.#documents.knowledgeBase(kb);
    const mime = detectMime(name, file.buffer);
    const accepted = await this.#documents.accept({ kbId, name, mime, bytes: file.buffer });
    if (!accepted.deduplicated) {
      // An older version that is still being read would only be thrown away.
      if (accepted.document.version !== null) this.#worker.interrupt(accepted.document.id);
      this.#worker.wake();
    }
    this.#events.changed(accepted.document.id);
    response.status(accepted.deduplicated ? 200 : 202).json(accepted);
  }

  @Get('documents')
  async list(@Query() query: unknown): Promise<unknown> {
    const { cursor, limit } = validated(page, query);
    const items = await this.#documents.list(cursor ?? null, limit);
    return { items, nextCursor: items.length === limit ? (items.at(-1)?.id ?? null) : null };
  }

  @Get('documents/:id')
  async get(@Param('id') id: string): Promise<unknown> {
    return this.#documents.get(validId(id));
  }

  @Delete('documents/:id')
  @HttpCode(202)
  async remove(@Param('id') id: string): Promise<unknown> {
    const removal = await this.#documents.tombstone(validId(id));
    this.#worker.interrupt(removal.document.id);
    this.#worker.wake();
    this.#events.changed(removal.document.id);
    return removal;
  }

  @Get('chunks/:id/passage')
  async passage(@Param('id') id: string): Promise<unknown> {
    return passageInPlace(this.#database, validId(id));
  }

  @Get('jobs/:id')
  async job(@Param('id') id: string): Promise<unknown> {
    const job = await this.#documents.job(validId(id));
    const document = await this.#documents.get(job.documentId).catch((error: unknown) => {
      if (error instanceof BackendProblem && error.code === 'not-found') return null;
      throw error;
    });
    return { job, document };
  }

  /** `documents` with the ids that changed, at most ten times a second. */
  @Get('events')
  async events(@Res() response: Response): Promise<void> {
    const stream = openEventStream(response);
    const changed = new Set<string>();
    let timer: NodeJS.Timeout | null = null;
    const leave = this.#events.subscribe((id) => {
      changed.add(id);
      timer ??= setTimeout(() => {
        timer = null;
        const ids = [...changed];
        changed.clear();
        void stream.send({ name: 'documents', data: { ids } });
      }, 100);
    });
    await stream.send({ name: 'documents', data: { ids: [] } });
    await new Promise<void>((resolve) => stream.onClose(resolve));
    leave();
    if (timer !== null) clearTimeout(timer);
  }
}
