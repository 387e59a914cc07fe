/** From a bearer token to who it belongs to: the environment's own token, an API key, or an access token of a session. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BackendProblem } from '../http/problem.ts';
import type { Bus } from '../store/bus.ts';
import { ownerId } from '../store/migrations.ts';
import type { ApiKeysRepository } from './api-keys.ts';
import type { Principal } from './principal.ts';
import type { AccessTokens } from './tokens.ts';
import type { UsersRepository } from './users.ts';

export interface Authenticator {
  /** @throws {BackendProblem} `unauthorized`, `database-unavailable` */
  authenticate(bearer: string): Promise<Principal>;
}

/** How long somebody who was disabled elsewhere may still be known here when the news got lost. */
const rememberMs = 5000;
const maxRemembered = 1000;
const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
const panel: Principal = { userId: ownerId, role: 'owner', via: 'panel', scopes: null };

export function createAuthenticator(parts: {
  environmentToken: string;
  tokens: AccessTokens;
  users: Pick<UsersRepository, 'active'>;
  keys: Pick<ApiKeysRepository, 'holder'>;
  bus: Pick<Bus, 'on' | 'onConnected'>;
}): Authenticator {
  const expected = digest(parts.environmentToken);
  const remembered = new Map<string, { principal: Principal; until: number }>();
  const forget = (): void => remembered.clear();
  parts.bus.on('identities', forget);
  parts.bus.onConnected(forget);

  async function lookUp(bearer: string): Promise<Principal | undefined> {
    if (bearer.startsWith('rk_')) return parts.keys.holder(bearer);
    const user = await parts.users.active(await parts.tokens.verify(bearer));
    return user === undefined ? undefined : { userId: user.id, role: user.role, via: 'session', scopes: null };
  }

  return {
    async authenticate(bearer) {
      const key = digest(bearer);
      if (timingSafeEqual(key, expected)) return panel;
      const name = key.toString('base64');
      const known = remembered.get(name);
      if (known !== undefined && known.until > Date.now()) return known.principal;
      const principal = await lookUp(bearer);
      if (principal === undefined)
        throw new BackendProblem('unauthorized', 'The token is not one of this environment.');
      if (remembered.size >= maxRemembered) remembered.clear();
      remembered.set(name, { principal, until: Date.now() + rememberMs });
      return principal;
    },
  };
}
