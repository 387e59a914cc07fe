/** PostgreSQL, the authority: what has no live row here does not exist, whatever another store still holds. */
import pg from 'pg';
import type { Settings } from '../config/settings.ts';
import { log } from '../observability/log.ts';
import { migrations } from './migrations.ts';

// 64-bit integers here are sizes and counts: they fit a number.
pg.types.setTypeParser(20, (text) => Number(text));

export type Row = Record<string, unknown>;
export interface Queries {
  /** @throws the driver's error; `toBackendProblem` names it */
  rows<T = Row>(sql: string, values?: readonly unknown[]): Promise<T[]>;
  one<T = Row>(sql: string, values?: readonly unknown[]): Promise<T | undefined>;
}
export interface Database extends Queries {
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  /** Brings the schema up to date; safe from several processes at once. */
  migrate(): Promise<void>;
  /** Runs `work` while no other process runs under the same number. */
  exclusively<T>(lock: number, work: () => Promise<T>): Promise<T>;
  pool(): { total: number; idle: number; waiting: number; max: number };
  close(): Promise<void>;
}

export const DATABASE = Symbol('database');

function queriesOf(client: { query(text: string, values: unknown[]): Promise<{ rows: unknown[] }> }): Queries {
  const rows = async <T>(sql: string, values: readonly unknown[] = []): Promise<T[]> =>
    (await client.query(sql, [...values])).rows as T[];
  return { rows, one: async <T>(sql: string, values?: readonly unknown[]) => (await rows<T>(sql, values))[0] };
}

/** How the database is reached. */
export const connectionOf = (settings: Settings) => ({
  host: settings.DATABASE_HOST,
  port: settings.DATABASE_PORT,
  database: settings.DATABASE_NAME,
  user: settings.DATABASE_USER,
  password: settings.databasePassword,
  connectionTimeoutMillis: 5000,
  statement_timeout: 60_000,
  keepAlive: true,
});

/** A value was to be unique and is there already. */
export function isDuplicate(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '23505';
}

export function openDatabase(settings: Settings): Database {
  const pool = new pg.Pool({
    ...connectionOf(settings),
    max: settings.DATABASE_POOL_MAX,
    idleTimeoutMillis: 60_000,
  });
  pool.on('error', (error) => log.warn('database.connection', 'An idle connection was lost', {}, error));

  const transaction = async <T>(work: (queries: Queries) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('begin');
      const result = await work(queriesOf(client));
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((failure: unknown) => {
        broken = failure instanceof Error ? failure : new Error(String(failure));
      });
      throw error;
    } finally {
      client.release(broken);
    }
  };

  return {
    ...queriesOf(pool),
    transaction,
    async migrate() {
      await transaction(async (queries) => {
        await queries.rows('select pg_advisory_xact_lock(742001)');
        await queries.rows(
          'create table if not exists schema_migrations (id int primary key, applied_at timestamptz not null default now())',
        );
        const done = new Set((await queries.rows<{ id: number }>('select id from schema_migrations')).map((r) => r.id));
        for (const migration of migrations) {
          if (done.has(migration.id)) continue;
          await queries.rows(migration.sql);
          await queries.rows('insert into schema_migrations (id) values ($1)', [migration.id]);
          log.info('database.migrated', 'Schema step applied', { step: migration.id });
        }
      });
    },
    exclusively: (lock, work) =>
      transaction(async (queries) => {
        await queries.rows('select pg_advisory_xact_lock($1)', [lock]);
        return work();
      }),
    pool: () => ({
      total: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      max: settings.DATABASE_POOL_MAX,
    }),
    close: () => pool.end(),
  };
}
