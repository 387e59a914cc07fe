/** Finds the caller's conversations by their titles and by what was said in them. */
import { z } from 'zod';
import type { Principal } from '../auth/principal.ts';
import type { Database } from '../store/database.ts';
import { conversationJson } from './repository.ts';

const range = { snippet: z.string(), start: z.number(), end: z.number() };
export const conversationHitJson = z
  .object({
    conversation: conversationJson,
    inTitle: z.boolean(),
    /** The newest three messages that hold it; `start` and `end` are its place in the snippet. */
    matches: z.array(z.object({ messageId: z.guid(), role: z.enum(['user', 'assistant']), ...range })),
  })
  .meta({ id: 'ConversationHit' });
type ConversationHit = z.output<typeof conversationHitJson>;

const around = 80;
const maxMatches = 3;

const asPattern = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;

/** The first place of `wanted`, whatever the letters' case, with some text around it. */
export function snippetOf(text: string, wanted: string): { snippet: string; start: number; end: number } {
  const escaped = wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const found = new RegExp(escaped, 'iu').exec(text);
  const at = found?.index ?? 0;
  const end = at + (found?.[0].length ?? 0);
  const from = Math.max(0, at - around);
  const snippet = text.slice(from, end + around).toWellFormed();
  return { snippet, start: at - from, end: end - from };
}

/** The last used first. */
export async function searchConversations(
  database: Database,
  who: Principal,
  wanted: string,
  limit: number,
): Promise<ConversationHit[]> {
  const rows = await database.rows<
    z.output<typeof conversationJson> & {
      inTitle: boolean;
      found: { id: string; role: 'user' | 'assistant'; text: string }[];
    }
  >(
    `select c.id, c.title, c.kb_ids as "kbIds", (extract(epoch from c.created_at) * 1000)::float8 as "createdAtMs",
       (extract(epoch from c.updated_at) * 1000)::float8 as "updatedAtMs", c.title ilike $2 as "inTitle",
       coalesce((select json_agg(json_build_object('id', f.id, 'role', f.role, 'text', f.content) order by f.id desc) from
         (select m.id, m.role, m.content from messages m
          where m.conversation_id = c.id and m.replaced_at is null and m.content ilike $2
          order by m.id desc limit ${maxMatches}) f), '[]') as found
     from conversations c
     where c.user_id = $1 and c.archived_at is null and (c.title ilike $2 or exists (
       select 1 from messages m where m.conversation_id = c.id and m.replaced_at is null and m.content ilike $2))
     order by c.updated_at desc, c.id desc limit $3`,
    [who.userId, asPattern(wanted), limit],
  );
  return rows.map(({ inTitle, found, ...conversation }) => ({
    conversation,
    inTitle,
    matches: found.map(({ id, role, text }) => ({ messageId: id, role, ...snippetOf(text, wanted) })),
  }));
}
