import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import { CONFIG, type RagConfig } from '../config/service.ts';
import { Input, Route, route } from '../http/route.ts';
import { findKb } from '../knowledge/repository.ts';
import { DATABASE, type Database } from '../store/database.ts';
import { pipelineOf } from './pipeline.ts';
import { sourceOf } from './repository.ts';

const known = z
  .object({ sourceUri: z.string(), documentId: z.guid(), chunks: z.number() })
  .meta({ id: 'KnownFile', description: 'A file that need not be sent: `sourceUri` as it was asked for' });

const spec = route({
  method: 'post',
  path: 'v1/knowledge-bases/:kb/documents/known',
  summary: 'Which of these files are in already, unchanged and ready, so that their bytes need not be sent',
  tag: 'Documents',
  access: 'ingest:write',
  params: z.object({ kb: z.string().min(1).max(100) }),
  body: z.strictObject({
    files: z
      .array(
        z.strictObject({
          sourceUri: z.string().min(1).max(1000),
          /** Of the bytes, in lower-case hexadecimal. */
          sha256: z.string().regex(/^[0-9a-f]{64}$/),
        }),
      )
      .min(1)
      .max(1000),
  }),
  answers: { 200: z.object({ items: z.array(known) }) },
});

/** Asked before a folder is sent once more: it is answered from two indexes, whatever the files weigh. */
@Controller()
export class KnownController {
  readonly #database: Database;
  readonly #config: RagConfig;
  constructor(@Inject(DATABASE) database: Database, @Inject(CONFIG) config: RagConfig) {
    this.#database = database;
    this.#config = config;
  }

  @Route(spec)
  async known(
    @Caller() who: Principal,
    @Input() { params, body }: Input<typeof spec>,
  ): Promise<{ items: z.output<typeof known>[] }> {
    const { id } = await findKb(this.#database, who, params.kb);
    const rows = await this.#database.rows<{ at: number; documentId: string; chunks: number }>(
      `select f.at::int as at, d.id as "documentId", d.chunk_count as chunks
       from unnest($3::text[], $4::text[]) with ordinality as f (name, sha, at)
       join documents d on d.kb_id = $1 and d.source_uri = f.name and d.deleted_at is null and d.state = 'ready'
       join document_versions v on v.doc_id = d.id and v.version = d.last_version
         and v.content_sha256 = decode(f.sha, 'hex') and v.pipeline = $2
       order by f.at`,
      [
        id,
        pipelineOf(this.#config.values()),
        body.files.map((file) => sourceOf(file.sourceUri)),
        body.files.map((file) => file.sha256),
      ],
    );
    return {
      items: rows.map(({ at, documentId, chunks }) => ({
        sourceUri: body.files[at - 1]?.sourceUri ?? '',
        documentId,
        chunks,
      })),
    };
  }
}
