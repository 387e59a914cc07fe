/** People as they are given on a command line: by e-mail address or by id. */
import type { User } from '../../shared/model/accounts.ts';
import { type Context, nothingToActOn } from './command.ts';

/** E-mail addresses are kept in small letters. */
export function isNamed(given: string, { id, email }: Pick<User, 'id' | 'email'>): boolean {
  return id === given || (email !== null && email === given.toLowerCase());
}

/** @throws {ProblemError} `nothing-to-act-on` where there is nobody of that name */
export async function findUser({ core }: Pick<Context, 'core'>, given: string): Promise<User> {
  const one = (await core.knowledge.accounts.users()).find((user) => isNamed(given, user));
  if (one !== undefined) return one;
  throw nothingToActOn(
    'There is nobody of that name',
    `"${given.slice(0, 200)}" is nobody here.`,
    'See everybody',
    'quayside user list',
  );
}
