/**
 * What every request passes first: host and origin (against DNS rebinding), then the bearer token on all but /health* and signing in.
 * A plain function before the router, so that an unknown address tells nothing to who has no token.
 */
import type { NextFunction, Request, Response } from 'express';
import { type Principal, setPrincipal } from '../auth/principal.ts';
import { log } from '../observability/log.ts';
import { authFailures, httpDuration } from '../observability/metrics.ts';
import { BackendProblem } from './problem.ts';
import { sendProblem } from './problem-filter.ts';
import { requestIdOf } from './request-id.ts';

export interface GateOptions {
  /** @throws {BackendProblem} `unauthorized`, or why nobody can be recognised right now */
  readonly authenticate: (bearer: string) => Promise<Principal>;
  /** Host names taken, without port. */
  readonly hosts: readonly string[];
}

/** The host name of a Host header, without port, lower case; null when it is not one. */
export function hostName(header: string | undefined): string | null {
  if (header === undefined) return null;
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/.exec(header);
  return match?.[1]?.toLowerCase() ?? null;
}

function originHost(origin: string): string | null {
  try {
    return new URL(origin).hostname.toLowerCase();
  } catch {
    return null;
  }
}

/** Addresses that need no credentials. */
const open = new Set(['/v1/auth/login', '/v1/auth/refresh', '/v1/auth/logout']);
const isOpen = (path: string): boolean => path === '/health' || path.startsWith('/health/') || open.has(path);

export function gate(options: GateOptions): (request: Request, response: Response, next: NextFunction) => void {
  const hosts = new Set(['127.0.0.1', 'localhost', '[::1]', ...options.hosts.map((host) => host.toLowerCase())]);
  return (request, response, next) => {
    const startedAt = performance.now();
    const requestId = requestIdOf(request);
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    response.on('close', () => {
      const durationMs = Math.round(performance.now() - startedAt);
      const route = typeof request.route?.path === 'string' ? request.route.path : 'none';
      httpDuration.observe({ method: request.method, route, status: String(response.statusCode) }, durationMs / 1000);
      const quiet = route.startsWith('/health') || route === '/metrics';
      log[quiet ? 'debug' : 'info']('request', `${request.method} ${route}`, {
        requestId,
        method: request.method,
        route,
        status: response.statusCode,
        durationMs,
      });
    });
    const refuse = (reason: string, problem: BackendProblem): void => {
      authFailures.inc({ reason });
      sendProblem(request, response, problem);
    };
    const host = hostName(request.headers.host);
    if (host === null || !hosts.has(host)) {
      refuse('host', new BackendProblem('host-not-allowed', 'Ask under 127.0.0.1 or localhost.'));
      return;
    }
    const origin = request.headers.origin;
    if (origin !== undefined && !hosts.has(originHost(origin) ?? '')) {
      refuse('origin', new BackendProblem('host-not-allowed', 'Pages of other origins may not ask.'));
      return;
    }
    if (isOpen(request.path)) {
      next();
      return;
    }
    const given = /^Bearer ([\x21-\x7e]{1,2048})$/i.exec(request.headers.authorization ?? '')?.[1];
    if (given === undefined) {
      refuse('missing-token', new BackendProblem('unauthorized', 'Send the panel’s token as a bearer token.'));
      return;
    }
    options.authenticate(given).then(
      (principal) => {
        setPrincipal(request, principal);
        next();
      },
      (error: unknown) => {
        if (error instanceof BackendProblem && error.code === 'unauthorized') refuse('wrong-token', error);
        else sendProblem(request, response, error);
      },
    );
  };
}
