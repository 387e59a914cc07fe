/** Who writes answers. */
import { z } from 'zod';

/** `embedded` quotes and needs nothing; `local` is the model that the stack runs itself (the capability llm). */
export const providerNames = ['embedded', 'local', 'ollama', 'openai-compatible', 'anthropic'] as const;
export const providerNameSchema = z.enum(providerNames);
export type ProviderName = z.infer<typeof providerNameSchema>;

export const providerSchema = z.strictObject({
  name: providerNameSchema,
  /** null: it has no address to set. */
  baseUrl: z.string().max(500).nullable(),
  model: z.string().max(200),
  /** Keys are write-only. */
  hasKey: z.boolean(),
  keyLast4: z.string().max(4).nullable(),
  /** The window that the person fixed, in tokens; null lets the service tell. */
  contextTokens: z.int().positive().nullable(),
  configured: z.boolean(),
  /** What is sent there stays on this machine or its own network, as far as the address tells. */
  local: z.boolean(),
  availability: z.strictObject({
    status: z.enum(['available', 'unavailable', 'unknown']),
    code: z.string().max(64).nullable(),
    latencyMs: z.number().nullable(),
    checkedAtMs: z.number().nullable(),
  }),
});
export type Provider = z.infer<typeof providerSchema>;

export const providersSchema = z.strictObject({
  active: providerNameSchema,
  /** Who takes over when the active one cannot be asked; never a service elsewhere by itself. */
  fallback: z.enum(['off', ...providerNames]),
  allowCloud: z.boolean(),
  items: z.array(providerSchema).max(10),
});
export type Providers = z.infer<typeof providersSchema>;

/** What is left out stays as it is; null removes the key or the fixed window. */
export const providerChangeSchema = z.strictObject({
  name: providerNameSchema,
  baseUrl: z.string().max(500).optional(),
  model: z.string().max(200).optional(),
  key: z.string().max(500).nullable().optional(),
  contextTokens: z.int().min(512).max(10_000_000).nullable().optional(),
});
export type ProviderChange = z.infer<typeof providerChangeSchema>;

export const providerTestSchema = z.strictObject({
  ok: z.boolean(),
  /** The step that failed: reaching the service, being let in, the model, an answer. */
  failedAt: z.enum(['connect', 'key', 'model', 'answer']).nullable(),
  problem: z
    .strictObject({ code: z.string().max(64), title: z.string().max(300), detail: z.string().max(1000) })
    .nullable(),
  latencyMs: z.number(),
  /** To the first word. */
  ttftMs: z.number().nullable(),
  model: z.string().max(200),
  contextTokens: z.number().nullable(),
  models: z.number().nullable(),
});
export type ProviderTest = z.infer<typeof providerTestSchema>;

export const modelInfoSchema = z.strictObject({
  id: z.string().max(300),
  contextTokens: z.number().nullable(),
  bytes: z.number().nullable(),
});
export type ModelInfo = z.infer<typeof modelInfoSchema>;
