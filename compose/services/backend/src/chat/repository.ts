/** Conversations, messages and what they cite. */
import { z } from 'zod';
import {
  type CitationJson,
  citationJson,
  type Notice,
  noticeJson,
  type SourceJson,
  sourceJson,
} from '../answer/provider.ts';
import type { Principal } from '../auth/principal.ts';
import { type Page, paged } from '../http/paging.ts';
import { BackendProblem } from '../http/problem.ts';
import { readableKbs } from '../store/access.ts';
import type { Database, Queries } from '../store/database.ts';
import { newId } from '../store/ids.ts';

export const conversationJson = z
  .object({
    id: z.guid(),
    title: z.string(),
    /** The knowledge bases that it asks. */
    kbIds: z.array(z.guid()),
    createdAtMs: z.number(),
    updatedAtMs: z.number(),
  })
  .meta({ id: 'Conversation' });
export type ConversationJson = z.output<typeof conversationJson>;

const statuses = ['streaming', 'completed', 'stopped', 'error', 'abstained'] as const;
export type MessageStatus = (typeof statuses)[number];
export const feedbackJson = z.object({ rating: z.enum(['up', 'down']), note: z.string().nullable() });
export type FeedbackJson = z.output<typeof feedbackJson>;
/** What an answer took. */
export const usageJson = z
  .object({
    inputTokens: z.number(),
    outputTokens: z.number(),
    /** Whether the tokens were not counted by the model itself. */
    estimated: z.boolean(),
    /** To the first word. */
    ttftMs: z.number(),
    retrievalMs: z.number(),
    totalMs: z.number(),
  })
  .meta({ id: 'Usage' });
export type UsageJson = z.output<typeof usageJson>;
export const messageJson = z
  .object({
    id: z.guid(),
    conversationId: z.guid(),
    role: z.enum(['user', 'assistant']),
    text: z.string(),
    status: z.enum(statuses),
    sources: z.array(sourceJson),
    citations: z.array(citationJson),
    /** What was told beside the answer while it was made. */
    notices: z.array(noticeJson),
    /** The titles that came nearest when the documents did not answer. */
    nearest: z.array(z.string()),
    /** null for questions and while it is being written. */
    usage: usageJson.nullable(),
    provider: z.string().nullable(),
    model: z.string().nullable(),
    /** What the person said of it. */
    feedback: feedbackJson.nullable(),
    createdAtMs: z.number(),
  })
  .meta({ id: 'Message' });
export type MessageJson = z.output<typeof messageJson>;

const conversationColumns = `id, title, kb_ids as "kbIds", (extract(epoch from created_at) * 1000)::float8 as "createdAtMs",
  (extract(epoch from updated_at) * 1000)::float8 as "updatedAtMs"`;
const untitled = 'New conversation';

export interface ConversationsRepository {
  /** The caller's own, the last used first. */
  list(who: Principal, cursor: { micros: string; id: string } | null, limit: number): Promise<Page<ConversationJson>>;
  create(
    who: Principal,
    conversation: { title?: string | undefined; kbIds: readonly string[] },
  ): Promise<ConversationJson>;
  /** @throws {BackendProblem} `not-found` */
  get(who: Principal, id: string): Promise<ConversationJson>;
  /** @throws {BackendProblem} `not-found` */
  change(
    who: Principal,
    id: string,
    change: { title?: string | undefined; kbIds?: readonly string[] | undefined },
  ): Promise<ConversationJson>;
  /** @throws {BackendProblem} `not-found` */
  remove(who: Principal, id: string): Promise<void>;
  /** Oldest first; the newest `limit` before the cursor. @throws {BackendProblem} `not-found` */
  messages(who: Principal, id: string, before: string | null, limit: number): Promise<Page<MessageJson>>;
  /** @throws {BackendProblem} `not-found` */
  message(who: Principal, id: string): Promise<MessageJson>;
  /** Of an answer; null takes it back. @throws {BackendProblem} `not-found` */
  rate(who: Principal, id: string, feedback: FeedbackJson | null): Promise<MessageJson>;
  /**
   * Its knowledge bases that the caller may (still) read, and the last turns that count as history, oldest first.
   * @throws {BackendProblem} `not-found`
   */
  context(
    who: Principal,
    id: string,
    turns: number,
    /** Only what was said before this message. */
    before?: string,
  ): Promise<{ kbIds: string[]; turns: { role: 'user' | 'assistant'; text: string }[] }>;
  /**
   * Writes the question, an empty answer and the run that makes it; answers the answer's id. Titles a conversation by
   * its first question. @throws {BackendProblem} `not-found`
   */
  begin(
    who: Principal,
    turn: {
      conversationId: string;
      question: string;
      provider: string;
      model: string;
      branch?: TurnBranch | undefined;
    },
    run: { id: string; config: unknown; replica: string },
  ): Promise<string>;
  /** The end of an answer and of its run. */
  finish(answer: {
    runId: string;
    messageId: string;
    text: string;
    status: Exclude<MessageStatus, 'streaming'>;
    sources: readonly SourceJson[];
    citations: readonly CitationJson[];
    notices: readonly Notice[];
    nearest: readonly string[];
    /** Who wrote it in the end. */
    provider: string;
    model: string;
    usage: UsageJson;
    error: unknown;
  }): Promise<void>;
  /** @throws {BackendProblem} `not-found` */
  run(who: Principal, runId: string): Promise<RunRow>;
  /** Says that the runs of a replica go on, and ends those that nobody has said this of for a while. */
  keepRuns(replica: string): Promise<void>;
}
/** The turn takes the place of what a question began, the question itself included or not. */
export interface TurnBranch {
  readonly questionId: string;
  readonly keepsQuestion: boolean;
}
export interface RunRow {
  readonly id: string;
  readonly messageId: string;
  readonly state: 'running' | 'completed' | 'stopped' | 'error' | 'abstained';
}
/** A run whose replica has been silent for this long is over. */
const runLeaseSeconds = 15;
export const CONVERSATIONS = Symbol('conversations');

