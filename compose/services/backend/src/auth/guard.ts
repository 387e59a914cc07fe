/** Whether the caller may do what the route does, and not too often. */
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { BackendProblem } from '../http/problem.ts';
import { type RouteSpec, specOf } from '../http/route.ts';
import { type Principal, principalOf } from './principal.ts';
import type { RateLimit } from './rate-limit.ts';

/** @throws {BackendProblem} `forbidden`, `unauthorized` */
export function checkAccess(spec: Pick<RouteSpec, 'access'>, principal: Principal | null): void {
  const { access } = spec;
  if (access === 'open') return;
  if (principal === null) throw new BackendProblem('unauthorized', 'Send a token.');
  if (access === 'person' || access === 'owner') {
    if (principal.scopes !== null) throw new BackendProblem('forbidden', 'An API key cannot do this.');
    if (access === 'owner' && principal.role !== 'owner')
      throw new BackendProblem('forbidden', 'Only owners may do this.');
    return;
  }
  if (principal.scopes !== null && !principal.scopes.includes(access))
    throw new BackendProblem('forbidden', `The API key needs the scope ${access}.`);
}

export interface Limits {
  readonly 'limits.loginPerMinute': number;
  readonly 'limits.chatPerMinute': number;
  readonly 'limits.requestsPerMinute': number;
}

export class AccessGuard implements CanActivate {
  readonly #limits: RateLimit;
  readonly #perMinute: () => Limits;
  constructor(limits: RateLimit, perMinute: () => Limits) {
    this.#limits = limits;
    this.#perMinute = perMinute;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const spec = specOf(context.getHandler());
    if (spec === undefined) throw new Error('a handler without a route');
    const request = context.switchToHttp().getRequest<Request>();
    const principal = principalOf(request);
    checkAccess(spec, principal);
    // The person at this machine is not counted: the token is a file that only they can read.
    if (principal?.via === 'panel' || spec.path.startsWith('health') || spec.path === 'metrics') return true;
    const limits = this.#perMinute();
    const who = principal?.userId ?? request.ip ?? 'unknown';
    if (spec.limit === 'chat') await this.#limits.take('chat', who, limits['limits.chatPerMinute']);
    else if (spec.limit === undefined) await this.#limits.take('request', who, limits['limits.requestsPerMinute']);
    return true;
  }
}
