import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { CONFIG, type RagConfig } from '../config/service.ts';
import { idCursor, pageOf, pageQuery } from '../http/paging.ts';
import { BackendProblem } from '../http/problem.ts';
import { Input, Route, route } from '../http/route.ts';
import { authFailures } from '../observability/metrics.ts';
import { apiKeyJson } from './api-keys.ts';
import { AUTH, type Auth } from './auth.ts';
import { newPassword, passwordFits } from './passwords.ts';
import { Caller, type Principal, scopes } from './principal.ts';
import { accessSeconds } from './tokens.ts';
import { userJson } from './users.ts';

const tag = 'People and keys';
const email = z.email().max(254).toLowerCase();
const name = z.string().trim().max(100);
const refreshToken = z.string().min(1).max(200);
const idParams = z.object({ id: z.guid() });
const session = z
  .object({ accessToken: z.string(), expiresInSeconds: z.number(), refreshToken: z.string(), user: userJson })
  .meta({ id: 'Session' });

const bootstrap = route({
  method: 'post',
  path: 'v1/auth/bootstrap',
  summary: 'A session of the owner, for who holds the environment’s own token',
  tag,
  access: 'owner',
  answers: { 200: session },
  problems: ['session-store-unavailable'],
});
const login = route({
  method: 'post',
  path: 'v1/auth/login',
  summary: 'Sign in',
  tag,
  access: 'open',
  limit: 'login',
  body: z.strictObject({ email, password: z.string().max(200) }),
  answers: { 200: session },
  problems: ['login-failed', 'rate-limited', 'session-store-unavailable'],
});
const refresh = route({
  method: 'post',
  path: 'v1/auth/refresh',
  summary: 'A new access token; the refresh token is replaced too',
  tag,
  access: 'open',
  body: z.strictObject({ refreshToken }),
  answers: { 200: session },
  problems: ['session-invalid', 'session-store-unavailable'],
});
const logout = route({
  method: 'post',
  path: 'v1/auth/logout',
  summary: 'End the session of a refresh token',
  tag,
  access: 'open',
  body: z.strictObject({ refreshToken }),
  answers: { 204: null },
  problems: ['session-invalid', 'session-store-unavailable'],
});
const me = route({
  method: 'get',
  path: 'v1/me',
  summary: 'Who the caller is',
  tag,
  access: 'person',
  answers: { 200: userJson },
});
const changeMe = route({
  method: 'patch',
  path: 'v1/me',
  summary: 'Change one’s own name, e-mail address or password',
  tag,
  access: 'person',
  body: z.strictObject({
    name: name.optional(),
    email: email.optional(),
    password: newPassword.optional(),
    currentPassword: z.string().max(200).optional(),
  }),
  answers: { 200: userJson },
  problems: ['login-failed', 'name-taken'],
});
const listUsers = route({
  method: 'get',
  path: 'v1/users',
  summary: 'Everybody',
  tag,
  access: 'owner',
  query: pageQuery(),
  answers: { 200: pageOf(userJson) },
});
const createUser = route({
  method: 'post',
  path: 'v1/users',
  summary: 'Add a person, with a default knowledge base of their own',
  tag,
  access: 'owner',
  body: z.strictObject({
    email,
    name: name.default(''),
    password: newPassword,
    role: z.enum(['owner', 'user']).default('user'),
  }),
  answers: { 201: userJson },
  problems: ['name-taken'],
});
const getUser = route({
  method: 'get',
  path: 'v1/users/:id',
  summary: 'One person',
  tag,
  access: 'owner',
  params: idParams,
  answers: { 200: userJson },
});
const changeUser = route({
  method: 'patch',
  path: 'v1/users/:id',
  summary: 'Change a person; a new password or disabling ends their sessions',
  tag,
  access: 'owner',
  params: idParams,
  body: z.strictObject({
    email: email.optional(),
    name: name.optional(),
    password: newPassword.optional(),
    role: z.enum(['owner', 'user']).optional(),
    disabled: z.boolean().optional(),
  }),
  answers: { 200: userJson },
  problems: ['name-taken', 'last-owner'],
});
const removeUser = route({
  method: 'delete',
  path: 'v1/users/:id',
  summary: 'Remove a person with their conversations, keys, knowledge bases and documents',
  tag,
  access: 'owner',
  params: idParams,
  answers: { 204: null },
  problems: ['last-owner'],
});
const listKeys = route({
  method: 'get',
  path: 'v1/api-keys',
  summary: 'The caller’s API keys',
  tag,
  access: 'person',
  answers: { 200: pageOf(apiKeyJson) },
});
const createKey = route({
  method: 'post',
  path: 'v1/api-keys',
  summary: 'Make an API key; it is shown this once',
  tag,
  access: 'person',
  body: z.strictObject({
    name: name.min(1),
    scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
    expiresInDays: z.number().int().min(1).max(3650).optional(),
  }),
  answers: { 201: z.object({ key: apiKeyJson, secret: z.string() }) },
});
const removeKey = route({
  method: 'delete',
  path: 'v1/api-keys/:id',
  summary: 'Revoke an API key',
  tag,
  access: 'person',
  params: idParams,
  answers: { 204: null },
});