const missing = (): BackendProblem => new BackendProblem('not-found', 'There is no conversation with this id.');
const noMessage = (): BackendProblem => new BackendProblem('not-found', 'There is no message with this id.');

export function createConversationsRepository(database: Database): ConversationsRepository {
  const messageColumns = `m.id, m.conversation_id as "conversationId", m.role, m.content as text, m.status, m.provider, m.model, m.citations,
    m.notices, m.nearest, m.usage,
    (extract(epoch from m.created_at) * 1000)::float8 as "createdAtMs",
    (select json_build_object('rating', f.rating, 'note', f.note) from feedback f where f.message_id = m.id) as feedback,
    coalesce((select json_agg(s.doc_snapshot order by s.n) from message_sources s where s.message_id = m.id), '[]') as sources`;

  async function get(who: Principal, id: string): Promise<ConversationJson> {
    const row = await database.one<ConversationJson>(
      `select ${conversationColumns} from conversations where id = $1 and user_id = $2`,
      [id, who.userId],
    );
    if (row === undefined) throw missing();
    return row;
  }

  async function message(who: Principal, id: string, queries: Queries = database): Promise<MessageJson> {
    const row = await queries.one<MessageJson>(
      `select ${messageColumns} from messages m join conversations c on c.id = m.conversation_id and c.user_id = $2
       where m.id = $1`,
      [id, who.userId],
    );
    if (row === undefined) throw noMessage();
    return row;
  }

  return {
    get,
    async list(who, cursor, limit) {
      const rows = await database.rows<ConversationJson & { micros: string }>(
        `select ${conversationColumns}, (extract(epoch from updated_at) * 1000000)::int8::text as micros
         from conversations where user_id = $1 and archived_at is null
           and ($2::int8 is null or ((extract(epoch from updated_at) * 1000000)::int8, id) < ($2, $3::uuid))
         order by updated_at desc, id desc limit $4`,
        [who.userId, cursor?.micros ?? null, cursor?.id ?? null, limit + 1],
      );
      const { items, nextCursor } = paged(rows, limit, (last) => `${last.micros}.${last.id}`);
      return { items: items.map(({ micros: _, ...conversation }) => conversation), nextCursor };
    },
    async create(who, { title, kbIds }) {
      const row = await database.one<ConversationJson>(
        `insert into conversations (id, user_id, title, titled, kb_ids) values ($1,$2,$3,$4,$5) returning ${conversationColumns}`,
        [newId(), who.userId, title ?? untitled, title !== undefined, kbIds],
      );
      if (row === undefined) throw new Error('insert returned nothing');
      return row;
    },
    async change(who, id, { title, kbIds }) {
      const row = await database.one<ConversationJson>(
        `update conversations set title = coalesce($3, title), titled = titled or $3 is not null,
           kb_ids = coalesce($4, kb_ids) where id = $1 and user_id = $2 returning ${conversationColumns}`,
        [id, who.userId, title ?? null, kbIds ?? null],
      );
      if (row === undefined) throw missing();
      return row;
    },
    async remove(who, id) {
      const row = await database.one('delete from conversations where id = $1 and user_id = $2 returning id', [
        id,
        who.userId,
      ]);
      if (row === undefined) throw missing();
    },
    async messages(who, id, before, limit) {
      await get(who, id);
      const rows = await database.rows<MessageJson>(
        `select ${messageColumns} from messages m join conversations c on c.id = m.conversation_id and c.user_id = $2
         where m.conversation_id = $1 and m.replaced_at is null and ($3::uuid is null or m.id < $3)
         order by m.id desc limit $4`,
        [id, who.userId, before, limit + 1],
      );
      const { items, nextCursor } = paged(rows, limit, (last) => last.id);
      return { items: [...items].reverse(), nextCursor };
    },
    message: (who, id) => message(who, id),
    rate: (who, id, feedback) =>
      database.transaction(async (queries) => {
        const row = await queries.one(
          `select m.id from messages m join conversations c on c.id = m.conversation_id and c.user_id = $2
           where m.id = $1 and m.role = 'assistant' for update of m`,
          [id, who.userId],
        );
        if (row === undefined) throw noMessage();
        if (feedback === null) await queries.rows('delete from feedback where message_id = $1', [id]);
        else
          await queries.rows(
            `insert into feedback (message_id, rating, note) values ($1, $2, $3)
             on conflict (message_id) do update set rating = excluded.rating, note = excluded.note, updated_at = now()`,
            [id, feedback.rating, feedback.note],
          );
        return message(who, id, queries);
      }),
    async context(who, id, count, before) {
      const [row, turns] = await Promise.all([
        database.one<{ kbIds: string[] }>(
          `select array(select kb from unnest(c.kb_ids) kb where kb in ${readableKbs('$2')}) as "kbIds"
           from conversations c where c.id = $1 and c.user_id = $2`,
          [id, who.userId],
        ),
        database.rows<{ role: 'user' | 'assistant'; text: string }>(
          `select role, left(content, 2000) as text from messages
           where conversation_id = $1 and conversation_id in (select id from conversations where user_id = $4)
             and (role = 'user' or status = 'completed') and replaced_at is null
             and ($3::uuid is null or id < $3) order by id desc limit $2`,
          [id, count, before ?? null, who.userId],
        ),
      ]);
      if (row === undefined) throw missing();
      return { kbIds: row.kbIds, turns: turns.reverse() };
    },
    begin: (who, { conversationId, question, provider, model, branch }, run) =>
      database.transaction(async (queries) => {
        const title = question.replace(/\s+/g, ' ').trim();
        const row = await queries.one(
          `update conversations set updated_at = now(), titled = true,
             title = case when titled then title else $2 end where id = $1 and user_id = $3 returning id`,
          [conversationId, title.length > 60 ? `${title.slice(0, 59).toWellFormed()}…` : title, who.userId],
        );
        if (row === undefined) throw missing();
        const asked = newId();
        const answer = newId();
        // Two ids of one millisecond may come in any order: the pair is sorted so that the question comes first.
        const [first = asked, messageId = answer] = [asked, answer].sort();
        if (branch !== undefined)
          await queries.rows(
            `update messages set replaced_at = now() where conversation_id = $1 and replaced_at is null
               and (id > $2 or (id = $2 and not $3))`,
            [conversationId, branch.questionId, branch.keepsQuestion],
          );
        const questionId = branch?.keepsQuestion === true ? branch.questionId : first;
        if (questionId === first)
          await queries.rows(
            `insert into messages (id, conversation_id, role, content, status) values ($1,$2,'user',$3,'completed')`,
            [questionId, conversationId, question],
          );
        await queries.rows(
          `insert into messages (id, conversation_id, parent_id, role, content, status, provider, model)
           values ($1,$2,$3,'assistant','','streaming',$4,$5)`,
          [messageId, conversationId, questionId, provider, model],
        );
        await queries.rows(
          `insert into runs (id, conversation_id, message_id, user_id, state, config, replica, lease_until)
           values ($1,$2,$3,$4,'running',$5,$6, now() + make_interval(secs => $7))`,
          [run.id, conversationId, messageId, who.userId, JSON.stringify(run.config), run.replica, runLeaseSeconds],
        );
        return messageId;
      }),
    finish: ({ runId, messageId, text, status, sources, citations, notices, nearest, provider, model, usage, error }) =>
      database.transaction(async (queries) => {
        await queries.rows('update runs set state = $2, ended_at = now() where id = $1', [runId, status]);
        const row = await queries.one(
          `update messages set content = $2, status = $3, usage = $4, error = $5, citations = $6, provider = $7, model = $8,
             notices = $9, nearest = $10
           where id = $1 returning id`,
          [
            messageId,
            text,
            status,
            JSON.stringify(usage),
            error === null ? null : JSON.stringify(error),
            JSON.stringify(citations),
            provider,
            model,
            JSON.stringify(notices),
            JSON.stringify(nearest),
          ],
        );
        // The conversation may have been deleted while the answer was being written.
        if (row === undefined) return;
        for (const source of sources)
          await queries.rows(
            `insert into message_sources (message_id, n, chunk_id, doc_snapshot, strength, score) values ($1,$2,$3,$4,$5,0)
             on conflict do nothing`,
            [messageId, source.n, source.chunkId, JSON.stringify(source), source.strength],
          );
      }),
    async run(who, runId) {
      const row = await database.one<RunRow>(
        `select id, message_id as "messageId", state from runs where id = $1 and user_id = $2`,
        [runId, who.userId],
      );
      if (row === undefined) throw new BackendProblem('not-found', 'There is no answer being made under this id.');
      return row;
    },
    async keepRuns(replica) {
      await database.rows(
        `update runs set lease_until = now() + make_interval(secs => $2) where replica = $1 and state = 'running'`,
        [replica, runLeaseSeconds],
      );
      await database.rows(
        `with lost as (
           update runs set state = 'stopped', ended_at = now() where state = 'running' and lease_until < now()
           returning message_id)
         update messages set status = 'stopped' where status = 'streaming' and id in (select message_id from lost)`,
      );
    },
  };
}
