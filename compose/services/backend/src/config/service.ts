/**
 * The configuration as it is now, in every replica within a second of a change. Reading it costs nothing: `values()`
 * is one frozen object until something changes, so a run takes it once and keeps it to its end.
 */
import { z } from 'zod';
import { checkMatch } from '../http/etag.ts';
import { type Page, paged } from '../http/paging.ts';
import { BackendProblem, type FieldError } from '../http/problem.ts';
import { log } from '../observability/log.ts';
import { configReloads } from '../observability/metrics.ts';
import type { Bus } from '../store/bus.ts';
import type { Database, Queries } from '../store/database.ts';
import { type ConfigName, type ConfigValues, configKeys, configNames, envNameOf, isConfigName } from './keys.ts';
import { type ConfigSource, configSources, type Layers, type Resolved, resolve } from './resolve.ts';

export const configEntryJson = z
  .object({
    key: z.string(),
    value: z.unknown(),
    source: z.enum(configSources),
    /** Fixed above the database: a change here would have no effect and is refused. */
    locked: z.boolean(),
    default: z.unknown(),
    /** JSON schema of the value. */
    schema: z.record(z.string(), z.unknown()),
    help: z.string(),
    env: z.string(),
    reindexRequired: z.boolean(),
    restartRequired: z.boolean(),
  })
  .meta({ id: 'ConfigEntry' });
export type ConfigEntryJson = z.output<typeof configEntryJson>;

export const configChangeJson = z
  .object({
    id: z.number(),
    revision: z.number(),
    key: z.string(),
    oldValue: z.unknown(),
    newValue: z.unknown(),
    changedBy: z.string().nullable(),
    /** Their name, or e-mail address where they gave none; null for who is gone. */
    changedByName: z.string().nullable(),
    changedAtMs: z.number(),
  })
  .meta({ id: 'ConfigChange' });
export type ConfigChangeJson = z.output<typeof configChangeJson>;

export interface RagConfig {
  /** Frozen; another object only after a change. */
  values(): ConfigValues;
  /** Of what is stored: the ETag. */
  revision(): number;
  entries(): ConfigEntryJson[];
  /** Called after each change of a value, in every replica. */
  onChange(listener: (now: ConfigValues, before: ConfigValues) => void): () => void;
  /** Reads what is stored. @throws the database's error; the values before stay */
  load(): Promise<void>;
  /**
   * Stores several values at once, or none; null goes back to the default.
   * @throws {BackendProblem} `not-found` (unknown key), `validation-failed`, `config-locked`, `precondition-failed`
   */
  change(changes: Readonly<Record<string, unknown>>, by: string, ifMatch?: string): Promise<void>;
  history(before: number | null, limit: number): Promise<Page<ConfigChangeJson>>;
}
export const CONFIG = Symbol('configuration');

const places: Record<ConfigSource, string> = {
  'command-line': 'the command line',
  environment: 'the environment',
  'env-file': 'the .env file',
  database: 'the database',
  default: 'the defaults',
};

