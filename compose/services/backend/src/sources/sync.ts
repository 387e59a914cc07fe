/** Brings a knowledge base up to date with one of its sources. Safe to run again after any interruption. */
import { createHash } from 'node:crypto';
import type { Principal } from '../auth/principal.ts';
import type { RagConfig } from '../config/service.ts';
import type { DocumentEvents } from '../documents/events.ts';
import { pipelineOf } from '../documents/pipeline.ts';
import type { DocumentsRepository } from '../documents/repository.ts';
import { detectMime } from '../extract/detect.ts';
import { BackendProblem } from '../http/problem.ts';
import type { Job, JobHandler } from '../jobs/worker.ts';
import type { Bus } from '../store/bus.ts';
import type { Database } from '../store/database.ts';
import { type KnownItem, planFolder, reasonToPause } from './diff.ts';
import { allowedFolder, readFileWithin, scanFolder } from './folder.ts';
import { guardedFetch, nameOfPage } from './guarded-fetch.ts';
import { requestSync } from './repository.ts';

export interface SyncParts {
  readonly database: Database;
  readonly documents: DocumentsRepository;
  readonly config: Pick<RagConfig, 'values'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly events: DocumentEvents;
  readonly roots: readonly string[];
}

interface Source {
  readonly id: string;
  readonly kbId: string;
  readonly ownerId: string;
  readonly kind: 'folder' | 'url';
  readonly uri: string;
  readonly name: string;
  readonly cursor: { etag?: string | null; lastModified?: string | null };
}
/** Figures of one synchronisation. */
interface Outcome {
  added: number;
  changed: number;
  deleted: number;
  unchanged: number;
  failed: number;
  ignored: number;
}

const pageLimits = { timeMs: 30_000, redirects: 5 };
/** A file that shared its document with another one that changed is read again; this often at most. */
const maxRounds = 3;

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
/** The source acts for whom the knowledge base belongs to. */
const actorOf = (source: Source): Principal => ({ userId: source.ownerId, role: 'user', via: 'panel', scopes: null });

/** Takes bytes in under a name of the source and writes down what became of them. */
async function take(
  parts: SyncParts,
  source: Source,
  item: { path: string; name: string; size: number; modifiedMs: number; bytes: Buffer },
): Promise<'taken' | 'same' | 'refused'> {
  const { database, documents, bus, events, config } = parts;
  const sha = sha256(item.bytes);
  const before = await database.one<{ sha: Buffer | null; documentId: string | null }>(
    'select content_sha256 as sha, doc_id as "documentId" from source_items where source_id = $1 and path = $2',
    [source.id, item.path],
  );
  const write = (documentId: string | null, content: Buffer | null, problem: BackendProblem | null): Promise<unknown> =>
    database.rows(
      `insert into source_items (source_id, path, doc_id, size, modified_ms, content_sha256, error_code, error_message)
       values ($1,$2,$3,$4,$5,$6,$7,$8)
       on conflict (source_id, path) do update set doc_id = excluded.doc_id, size = excluded.size,
         modified_ms = excluded.modified_ms, content_sha256 = excluded.content_sha256,
         error_code = excluded.error_code, error_message = excluded.error_message, seen_at = now()`,
      [
        source.id,
        item.path,
        documentId,
        item.size,
        item.modifiedMs,
        content,
        problem?.code ?? null,
        problem?.message ?? null,
      ],
    );
  // Only its time changed: whatever a person did to the document since stays done.
  if (before?.sha?.equals(sha) === true) {
    await write(before.documentId, sha, null);
    return 'same';
  }
  try {
    const values = config.values();
    const mime = detectMime(item.name, item.bytes);
    const { document, deduplicated } = await documents.accept(actorOf(source), {
      kb: source.kbId,
      name: item.name,
      mime,
      bytes: item.bytes,
      pipeline: pipelineOf(values),
    });
    await database.transaction(async (queries) => {
      if (!deduplicated)
        await queries.rows(
          'update documents set source_id = $2 where id = $1 and source_id is null and last_version = 1',
          [document.id, source.id],
        );
      // A document that several files shared holds what this one holds now: the others are to be read again.
      await queries.rows(
        `update source_items set content_sha256 = null, modified_ms = -1
         where doc_id = $1 and content_sha256 <> $2 and not (source_id = $3 and path = $4)`,
        [document.id, sha, source.id, item.path],
      );
    });
    await write(document.id, sha, null);
    if (!deduplicated) {
      if (document.version !== null) bus.publish('jobs.interrupt', { documentId: document.id });
      bus.publish('jobs.wake', {});
    }
    events.changed(document.id, source.kbId);
    if (before !== undefined && before.documentId !== null && before.documentId !== document.id)
      await release(parts, source, before.documentId);
    return 'taken';
  } catch (error) {
    if (!(error instanceof BackendProblem) || error.status >= 500) throw error;
    await write(before?.documentId ?? null, null, error);
    return 'refused';
  }
}

