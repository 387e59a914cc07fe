/** Whom a knowledge base is shared with. Only its owner sees and changes that. */
import { z } from 'zod';
import type { Member } from '../../shared/model/knowledge.ts';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { pageOf } from '../backend/pages.ts';
import { cutText, pathOf, wireId } from '../backend/wire-fields.ts';

const maxMembers = 1000;

const roleOf = { read: 'reader', write: 'editor' } as const;
const wireMember = z
  .object({
    userId: wireId,
    email: cutText(320).nullable(),
    name: cutText(200),
    role: z.enum(['reader', 'editor']),
  })
  .transform(({ role, ...who }): Member => ({ ...who, access: role === 'editor' ? 'write' : 'read' }));
const wireMembers = pageOf(wireMember).transform(({ items }) => items.slice(0, maxMembers));
const wireMe = z.object({ id: wireId });

/** Knowledge bases are named by id or name, people by id. Each call answers whom it is shared with after it. */
export interface Members {
  /** @throws {ProblemError} `not-found`, `kb-not-own` */
  list(kb: string): Promise<Member[]>;
  /**
   * To somebody it is shared with already, it gives what they may do from now on.
   * @throws {ProblemError} `not-found`, `kb-not-own`, `person-gone`, `person-owner`
   */
  share(kb: string, userId: string, access: Member['access']): Promise<Member[]>;
  /** Nothing changes where it was not shared with them. @throws {ProblemError} `not-found`, `kb-not-own` */
  unshare(kb: string, userId: string): Promise<Member[]>;
}

/** [title, cause, advice] */
const words = {
  'not-found': [
    'This knowledge base is not there any more',
    'It was deleted, or it is no longer shared with you.',
    'Choose another knowledge base',
  ],
  'kb-not-own': [
    'This knowledge base is not yours to share',
    'It was shared with you. Only its owner decides who else may use it.',
    'Ask its owner to share it',
  ],
  'person-gone': [
    'This person is not there any more',
    'They are not among the people who may use the stack.',
    'Choose somebody else',
  ],
  'person-owner': [
    'It is theirs already',
    'A knowledge base is shared with others than its owner, who may do everything with it.',
    'Choose somebody else',
  ],
} as const;

/** What the backend said, in words that fit the question of who may use a knowledge base. */
function refusal(code: keyof typeof words, { problem: said }: ProblemError): ProblemError {
  const [title, cause, label] = words[code];
  const { evidence } = said;
  return new ProblemError(
    problem(code, title, cause, { evidence, remedies: [{ action: 'advice', label }], service: 'backend' }),
  );
}

/** @throws a refusal for the knowledge base's sake in words of its own; anything else as it is */
function refused(error: unknown): never {
  if (!(error instanceof ProblemError)) throw error;
  if (error.problem.code === 'not-found') throw refusal('not-found', error);
  throw error.problem.code === 'kb-read-only' ? refusal('kb-not-own', error) : error;
}

export function createMembers(client: BackendClient): Members {
  const pathTo = (kb: string, userId?: string): string =>
    pathOf('knowledge-bases', kb, userId === undefined ? '/members' : `/members/${encodeURIComponent(userId)}`);

  const list = (kb: string): Promise<Member[]> => client.call('GET', pathTo(kb), wireMembers).catch(refused);

  return {
    list,
    async share(kb, userId, access) {
      try {
        return await client.call('PUT', pathTo(kb, userId), wireMembers, { role: roleOf[access] });
      } catch (error) {
        if (!(error instanceof ProblemError) || error.problem.code !== 'not-found') return refused(error);
        // The backend says the same of a knowledge base that is gone, a person who is gone, and the owner.
        await list(kb);
        const me = await client.call('GET', '/v1/me', wireMe);
        throw refusal(me.id === userId ? 'person-owner' : 'person-gone', error);
      }
    },
    unshare: (kb, userId) => client.call('DELETE', pathTo(kb, userId), wireMembers).catch(refused),
  };
}
