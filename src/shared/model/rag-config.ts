/** The settings of the stack's backend: each with its value, where that comes from, and whether it can be changed. */
import { z } from 'zod';

/** Strongest first. Whatever stands above `database` locks the key. */
export const configSources = ['command-line', 'environment', 'env-file', 'database', 'default'] as const;

const value = z.union([z.string().max(4000), z.number(), z.boolean(), z.null()]);
export type ConfigValue = z.infer<typeof value>;

export const configEntrySchema = z.strictObject({
  key: z.string().max(100),
  value,
  source: z.enum(configSources),
  /** Fixed above the database: a change would have no effect and is refused. */
  locked: z.boolean(),
  default: value,
  help: z.string().max(500),
  /** Its name in the environment. */
  env: z.string().max(120),
  /** What fits: a choice, a number within bounds, yes or no, or a text. */
  kind: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('choice'), options: z.array(z.string().max(100)).max(50) }),
    z.strictObject({
      type: z.literal('number'),
      whole: z.boolean(),
      min: z.number().nullable(),
      max: z.number().nullable(),
    }),
    z.strictObject({ type: z.literal('switch') }),
    z.strictObject({ type: z.literal('text'), maxLength: z.int().nullable() }),
  ]),
  /** Documents that are in keep what they were read with until they are indexed again. */
  reindexRequired: z.boolean(),
  restartRequired: z.boolean(),
});
export type ConfigEntry = z.infer<typeof configEntrySchema>;

export const ragConfigSchema = z.strictObject({
  revision: z.int().nonnegative(),
  items: z.array(configEntrySchema).max(200),
  /** Documents that were read with other settings than those of now. */
  affectedDocuments: z.int().nonnegative(),
});
export type RagConfig = z.infer<typeof ragConfigSchema>;

export const configChangeSchema = z.strictObject({
  id: z.number(),
  key: z.string().max(100),
  /** null: the default. */
  oldValue: value,
  newValue: value,
  /** The name of who did; null for somebody who is gone. */
  changedBy: z.string().max(320).nullable(),
  changedAtMs: z.number(),
});
export type ConfigChange = z.infer<typeof configChangeSchema>;

export const configValueSchema = value;