/** Deletes a document of this source that none of its files stands behind any more. */
async function release(parts: SyncParts, source: Source, documentId: string): Promise<boolean> {
  const orphan = await parts.database.one(
    `select d.id from documents d where d.id = $1 and d.source_id = $2 and d.deleted_at is null
       and not exists (select 1 from source_items i where i.doc_id = d.id)`,
    [documentId, source.id],
  );
  if (orphan === undefined) return false;
  await parts.documents.tombstone(actorOf(source), documentId);
  parts.bus.publish('jobs.interrupt', { documentId });
  parts.bus.publish('jobs.wake', {});
  parts.events.changed(documentId, source.kbId);
  return true;
}

const knownItems = (database: Database, source: Source): Promise<KnownItem[]> =>
  database.rows<KnownItem>(
    `select i.path, i.size, i.modified_ms as "modifiedMs", encode(i.content_sha256, 'hex') as "contentSha256",
       i.doc_id as "documentId",
       case when i.doc_id is null then 'none' when d.deleted_at is not null then 'gone'
         when d.source_id is distinct from i.source_id then 'foreign'
         when v.content_sha256 is distinct from i.content_sha256 and i.content_sha256 is not null then 'replaced'
         else 'kept' end as document
     from source_items i left join documents d on d.id = i.doc_id
     left join document_versions v on v.doc_id = d.id and v.version = d.last_version
     where i.source_id = $1`,
    [source.id],
  );

type Progress = (share: number) => Promise<void>;

async function syncFolder(
  parts: SyncParts,
  source: Source,
  allowLarge: boolean,
  signal: AbortSignal,
  progress: Progress,
): Promise<Outcome> {
  const { database, config } = parts;
  const outcome: Outcome = { added: 0, changed: 0, deleted: 0, unchanged: 0, failed: 0, ignored: 0 };
  const root = await allowedFolder(source.uri, parts.roots);
  for (let round = 1; round <= maxRounds; round += 1) {
    const { files, ignored } = await scanFolder(root, signal);
    const plan = planFolder(files, await knownItems(database, source));
    const reason = allowLarge ? null : reasonToPause(plan, files.size);
    if (reason !== null) throw new BackendProblem('too-many-changes', reason);
    if (round === 1) Object.assign(outcome, { unchanged: plan.unchanged, ignored });
    const toTake = [
      ...plan.added.map((path) => ({ path, kind: 'added' as const })),
      ...plan.changed.map((path) => ({ path, kind: 'changed' as const })),
    ];
    // What came is taken in before what went is deleted: a file that was moved is recognised by its bytes.
    for (const [at, { path, kind }] of toTake.entries()) {
      signal.throwIfAborted();
      const file = files.get(path);
      if (file === undefined) continue;
      await progress(at / toTake.length);
      const name = `${source.name}/${path}`;
      const limit = config.values()['ingest.maxFileMb'] * 1024 * 1024;
      const bytes = await readFileWithin(root, path, limit).catch(async (error: unknown) => {
        if (!(error instanceof BackendProblem)) throw error;
        await database.rows(
          `insert into source_items (source_id, path, size, modified_ms, error_code, error_message)
           values ($1,$2,$3,$4,$5,$6) on conflict (source_id, path) do update set size = excluded.size,
             modified_ms = excluded.modified_ms, content_sha256 = null, error_code = excluded.error_code,
             error_message = excluded.error_message, seen_at = now()`,
          [source.id, path, file.size, file.modifiedMs, error.code, error.message],
        );
        outcome.failed += 1;
        return null;
      });
      if (bytes === null) continue;
      const taken = await take(parts, source, { path, name, ...file, bytes });
      if (taken === 'refused') outcome.failed += 1;
      else if (taken === 'same') outcome.unchanged += 1;
      else outcome[kind] += 1;
    }
    for (const { path, documentId, deleteDocument } of plan.removed) {
      signal.throwIfAborted();
      await database.rows('delete from source_items where source_id = $1 and path = $2', [source.id, path]);
      if (documentId === null) continue;
      if (deleteDocument && (await release(parts, source, documentId))) outcome.deleted += 1;
      else await rename(parts, source, documentId, path);
    }
    const again = await database.one('select 1 from source_items where source_id = $1 and modified_ms = -1 limit 1', [
      source.id,
    ]);
    if (again === undefined) break;
  }
  return outcome;
}

