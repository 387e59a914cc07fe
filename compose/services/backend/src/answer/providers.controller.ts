import { Body, Controller, Get, Inject, Param, Put } from '@nestjs/common';
import { z } from 'zod';
import { BackendProblem } from '../http/problem.ts';
import { validated } from '../http/validate.ts';
import { PROVIDERS, type Providers } from './providers.ts';

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

@Controller('v1/providers')
export class ProvidersController {
  readonly #providers: Providers;
  constructor(@Inject(PROVIDERS) providers: Providers) {
    this.#providers = providers;
  }

  @Get()
  get(): Promise<unknown> {
    return this.#providers.get();
  }

  @Put('active')
  async activate(@Body() body: unknown): Promise<unknown> {
    await this.#providers.setActive(validated(active, body).name);
    return this.#providers.get();
  }

  @Put(':name')
  async configure(@Param('name') name: string, @Body() body: unknown): Promise<unknown> {
    if (name !== 'openai-compatible') throw new BackendProblem('not-found', 'There is no such provider to set up.');
    await this.#providers.setOpenAi(validated(settings, body));
    return this.#providers.get();
  }
}