export function createRagConfig(parts: {
  database: Database;
  bus: Pick<Bus, 'publish' | 'on' | 'onConnected'>;
  layers: Omit<Layers, 'database'>;
}): RagConfig {
  const { database, bus, layers } = parts;
  let stored: Readonly<Record<string, unknown>> = {};
  let revision = 0;
  let now: Resolved = resolve({ ...layers, database: stored });
  const listeners = new Set<(now: ConfigValues, before: ConfigValues) => void>();
  const warned = new Set<string>();

  function reportBad(): void {
    for (const { key, source, message } of now.bad) {
      const once = `${key} ${source} ${message}`;
      if (warned.has(once)) continue;
      warned.add(once);
      configReloads.inc({ result: 'bad-value' });
      log.warn('config.bad-value', 'A setting does not fit and is passed over', { key, source, why: message });
    }
  }
  reportBad();

  function adopt(next: Readonly<Record<string, unknown>>, nextRevision: number): void {
    // Two readings may cross: the newer one stays.
    if (nextRevision < revision) return;
    stored = next;
    revision = nextRevision;
    const before = now.values;
    now = resolve({ ...layers, database: stored });
    reportBad();
    if (configNames.some((name) => before[name] !== now.values[name]))
      for (const listener of listeners) listener(now.values, before);
  }

  async function read(queries: Queries): Promise<{ stored: Record<string, unknown>; revision: number }> {
    const row = await queries.one<{ revision: number; stored: Record<string, unknown> }>(
      `select revision, coalesce((select jsonb_object_agg(key, value) from config_entries), '{}') as stored from config_state`,
    );
    return row ?? { stored: {}, revision: 0 };
  }

  async function load(): Promise<void> {
    try {
      const next = await read(database);
      adopt(next.stored, next.revision);
      configReloads.inc({ result: 'ok' });
    } catch (error) {
      configReloads.inc({ result: 'failed' });
      throw error;
    }
  }

  bus.on('config', (message) => {
    if (message.revision > revision) load().catch(() => undefined);
  });
  // What was said while the connection was away is in the table.
  bus.onConnected(() => void load().catch(() => undefined));

  function checked(changes: Readonly<Record<string, unknown>>): [ConfigName, unknown][] {
    const errors: FieldError[] = [];
    const fitting = Object.entries(changes).map(([name, value]): [ConfigName, unknown] => {
      if (!isConfigName(name)) throw new BackendProblem('not-found', 'There is no setting of this name.');
      const source = now.sources[name];
      if (source !== 'database' && source !== 'default')
        throw new BackendProblem(
          'config-locked',
          `${name} is fixed by ${places[source]}${source === 'command-line' ? '' : ` (${envNameOf(name)})`}. Change it there.`,
          { errors: [{ pointer: `/${name}`, code: source, message: `Fixed by ${places[source]}` }] },
        );
      if (value === null) return [name, null];
      const parsed = configKeys[name].schema.safeParse(value);
      if (parsed.success) return [name, parsed.data];
      for (const issue of parsed.error.issues)
        errors.push({ pointer: `/${name}`, code: issue.code, message: issue.message });
      return [name, null];
    });
    if (errors.length > 0)
      throw new BackendProblem('validation-failed', 'Some settings do not fit; see errors.', { errors });
    return fitting;
  }

  return {
    values: () => now.values,
    revision: () => revision,
    entries: () =>
      configNames.map((name) => {
        const {
          schema,
          default: usual,
          help,
          reindex,
          restartRequired,
        } = configKeys[name] as (typeof configKeys)[ConfigName] & {
          reindex?: true;
          restartRequired?: true;
        };
        const source = now.sources[name];
        const { $schema: _, ...jsonSchema } = z.toJSONSchema(schema);
        return {
          key: name,
          value: now.values[name],
          source,
          locked: source !== 'database' && source !== 'default',
          default: usual,
          schema: jsonSchema,
          help,
          env: envNameOf(name),
          reindexRequired: reindex === true,
          restartRequired: restartRequired === true,
        };
      }),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    load,
    async change(changes, by, ifMatch) {
      const wanted = checked(changes);
      const next = await database.transaction(async (queries) => {
        // Locks, so that changes come one after the other.
        const state = await queries.one<{ revision: number }>('select revision from config_state for update');
        const before = await read(queries);
        checkMatch(ifMatch, state?.revision ?? 0);
        const made = wanted.filter(
          ([name, value]) => JSON.stringify(before.stored[name] ?? null) !== JSON.stringify(value),
        );
        if (made.length === 0) return before;
        const after = before.revision + 1;
        await queries.rows('update config_state set revision = $1', [after]);
        for (const [name, value] of made) {
          const json = value === null ? null : JSON.stringify(value);
          if (json === null) await queries.rows('delete from config_entries where key = $1', [name]);
          else
            await queries.rows(
              `insert into config_entries (key, value, updated_by) values ($1,$2,$3)
               on conflict (key) do update set value = excluded.value, updated_by = excluded.updated_by,
                 version = config_entries.version + 1, updated_at = now()`,
              [name, json, by],
            );
          await queries.rows(
            `insert into config_history (revision, key, old_value, new_value, changed_by) values ($1,$2,$3,$4,$5)`,
            [after, name, name in before.stored ? JSON.stringify(before.stored[name]) : null, json, by],
          );
        }
        return read(queries);
      });
      adopt(next.stored, next.revision);
      bus.publish('config', { revision: next.revision });
    },
    async history(before, limit) {
      const rows = await database.rows<ConfigChangeJson>(
        `select h.id, h.revision, h.key, h.old_value as "oldValue", h.new_value as "newValue",
           h.changed_by as "changedBy", coalesce(nullif(u.name, ''), u.email) as "changedByName",
           (extract(epoch from h.changed_at) * 1000)::float8 as "changedAtMs"
         from config_history h left join users u on u.id = h.changed_by and u.deleted_at is null
         where ($1::bigint is null or h.id < $1) order by h.id desc limit $2`,
        [before, limit + 1],
      );
      return paged(rows, limit, (last) => String(last.id));
    },
  };
}
