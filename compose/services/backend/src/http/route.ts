/**
 * A route is described once: its schemas validate what comes in, its access is what the guard asks for, and the OpenAPI
 * document is written from it.
 */
import {
  applyDecorators,
  createParamDecorator,
  Delete,
  type ExecutionContext,
  Get,
  HttpCode,
  Patch,
  Post,
  Put,
  SetMetadata,
} from '@nestjs/common';
import type { Request } from 'express';
import type { z } from 'zod';
import type { Scope } from '../auth/principal.ts';
import { BackendProblem, type ProblemCode } from './problem.ts';
import { validated } from './validate.ts';

/**
 * `open`: no credentials. `person`: the panel or a session, not a key. `owner`: such a person who is an owner.
 * A scope: any person, and keys that have it.
 */
export type Access = 'open' | 'person' | 'owner' | Scope;

export interface RouteSpec {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** From the root, parameters as `:name`. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  readonly access: Access;
  readonly limit?: 'login' | 'chat';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** A file may be sent as multipart/form-data with these text fields beside it. */
  readonly upload?: z.ZodObject;
  /** By status; null for an answer without a body. The first is the usual one. */
  readonly answers: Readonly<Record<number, z.ZodType | null>>;
  /** The answer is a stream of server-sent events (also, or only). */
  readonly events?: 'always' | 'when-accepted';
  /** The answer is (also, or only) text or bytes of this type. */
  readonly raw?: string;
  /** `Idempotency-Key` is taken. */
  readonly idempotent?: boolean;
  /** `If-Match` is taken and the answer carries an `ETag`. */
  readonly etag?: boolean;
  /** Codes besides those that any route may answer with. */
  readonly problems?: readonly ProblemCode[];
}

type OutputOf<R, K extends 'params' | 'query' | 'body'> =
  R extends Record<K, infer S extends z.ZodType> ? z.output<S> : undefined;
/** What `@Input()` hands to the handler of a route. */
export interface Input<R extends RouteSpec> {
  readonly params: OutputOf<R, 'params'>;
  readonly query: OutputOf<R, 'query'>;
  readonly body: OutputOf<R, 'body'>;
}

const metadataKey = 'quayside:route';
const methods = { get: Get, post: Post, put: Put, patch: Patch, delete: Delete };

/** Keeps the exact types of a description. */
export function route<const R extends RouteSpec>(spec: R): R {
  return spec;
}

export function Route(spec: RouteSpec): MethodDecorator {
  const status = Number(Object.keys(spec.answers)[0]);
  return applyDecorators(methods[spec.method](spec.path), HttpCode(status), SetMetadata(metadataKey, spec));
}

/** The description behind a handler. */
export function specOf(handler: unknown): RouteSpec | undefined {
  return Reflect.getMetadata(metadataKey, handler as object) as RouteSpec | undefined;
}

/** All routes of a controller. */
export function routesOf(controller: { prototype: object }): RouteSpec[] {
  return Object.getOwnPropertyNames(controller.prototype).flatMap((name) => {
    const value: unknown = Object.getOwnPropertyDescriptor(controller.prototype, name)?.value;
    const spec = typeof value === 'function' ? specOf(value) : undefined;
    return spec === undefined ? [] : [spec];
  });
}

/** @throws {BackendProblem} `not-found`: an id that is none is answered like one that does not exist */
export function paramsOf<R extends RouteSpec>(spec: R, request: Pick<Request, 'params'>): Input<R>['params'] {
  const params = spec.params?.safeParse(request.params);
  if (params?.success === false || Object.values(request.params).some((value) => String(value).includes('\0')))
    throw new BackendProblem('not-found', 'There is nothing with this id.');
  return params?.data as Input<R>['params'];
}

/** Whether something was sent that no parser here has taken. */
const sentAnother = ({ body, headers }: Pick<Request, 'body' | 'headers'>): boolean =>
  body === undefined && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0);

/** Input of a request by the schemas of its route. @throws {BackendProblem} `not-found`, `unsupported-media-type`, `validation-failed` */
export function inputOf(
  spec: RouteSpec,
  request: Pick<Request, 'params' | 'query' | 'body' | 'headers'>,
): { params: unknown; query: unknown; body: unknown } {
  const params = paramsOf(spec, request);
  if (spec.body !== undefined && sentAnother(request)) throw new BackendProblem('unsupported-media-type', 'Send JSON.');
  return {
    params,
    query: spec.query === undefined ? undefined : validated(spec.query, request.query),
    body: spec.body === undefined ? undefined : validated(spec.body, request.body === undefined ? {} : request.body),
  };
}

export const Input = createParamDecorator((_: unknown, context: ExecutionContext): unknown => {
  const spec = specOf(context.getHandler());
  if (spec === undefined) throw new Error('a handler without a route asks for its input');
  return inputOf(spec, context.switchToHttp().getRequest<Request>());
});
