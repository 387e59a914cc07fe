/** From a bearer token to who it belongs to: a token of the environment, an API key, or an access token of a session. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BackendProblem } from '../http/problem.ts';
import { ownerId } from '../store/migrations.ts';
import type { ApiKeysRepository } from './api-keys.ts';
import type { Principal } from './principal.ts';
import type { AccessTokens } from './tokens.ts';
import type { UsersRepository } from './users.ts';

export interface Authenticator {
  /** @throws {BackendProblem} `unauthorized`, `database-unavailable` */
  authenticate(bearer: string): Promise<Principal>;
}

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
const panel: Principal = { userId: ownerId, role: 'owner', via: 'panel', scopes: null };
/** What the workflows of the stack do, and nothing else. */
const workflows: Principal = {
  userId: ownerId,
  role: 'owner',
  via: 'key',
  scopes: ['search:read', 'ingest:write', 'reindex:run', 'workflow:report'],
};

export function createAuthenticator(parts: {
  environmentToken: string;
  /** n8n's; empty: it has none. */
  workflowToken: string;
  tokens: AccessTokens;
  users: Pick<UsersRepository, 'active'>;
  keys: Pick<ApiKeysRepository, 'holder'>;
}): Authenticator {
  const expected = digest(parts.environmentToken);
  const ofWorkflows = parts.workflowToken === '' ? null : digest(parts.workflowToken);
  async function lookUp(bearer: string): Promise<Principal | undefined> {
    if (bearer.startsWith('rk_')) return parts.keys.holder(bearer);
    const user = await parts.users.active(await parts.tokens.verify(bearer));
    return user === undefined ? undefined : { userId: user.id, role: user.role, via: 'session', scopes: null };
  }

  return {
    async authenticate(bearer) {
      const given = digest(bearer);
      if (timingSafeEqual(given, expected)) return panel;
      if (ofWorkflows !== null && timingSafeEqual(given, ofWorkflows)) return workflows;
      // Looked up each time: what was revoked a moment ago at another replica opens nothing here.
      const principal = await lookUp(bearer);
      if (principal === undefined)
        throw new BackendProblem('unauthorized', 'The token is not one of this environment.');
      return principal;
    },
  };
}