@Controller()
export class AuthController {
  readonly #auth: Auth;
  readonly #config: RagConfig;
  constructor(@Inject(AUTH) auth: Auth, @Inject(CONFIG) config: RagConfig) {
    this.#auth = auth;
    this.#config = config;
  }

  async #session(userId: string, refreshToken: string): Promise<z.output<typeof session>> {
    const [accessToken, user] = await Promise.all([this.#auth.tokens.sign(userId), this.#auth.users.get(userId)]);
    return { accessToken, expiresInSeconds: accessSeconds, refreshToken, user };
  }

  @Route(bootstrap)
  async bootstrap(@Caller() who: Principal): Promise<z.output<typeof session>> {
    if (who.via !== 'panel') throw new BackendProblem('forbidden', 'Only the environment’s own token opens this.');
    return this.#session(who.userId, await this.#auth.sessions.open(who.userId));
  }

  @Route(login)
  async login(@Input() { body }: Input<typeof login>): Promise<z.output<typeof session>> {
    const perMinute = this.#config.values()['limits.loginPerMinute'];
    await this.#auth.limits.take('login', body.email, perMinute);
    const known = await this.#auth.users.credentials(body.email);
    if (!(await passwordFits(known?.passwordHash, body.password)) || known === undefined) {
      authFailures.inc({ reason: 'login' });
      throw new BackendProblem('login-failed', 'Check both, then try again.');
    }
    return this.#session(known.id, await this.#auth.sessions.open(known.id));
  }

  @Route(refresh)
  async refresh(@Input() { body }: Input<typeof refresh>): Promise<z.output<typeof session>> {
    try {
      const { userId, token } = await this.#auth.sessions.refresh(body.refreshToken);
      if ((await this.#auth.users.active(userId)) === undefined)
        throw new BackendProblem('session-invalid', 'Sign in again.');
      return await this.#session(userId, token);
    } catch (error) {
      if (error instanceof BackendProblem && error.code === 'session-invalid') authFailures.inc({ reason: 'session' });
      throw error;
    }
  }

  @Route(logout)
  async logout(@Input() { body }: Input<typeof logout>): Promise<void> {
    await this.#auth.sessions.close(body.refreshToken);
  }

  @Route(me)
  me(@Caller() who: Principal): Promise<z.output<typeof userJson>> {
    return this.#auth.users.get(who.userId);
  }

  @Route(changeMe)
  async changeMe(
    @Caller() who: Principal,
    @Input() { body }: Input<typeof changeMe>,
  ): Promise<z.output<typeof userJson>> {
    const { currentPassword, ...change } = body;
    if (change.password !== undefined || change.email !== undefined) {
      const stored = await this.#auth.users.passwordHash(who.userId);
      // The environment's own token proves more than a password does.
      if (stored !== null && who.via !== 'panel') {
        await this.#auth.limits.take('login', who.userId, this.#config.values()['limits.loginPerMinute']);
        if (!(await passwordFits(stored, currentPassword ?? '')))
          throw new BackendProblem('login-failed', 'The current password is wrong.');
      }
    }
    return this.#auth.changeUser(who.userId, change);
  }

  @Route(listUsers)
  listUsers(@Input() { query }: Input<typeof listUsers>): Promise<unknown> {
    return this.#auth.users.list(idCursor(query.cursor), query.limit);
  }

  @Route(createUser)
  createUser(@Input() { body }: Input<typeof createUser>): Promise<z.output<typeof userJson>> {
    return this.#auth.users.create(body);
  }

  @Route(getUser)
  getUser(@Input() { params }: Input<typeof getUser>): Promise<z.output<typeof userJson>> {
    return this.#auth.users.get(params.id);
  }

  @Route(changeUser)
  changeUser(@Input() { params, body }: Input<typeof changeUser>): Promise<z.output<typeof userJson>> {
    return this.#auth.changeUser(params.id, body);
  }

  @Route(removeUser)
  async removeUser(@Input() { params }: Input<typeof removeUser>): Promise<void> {
    await this.#auth.removeUser(params.id);
  }

  @Route(listKeys)
  async listKeys(@Caller() who: Principal): Promise<unknown> {
    return { items: await this.#auth.keys.list(who), nextCursor: null };
  }

  @Route(createKey)
  createKey(@Caller() who: Principal, @Input() { body }: Input<typeof createKey>): Promise<unknown> {
    const expiresAtMs = body.expiresInDays === undefined ? null : Date.now() + body.expiresInDays * 86_400_000;
    return this.#auth.keys.create(who, { name: body.name, scopes: [...new Set(body.scopes)], expiresAtMs });
  }

  @Route(removeKey)
  async removeKey(@Caller() who: Principal, @Input() { params }: Input<typeof removeKey>): Promise<void> {
    await this.#auth.keys.remove(who, params.id);
  }
}
