/** People who sign in at the backend, and keys for programs. */
import { z } from 'zod';
import {
  type ApiKey,
  keyScopeSchema,
  type NewKey,
  type NewUser,
  type User,
  type UserChange,
} from '../../shared/model/accounts.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { allPages } from '../backend/pages.ts';
import { cutText, nothing, pathOf, wireId } from '../backend/wire-fields.ts';

const maxUsers = 1000;
const maxKeys = 200;

const wireUser = z.object({
  id: wireId,
  email: cutText(320).nullable(),
  name: cutText(200),
  role: z.enum(['owner', 'user']),
  hasPassword: z.boolean(),
  disabled: z.boolean(),
  createdAtMs: z.number(),
}) satisfies z.ZodType<User>;
const wireKey = z.object({
  id: wireId,
  name: cutText(100),
  // A scope that this panel does not know is left out, the key is shown all the same.
  scopes: z.array(z.string()).transform((scopes) =>
    scopes.flatMap((scope) => {
      const known = keyScopeSchema.safeParse(scope);
      return known.success ? [known.data] : [];
    }),
  ),
  last4: cutText(4),
  createdAtMs: z.number(),
  expiresAtMs: z.number().nullable(),
  lastUsedAtMs: z.number().nullable(),
}) satisfies z.ZodType<ApiKey>;
const madeKey = z.object({ key: wireKey, secret: z.string().max(500) });
const keys = z.object({ items: z.array(wireKey) });

export interface Accounts {
  users(): Promise<User[]>;
  /** @throws {ProblemError} `name-taken`, `input-refused` */
  createUser(user: NewUser): Promise<User>;
  /** @throws {ProblemError} `last-owner` */
  changeUser(change: UserChange): Promise<User>;
  /**
   * With their conversations, keys, knowledge bases and documents.
   * @throws {ProblemError} `forbidden` for the owner that the stack began with, `last-owner`
   */
  removeUser(id: string): Promise<void>;
  keys(): Promise<ApiKey[]>;
  /** The secret is told this once. */
  createKey(key: NewKey): Promise<{ key: ApiKey; secret: string }>;
  /** From then on it opens nothing. */
  revokeKey(id: string): Promise<void>;
}

export function createAccounts(client: BackendClient): Accounts {
  return {
    users: () => allPages(client, '/v1/users', wireUser, maxUsers),
    createUser: (user) => client.call('POST', '/v1/users', wireUser, user),
    changeUser: ({ id, ...change }) => client.call('PATCH', pathOf('users', id), wireUser, change),
    async removeUser(id) {
      await client.call('DELETE', pathOf('users', id), nothing);
    },
    keys: async () => (await client.call('GET', '/v1/api-keys', keys)).items.slice(0, maxKeys),
    createKey: ({ expiresInDays, ...key }) =>
      client.call('POST', '/v1/api-keys', madeKey, {
        ...key,
        ...(expiresInDays === undefined || expiresInDays === null ? {} : { expiresInDays }),
      }),
    async revokeKey(id) {
      await client.call('DELETE', pathOf('api-keys', id), nothing);
    },
  };
}
