import { describe, expect, it } from 'vitest';
import { checkAccess } from './guard.ts';
import type { Principal, Scope } from './principal.ts';

const person = (role: 'owner' | 'user'): Principal => ({ userId: 'u', role, via: 'session', scopes: null });
const key = (...scopes: Scope[]): Principal => ({ userId: 'u', role: 'owner', via: 'key', scopes });

describe('access', () => {
  it.each([
    ['open', null, 'yes'],
    ['search:read', null, 'unauthorized'],
    ['person', person('user'), 'yes'],
    ['owner', person('user'), 'forbidden'],
    ['owner', person('owner'), 'yes'],
    ['search:read', person('user'), 'yes'],
    ['search:read', key('search:read'), 'yes'],
    ['ingest:write', key('search:read', 'chat:use'), 'forbidden'],
    ['person', key('search:read'), 'forbidden'],
    ['owner', key('search:read'), 'forbidden'],
  ] as const)('%s by %j: %s', (access, who, expected) => {
    const outcome = (): string => {
      try {
        checkAccess({ access }, who);
        return 'yes';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(outcome()).toBe(expected);
  });
});
