import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import { BackendProblem } from '../http/problem.ts';
import { Input, Route, route } from '../http/route.ts';
import { SEARCH_PARTS, type SearchParts } from '../retrieval/search.ts';
import { isRefusedHost } from './addresses.ts';
import { providerNames, remoteProviderNames } from './provider-names.ts';
import { PROVIDERS, type Providers, type ProvidersJson, providersJson } from './providers.ts';
import { createPulls, type Pulls, pullJson } from './pulls.ts';
import { tryOutJson } from './try-out.ts';

const parsed = (text: string): URL | null => {
  try {
    return new URL(text);
  } catch {
    return null;
  }
};
const httpAddress = z
  .string()
  .max(500)
  .refine((text) => {
    const url = parsed(text);
    return (
      url !== null &&
      (url.protocol === 'http:' || url.protocol === 'https:') &&
      url.username === '' &&
      url.password === ''
    );
  }, 'An address that begins with http:// or https://')
  .refine((text) => {
    const url = parsed(text);
    return url === null || !isRefusedHost(url.hostname);
  }, 'An address that hands out credentials of machines is not asked');
const settings = z.strictObject({
  baseUrl: z.union([z.literal(''), httpAddress]).optional(),
  model: z.string().trim().max(200).optional(),
  // Header values take visible ASCII only.
  key: z
    .string()
    .max(500)
    .regex(/^[\x21-\x7e]*$/, 'A key has no spaces and no special letters')
    .nullable()
    .optional(),
  contextTokens: z.number().int().min(512).max(10_000_000).nullable().optional(),
});
const active = z.strictObject({ name: z.enum(providerNames) });
const params = z.object({ name: z.string().min(1).max(64) });
const model = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 'The name of a model as Ollama writes it');

const tag = 'Providers';
const failures = [
  'provider-not-configured',
  'provider-auth',
  'provider-error',
  'provider-rate-limited',
  'provider-timeout',
  'provider-unreachable',
] as const;

const get = route({
  method: 'get',
  path: 'v1/providers',
  summary: 'Who may write answers, and who does. Keys are never told',
  tag,
  access: 'person',
  answers: { 200: providersJson },
});
const activate = route({
  method: 'put',
  path: 'v1/providers/active',
  summary: 'Who writes answers from the next question on',
  tag,
  access: 'owner',
  body: active,
  answers: { 200: providersJson },
  problems: ['provider-not-configured', 'config-locked'],
});
const configure = route({
  method: 'put',
  path: 'v1/providers/:name',
  summary: 'Address, model, key and window of a provider. Undefined leaves a value, null removes key or window',
  tag,
  access: 'owner',
  params,
  body: settings,
  answers: { 200: providersJson },
});
const test = route({
  method: 'post',
  path: 'v1/providers/:name/test',
  summary: 'Try a provider out: as it is stored, or with settings that are not stored yet',
  tag,
  access: 'owner',
  params,
  body: settings,
  answers: { 200: tryOutJson },
});
const models = route({
  method: 'get',
  path: 'v1/providers/:name/models',
  summary: 'The models that the service has',
  tag,
  access: 'owner',
  params,
  answers: {
    200: z.object({
      items: z.array(z.object({ id: z.string(), contextTokens: z.number().nullable(), bytes: z.number().nullable() })),
    }),
  },
  problems: [...failures, 'model-not-found'],
});
const pull = route({
  method: 'post',
  path: 'v1/providers/ollama/pull',
  summary: 'Have the Ollama server fetch a model',
  tag,
  access: 'owner',
  body: z.strictObject({ model }),
  answers: { 202: pullJson },
  problems: ['provider-not-configured'],
});
const pulled = route({
  method: 'get',
  path: 'v1/providers/ollama/pull',
  summary: 'How far that is',
  tag,
  access: 'owner',
  query: z.strictObject({ model }),
  answers: { 200: pullJson },
  problems: ['not-found'],
});

function known<N extends string>(names: readonly N[], name: string): N {
  const found = names.find((candidate) => candidate === name);
  if (found === undefined) throw new BackendProblem('not-found', 'There is no such provider to set up.');
  return found;
}

@Controller()
export class ProvidersController {
  readonly #providers: Providers;
  readonly #pulls: Pulls;
  constructor(@Inject(PROVIDERS) providers: Providers, @Inject(SEARCH_PARTS) parts: SearchParts) {
    this.#providers = providers;
    this.#pulls = createPulls(parts.cache, providers);
  }

  onApplicationShutdown(): void {
    this.#pulls.close();
  }

  @Route(get)
  get(): Promise<ProvidersJson> {
    return this.#providers.get();
  }

  @Route(pull)
  pull(@Input() { body }: Input<typeof pull>): Promise<unknown> {
    return this.#pulls.start(body.model);
  }

  @Route(pulled)
  pulled(@Input() { query }: Input<typeof pulled>): Promise<unknown> {
    return this.#pulls.get(query.model);
  }

  @Route(activate)
  async activate(@Caller() who: Principal, @Input() { body }: Input<typeof activate>): Promise<ProvidersJson> {
    await this.#providers.setActive(who, body.name);
    return this.#providers.get();
  }

  @Route(configure)
  async configure(@Input() { params: { name }, body }: Input<typeof configure>): Promise<ProvidersJson> {
    await this.#providers.set(known(remoteProviderNames, name), body);
    return this.#providers.get();
  }

  @Route(test)
  test(@Input() { params: { name }, body }: Input<typeof test>): Promise<unknown> {
    return this.#providers.test(known(providerNames, name), body);
  }

  @Route(models)
  async models(@Input() { params: { name } }: Input<typeof models>): Promise<unknown> {
    return { items: await this.#providers.models(known(providerNames, name)) };
  }
}
