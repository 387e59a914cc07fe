/** All of signing in, and the changes that end sessions. */
import type { Redis } from 'ioredis';
import { BackendProblem } from '../http/problem.ts';
import type { Bus } from '../store/bus.ts';
import type { Database } from '../store/database.ts';
import { ownerId } from '../store/migrations.ts';
import { type ApiKeysRepository, createApiKeysRepository } from './api-keys.ts';
import { type Authenticator, createAuthenticator } from './authenticator.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { type AccessTokens, createAccessTokens } from './tokens.ts';
import { createUsersRepository, type UserChange, type UserJson, type UsersRepository } from './users.ts';

export interface Auth extends Authenticator {
  readonly tokens: AccessTokens;
  readonly users: UsersRepository;
  readonly keys: ApiKeysRepository;
  readonly sessions: Sessions;
  readonly limits: RateLimit;
  /** A new password, role or disabling ends their sessions. */
  changeUser(id: string, change: UserChange): Promise<UserJson>;
  /** @throws {BackendProblem} `forbidden` for the environment's own owner, `not-found`, `last-owner` */
  removeUser(id: string): Promise<void>;
}
export const AUTH = Symbol('auth');

export function createAuth(parts: {
  environmentToken: string;
  workflowToken: string;
  database: Database;
  redis: Redis;
  bus: Bus;
}): Auth {
  const { environmentToken, workflowToken, database, redis, bus } = parts;
  const tokens = createAccessTokens(environmentToken);
  const users = createUsersRepository(database);
  const keys = createApiKeysRepository(database);
  const sessions = createSessions(redis);
  return {
    ...createAuthenticator({ environmentToken, workflowToken, tokens, users, keys }),
    tokens,
    users,
    keys,
    sessions,
    limits: createRateLimit(redis),
    async changeUser(id, change) {
      const ends = change.password !== undefined || change.disabled === true;
      // First the sessions: if they cannot be ended nothing has changed yet. Then once more, for one opened meanwhile.
      if (ends) await sessions.closeAll(id);
      const user = await users.change(id, change);
      if (ends) await sessions.closeAll(id);
      return user;
    },
    async removeUser(id) {
      // Whoever holds the environment's token acts as this one: without them nobody could.
      if (id === ownerId) throw new BackendProblem('forbidden', 'The owner that the environment began with stays.');
      await sessions.closeAll(id);
      await users.remove(id);
      bus.publish('jobs.wake', {});
    },
  };
}
