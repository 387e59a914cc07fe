/** Where a conversation takes another way: what follows is replaced, not forgotten. */
import type { Principal } from '../auth/principal.ts';
import { BackendProblem } from '../http/problem.ts';
import type { Database } from '../store/database.ts';

export interface Branch {
  readonly conversationId: string;
  readonly questionId: string;
  readonly question: string;
  /** Answers under way that would be replaced. */
  readonly runIds: readonly string[];
}

/** The question that a message is, or that it answers. @throws {BackendProblem} `not-found`, also when it was replaced */
export async function branchAt(database: Database, who: Principal, messageId: string): Promise<Branch> {
  const row = await database.one<Branch>(
    `select q.conversation_id as "conversationId", q.id as "questionId", q.content as question,
       array(select r.id from runs r where r.conversation_id = q.conversation_id and r.state = 'running'
         and r.message_id > q.id) as "runIds"
     from messages m
     join conversations c on c.id = m.conversation_id and c.user_id = $2
     join messages q on q.id = case when m.role = 'user' then m.id else m.parent_id end
     where m.id = $1 and m.replaced_at is null and q.replaced_at is null`,
    [messageId, who.userId],
  );
  if (row === undefined) throw new BackendProblem('not-found', 'There is no message with this id.');
  return row;
}
