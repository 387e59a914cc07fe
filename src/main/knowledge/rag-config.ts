/** The backend's settings: value, source, lock, what fits; changes and their history. */
import { z } from 'zod';
import {
  type ConfigChange,
  type ConfigEntry,
  type ConfigValue,
  configSources,
  type RagConfig,
} from '../../shared/model/rag-config.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { cutText, pathOf } from '../backend/wire-fields.ts';

const maxHistory = 200;

/** What the panel cannot show as one of its own kinds of value is shown as text, and refused by the backend if it does not fit. */
const value = z.unknown().transform((given): ConfigValue => {
  if (given === null || typeof given === 'boolean') return given;
  if (typeof given === 'number' && Number.isFinite(given)) return given;
  return (typeof given === 'string' ? given : (JSON.stringify(given) ?? '')).slice(0, 4000);
});

const jsonSchema = z.object({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  maxLength: z.number().optional(),
});

/** The bounds that every whole number has in JSON are none to a person. */
const bound = (given: number | undefined): number | null =>
  given === undefined || Math.abs(given) >= Number.MAX_SAFE_INTEGER ? null : given;

function kindOf(given: unknown): ConfigEntry['kind'] {
  const parsed = jsonSchema.safeParse(given);
  const schema = parsed.success ? parsed.data : {};
  if (schema.enum !== undefined)
    return { type: 'choice', options: schema.enum.slice(0, 50).map((one) => one.slice(0, 100)) };
  if (schema.type === 'boolean') return { type: 'switch' };
  if (schema.type === 'number' || schema.type === 'integer')
    return { type: 'number', whole: schema.type === 'integer', min: bound(schema.minimum), max: bound(schema.maximum) };
  return { type: 'text', maxLength: schema.maxLength ?? null };
}

const wireEntry = z
  .object({
    key: cutText(100),
    value,
    source: z.enum(configSources),
    locked: z.boolean(),
    default: value,
    help: cutText(500),
    env: cutText(120),
    schema: z.unknown(),
    reindexRequired: z.boolean(),
    restartRequired: z.boolean(),
  })
  .transform(({ schema, ...entry }): ConfigEntry => ({ ...entry, kind: kindOf(schema) }));
const wireConfig = z
  .object({
    revision: z.int().nonnegative(),
    items: z.array(wireEntry),
    reindex: z.object({ affectedDocuments: z.int().nonnegative() }),
  })
  .transform(
    ({ revision, items, reindex }): RagConfig => ({
      revision,
      items: items.slice(0, 200),
      affectedDocuments: reindex.affectedDocuments,
    }),
  );
const wireHistory = z.object({
  items: z.array(
    z
      .object({
        id: z.number(),
        key: cutText(100),
        oldValue: value,
        newValue: value,
        changedByName: cutText(320).nullable(),
        changedAtMs: z.number(),
      })
      .transform(({ changedByName, ...change }): ConfigChange => ({ ...change, changedBy: changedByName })),
  ),
});

export interface Configuration {
  get(): Promise<RagConfig>;
  /**
   * All or none; null goes back to the default.
   * @param revision of what the person saw; left out: whatever it is now
   * @throws {ProblemError} `changed-meanwhile`, `config-locked`, `input-refused`
   */
  change(changes: Readonly<Record<string, ConfigValue>>, revision?: number): Promise<RagConfig>;
  reset(key: string): Promise<RagConfig>;
  /** Newest first, at most 200. */
  history(): Promise<ConfigChange[]>;
}

export function createConfiguration(client: BackendClient): Configuration {
  return {
    get: () => client.call('GET', '/v1/config', wireConfig),
    change: (changes, revision) =>
      client.call(
        'PATCH',
        '/v1/config',
        wireConfig,
        changes,
        undefined,
        revision === undefined ? undefined : `"${revision}"`,
      ),
    reset: (key) => client.call('POST', pathOf('config', key, '/reset'), wireConfig),
    history: async () => (await client.call('GET', `/v1/config/history?limit=${maxHistory}`, wireHistory)).items,
  };
}
