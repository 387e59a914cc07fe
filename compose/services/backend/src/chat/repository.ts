/** Conversations, messages and what they cite. */
import type { SourceJson } from '../answer/provider.ts';
import { BackendProblem } from '../http/problem.ts';
import type { Database } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import { defaultKnowledgeBase } from '../store/migrations.ts';

export interface ConversationJson {
  readonly id: string;
  readonly title: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}
export type MessageStatus = 'streaming' | 'completed' | 'stopped' | 'error' | 'abstained';
export interface MessageJson {
  readonly id: string;
  readonly conversationId: string;
  readonly role: 'user' | 'assistant';
  readonly text: string;
  readonly status: MessageStatus;
  readonly sources: readonly SourceJson[];
  readonly provider: string | null;
  readonly createdAtMs: number;
}

const conversationColumns = `id, title, (extract(epoch from created_at) * 1000)::float8 as "createdAtMs",
  (extract(epoch from updated_at) * 1000)::float8 as "updatedAtMs"`;
const untitled = 'New conversation';

export interface ConversationsRepository {
  list(limit: number): Promise<ConversationJson[]>;
  create(title?: string): Promise<ConversationJson>;
  rename(id: string, title: string): Promise<ConversationJson>;
  remove(id: string): Promise<void>;
  /** Oldest first; the newest `limit`. */
  messages(id: string, limit: number): Promise<MessageJson[]>;
  /** Its knowledge bases and the turns so far that count as history, oldest first. @throws {BackendProblem} `not-found` */
  context(id: string): Promise<{ kbIds: string[]; turns: { role: 'user' | 'assistant'; text: string }[] }>;
  /** Writes the question and an empty answer; answers the answer's id. Titles a conversation by its first question. */
  begin(turn: { conversationId: string; question: string; provider: string; model: string }): Promise<string>;
  finish(answer: {
    messageId: string;
    text: string;
    status: MessageStatus;
    sources: readonly SourceJson[];
    usage: unknown;
    error: unknown;
  }): Promise<void>;
  /** Answers that a killed process left unfinished become `stopped`. */
  closeUnfinished(): Promise<void>;
}
export const CONVERSATIONS = Symbol('conversations');

const missing = (): BackendProblem => new BackendProblem('not-found', 'There is no conversation with this id.');

export function createConversationsRepository(database: Database): ConversationsRepository {
  return {
    list: (limit) =>
      database.rows<ConversationJson>(
        `select ${conversationColumns} from conversations where archived_at is null order by updated_at desc limit $1`,
        [limit],
      ),
    async create(title) {
      const row = await database.one<ConversationJson>(
        `insert into conversations (id, title, titled, kb_ids) values ($1,$2,$3,$4) returning ${conversationColumns}`,
        [newId(), title ?? untitled, title !== undefined, [defaultKnowledgeBase]],
      );
      if (row === undefined) throw new Error('insert returned nothing');
      return row;
    },
    async rename(id, title) {
      const row = await database.one<ConversationJson>(
        `update conversations set title = $2, titled = true where id = $1 returning ${conversationColumns}`,
        [id, title],
      );
      if (row === undefined) throw missing();
      return row;
    },
    async remove(id) {
      if ((await database.one('delete from conversations where id = $1 returning id', [id])) === undefined)
        throw missing();
    },
    async messages(id, limit) {
      if ((await database.one('select 1 as here from conversations where id = $1', [id])) === undefined)
        throw missing();
      return database.rows<MessageJson>(
        `select * from (
           select m.id, m.conversation_id as "conversationId", m.role, m.content as text, m.status, m.provider,
             (extract(epoch from m.created_at) * 1000)::float8 as "createdAtMs",
             coalesce((select json_agg(s.doc_snapshot order by s.n) from message_sources s where s.message_id = m.id), '[]') as sources
           from messages m where m.conversation_id = $1 order by m.id desc limit $2) newest
         order by id`,
        [id, limit],
      );
    },
    async context(id) {
      const row = await database.one<{ kbIds: string[] }>('select kb_ids as "kbIds" from conversations where id = $1', [
        id,
      ]);
      if (row === undefined) throw missing();
      const turns = await database.rows<{ role: 'user' | 'assistant'; text: string }>(
        `select role, left(content, 2000) as text from messages
         where conversation_id = $1 and (role = 'user' or status = 'completed') order by id desc limit 6`,
        [id],
      );
      return { kbIds: row.kbIds, turns: turns.reverse() };
    },
    begin: ({ conversationId, question, provider, model }) =>
      database.transaction(async (queries) => {
        const title = question.replace(/\s+/g, ' ').trim();
        const row = await queries.one(
          `update conversations set updated_at = now(), titled = true,
             title = case when titled then title else $2 end where id = $1 returning id`,
          [conversationId, title.length > 60 ? `${title.slice(0, 59).toWellFormed()}…` : title],
        );
        if (row === undefined) throw missing();
        const asked = newId();
        const answer = newId();
        // Two ids of one millisecond may come in any order: the pair is sorted so that the question comes first.
        const [questionId = asked, messageId = answer] = [asked, answer].sort();
        await queries.rows(
          `insert into messages (id, conversation_id, role, content, status) values ($1,$2,'user',$3,'completed')`,
          [questionId, conversationId, question],
        );
        await queries.rows(
          `insert into messages (id, conversation_id, parent_id, role, content, status, provider, model)
           values ($1,$2,$3,'assistant','','streaming',$4,$5)`,
          [messageId, conversationId, questionId, provider, model],
        );
        return messageId;
      }),
    finish: ({ messageId, text, status, sources, usage, error }) =>
      database.transaction(async (queries) => {
        const row = await queries.one(
          `update messages set content = $2, status = $3, usage = $4, error = $5 where id = $1 returning id`,
          [messageId, text, status, JSON.stringify(usage), error === null ? null : JSON.stringify(error)],
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
    async closeUnfinished() {
      await database.rows(`update messages set status = 'stopped' where status = 'streaming'`);
    },
  };
}