/** A document named after a file that is gone takes the name of one that still stands behind it. */
async function rename(parts: SyncParts, source: Source, documentId: string, gone: string): Promise<void> {
  const prefix = `${source.name}/`;
  await parts.database.rows(
    `update documents d set source_uri = $3::text || i.path, revision = revision + 1, updated_at = now()
     from (select path from source_items where source_id = $2 and doc_id = $1 order by path limit 1) i
     where d.id = $1 and d.source_id = $2 and d.source_uri = $3::text || $4::text and d.deleted_at is null
       and not exists (select 1 from documents o where o.kb_id = d.kb_id and o.source_uri = $3::text || i.path and o.deleted_at is null)`,
    [documentId, source.id, prefix, gone],
  );
  parts.events.changed(documentId, source.kbId);
}

async function syncPage(parts: SyncParts, source: Source, signal: AbortSignal): Promise<Outcome> {
  const outcome: Outcome = { added: 0, changed: 0, deleted: 0, unchanged: 0, failed: 0, ignored: 0 };
  const bytes = parts.config.values()['ingest.maxFileMb'] * 1024 * 1024;
  const fetched = await guardedFetch(source.uri, { bytes, ...pageLimits }, { known: source.cursor, signal });
  if (fetched === null) return { ...outcome, unchanged: 1 };
  const first = (await knownItems(parts.database, source)).length === 0;
  const taken = await take(parts, source, {
    path: source.uri,
    name: nameOfPage(source.uri, fetched.contentType),
    size: fetched.bytes.length,
    modifiedMs: Date.now(),
    bytes: fetched.bytes,
  });
  // Remembered only after the page was taken, so that an interruption in between asks for it again.
  await parts.database.rows('update sources set cursor = $2 where id = $1', [
    source.id,
    JSON.stringify(taken === 'refused' ? {} : { etag: fetched.etag, lastModified: fetched.lastModified }),
  ]);
  if (taken === 'refused') outcome.failed = 1;
  else if (taken === 'same') outcome.unchanged = 1;
  else outcome[first ? 'added' : 'changed'] = 1;
  return outcome;
}

interface Payload {
  readonly sourceId?: string;
  readonly allowLarge?: boolean;
}

/** The job behind a synchronisation. */
export function syncJobs(parts: SyncParts): Record<'sync', JobHandler> {
  const { database } = parts;
  const payloadOf = (job: Job): Payload => (job.payload ?? {}) as Payload;
  return {
    sync: {
      async perform(job, signal, progress) {
        const { sourceId = null, allowLarge = false } = payloadOf(job);
        const source = await database.one<Source>(
          `select s.id, s.kb_id as "kbId", k.owner_id as "ownerId", s.kind, s.uri, s.name, s.cursor
           from sources s join knowledge_bases k on k.id = s.kb_id and k.deleted_at is null where s.id = $1`,
          [sourceId],
        );
        if (source === undefined) return;
        const other = await database.one(
          `select 1 from jobs where kind = 'sync' and state = 'running' and id < $2 and payload->>'sourceId' = $1`,
          [source.id, job.id],
        );
        if (other !== undefined) {
          // One at a time: what this one was to see is seen when that one is through.
          await database.transaction((queries) => requestSync(queries, source, { allowLarge, afterSeconds: 2 }));
          return;
        }
        const outcome =
          source.kind === 'folder'
            ? await syncFolder(parts, source, allowLarge, signal, progress)
            : await syncPage(parts, source, signal);
        await database.rows('update jobs set result = $2 where id = $1', [job.id, JSON.stringify(outcome)]);
        await database.rows(
          `update sources set last_sync_at = now(), error_code = null, error_message = null,
             next_sync_at = now() + make_interval(secs => every_seconds) where id = $1`,
          [source.id],
        );
      },
      async failed(job, problem, queries) {
        await queries.rows(
          `update sources set error_code = $2::text, error_message = $3,
             paused_at = case when $2::text = 'too-many-changes' then now() else paused_at end,
             next_sync_at = now() + make_interval(secs => every_seconds) where id = $1`,
          [payloadOf(job).sourceId ?? null, problem.code, problem.message],
        );
      },
    },
  };
}
