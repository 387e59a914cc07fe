/** Who asks. Goes into every call of a repository, so that no query forgets whose data it is. */
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { BackendProblem } from '../http/problem.ts';

/** What an API key may be made for. People may do all of it. */
export const scopes = [
  'search:read',
  'chat:use',
  'ingest:write',
  'reindex:run',
  'workflow:report',
  'metrics:read',
] as const;
export type Scope = (typeof scopes)[number];

export interface Principal {
  readonly userId: string;
  readonly role: 'owner' | 'user';
  /** `panel`: the environment's own token. */
  readonly via: 'panel' | 'session' | 'key';
  /** null: everything that the role may. */
  readonly scopes: readonly Scope[] | null;
}

const principals = new WeakMap<object, Principal>();

export function setPrincipal(request: Request, principal: Principal): void {
  principals.set(request, principal);
}

/** null on the few addresses that need no credentials. */
export function principalOf(request: Request): Principal | null {
  return principals.get(request) ?? null;
}

/** The caller, as a parameter of a handler. @throws {BackendProblem} `unauthorized` where nobody was asked for */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const principal = principalOf(context.switchToHttp().getRequest<Request>());
  if (principal === null) throw new BackendProblem('unauthorized', 'Send a token.');
  return principal;
});
