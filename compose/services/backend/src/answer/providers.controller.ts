import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import { BackendProblem } from '../http/problem.ts';
import { Input, Route, route } from '../http/route.ts';
import { PROVIDERS, type Providers, type ProvidersJson, providersJson } from './providers.ts';

const httpAddress = z
  .string()
  .max(500)
  .refine((text) => {
    try {
      const url = new URL(text);
      return (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
    } catch {
      return false;
    }
  }, 'An address that begins with http:// or https://');
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
});
const active = z.strictObject({ name: z.enum(['embedded', 'openai-compatible']) });

const tag = 'Providers';
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
  summary: 'Address, model and key of a provider. Undefined leaves a value, null removes the key',
  tag,
  access: 'owner',
  params: z.object({ name: z.string().min(1).max(64) }),
  body: settings,
  answers: { 200: providersJson },
});

@Controller()
export class ProvidersController {
  readonly #providers: Providers;
  constructor(@Inject(PROVIDERS) providers: Providers) {
    this.#providers = providers;
  }

  @Route(get)
  get(): Promise<ProvidersJson> {
    return this.#providers.get();
  }

  @Route(activate)
  async activate(@Caller() who: Principal, @Input() { body }: Input<typeof activate>): Promise<ProvidersJson> {
    await this.#providers.setActive(who, body.name);
    return this.#providers.get();
  }

  @Route(configure)
  async configure(@Input() { params, body }: Input<typeof configure>): Promise<ProvidersJson> {
    if (params.name !== 'openai-compatible')
      throw new BackendProblem('not-found', 'There is no such provider to set up.');
    await this.#providers.setOpenAi(body);
    return this.#providers.get();
  }
}
