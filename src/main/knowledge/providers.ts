/** Who writes answers: their settings, a try-out, the models they have. Keys go in and never come back. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { ProblemError } from '../../shared/model/problem.ts';
import {
  type ModelInfo,
  type Provider,
  type ProviderChange,
  type ProviderName,
  type Providers,
  type ProviderTest,
  providerNameSchema,
} from '../../shared/model/providers.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { backendProblem } from '../backend/backend-problems.ts';
import { cutText, pathOf } from '../backend/wire-fields.ts';
import type { OperationRunner, OperationSpec } from '../operations/operation-runner.ts';

const maxModels = 2000;
const pollMs = 500;

const number = z.number().nullable();
const wireProvider = z.object({
  name: providerNameSchema,
  baseUrl: cutText(500).nullable(),
  model: cutText(200),
  hasKey: z.boolean(),
  keyLast4: cutText(4).nullable(),
  contextTokens: z.int().positive().nullable(),
  configured: z.boolean(),
  local: z.boolean(),
  availability: z.object({
    status: z.enum(['available', 'unavailable', 'unknown']),
    code: cutText(64).nullable(),
    latencyMs: number,
    checkedAtMs: number,
  }),
}) satisfies z.ZodType<Provider>;
const wireProviders = z.object({
  active: providerNameSchema,
  fallback: z.enum(['off', ...providerNameSchema.options]),
  allowCloud: z.boolean(),
  // One that this panel does not know is passed over.
  items: z.array(z.unknown()).transform((items) =>
    items.flatMap((item) => {
      const parsed = wireProvider.safeParse(item);
      return parsed.success ? [parsed.data] : [];
    }),
  ),
}) satisfies z.ZodType<Providers>;
const wireTest = z.object({
  ok: z.boolean(),
  failedAt: z.enum(['connect', 'key', 'model', 'answer']).nullable(),
  problem: z.object({ code: cutText(64), title: cutText(300), detail: cutText(1000) }).nullable(),
  latencyMs: z.number(),
  ttftMs: number,
  model: cutText(200),
  contextTokens: number,
  models: number,
}) satisfies z.ZodType<ProviderTest>;
const wireModels = z.object({
  items: z.array(z.object({ id: cutText(300), contextTokens: number, bytes: number })),
});
const wirePull = z.object({
  state: z.enum(['running', 'done', 'failed']),
  status: cutText(500),
  completedBytes: number,
  totalBytes: number,
  problem: z.object({ code: z.string(), detail: z.string() }).nullable(),
});

export interface ProviderCalls {
  get(): Promise<Providers>;
  configure(change: ProviderChange): Promise<Providers>;
  /** From the next question on. @throws {ProblemError} `provider-not-configured` */
  use(name: ProviderName): Promise<Providers>;
  /** As stored, or with settings that are not stored yet. */
  test(settings: ProviderChange): Promise<ProviderTest>;
  models(name: ProviderName): Promise<ModelInfo[]>;
  /** Has the Ollama server fetch a model: an operation. Answers its id. */
  pull(model: string): Promise<string>;
}

function pullSpec(client: BackendClient, model: string, stack: string): OperationSpec {
  return {
    kind: 'pull',
    stack,
    title: `Fetch the model ${model}`,
    exclusive: false,
    // The server goes on fetching by itself: there is no way to call it back.
    cancellable: false,
    async run(context) {
      const step = context.step('model', model);
      step.start('Asking the server');
      let now = await client.call('POST', '/v1/providers/ollama/pull', wirePull, { model }, context.signal);
      while (now.state === 'running') {
        step.detail(now.status);
        if (now.totalBytes !== null)
          step.progress({ done: now.completedBytes ?? 0, total: now.totalBytes, unit: 'bytes' });
        await pause(pollMs, undefined, { signal: context.signal });
        const path = `/v1/providers/ollama/pull?model=${encodeURIComponent(model)}`;
        now = await client.call('GET', path, wirePull, undefined, context.signal);
      }
      if (now.state === 'failed') {
        const { code, detail } = now.problem ?? { code: 'provider-error', detail: 'The model could not be fetched.' };
        throw new ProblemError(backendProblem(code, detail));
      }
      step.done();
      return `${model} is there`;
    },
  };
}

/** @param stack the Compose project whose backend this is */
export function createProviders(client: BackendClient, runner: OperationRunner, stack: string): ProviderCalls {
  const settingsOf = ({ name: _, ...settings }: ProviderChange) => settings;
  return {
    get: () => client.call('GET', '/v1/providers', wireProviders),
    configure: (change) => client.call('PUT', pathOf('providers', change.name), wireProviders, settingsOf(change)),
    use: (name) => client.call('PUT', '/v1/providers/active', wireProviders, { name }),
    test: (change) => client.call('POST', pathOf('providers', change.name, '/test'), wireTest, settingsOf(change)),
    models: async (name) =>
      (await client.call('GET', pathOf('providers', name, '/models'), wireModels)).items.slice(0, maxModels),
    pull: (model) => runner.begin(pullSpec(client, model, stack)),
  };
}
