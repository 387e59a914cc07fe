/** PostgreSQL by its own pg_dump, run in its own container, so that the tool always fits the server. */
import { createHash } from 'node:crypto';
import type { ProblemError } from '../../shared/model/problem.ts';
import { entryPart, type Facts } from './archive-format.ts';
import type { ArchiveWriter } from './archive-writer.ts';
import { storeFailed } from './backup-problems.ts';
import type { StoreContainer } from './ports.ts';
import { withoutStall } from './stall.ts';

const stallMs = 60_000;

export interface PostgresDatabases {
  readonly serverVersion: string;
  readonly names: readonly string[];
  /** Of all of them, on disk. */
  readonly bytes: number;
}

/** `sql` goes over the server's socket, as the image's own superuser: no password leaves the container. */
async function query(store: StoreContainer, database: string, sql: string, signal: AbortSignal): Promise<string[]> {
  const cmd = ['sh', '-c', 'exec psql -X -A -t -U "$POSTGRES_USER" -d "$1" -c "$2"', 'psql', database, sql];
  const answer = await store.engine.exec(store.containerId, store.owner, { cmd }, { maxBytes: 1024 * 1024, signal });
  if (answer.exitCode !== 0) throw refused(store, 'psql', answer.exitCode, answer.stderr);
  return answer.stdout.split('\n').filter((line) => line !== '');
}

/** Every database a person can have data in. */
export async function listDatabases(store: StoreContainer, signal: AbortSignal): Promise<PostgresDatabases> {
  const rows = await query(
    store,
    'postgres',
    "select encode(convert_to(datname, 'UTF8'), 'hex') || ' ' || pg_database_size(oid) from pg_database where datallowconn and not datistemplate order by datname",
    signal,
  );
  const databases = rows.map((row) => {
    const [name = '', bytes = '0'] = row.split(' ');
    return { name: Buffer.from(name, 'hex').toString('utf8'), bytes: Number(bytes) };
  });
  const [serverVersion = ''] = await query(store, 'postgres', 'show server_version', signal);
  return {
    serverVersion,
    names: databases.map((database) => database.name),
    bytes: databases.reduce((sum, database) => sum + database.bytes, 0),
  };
}

/** Roles without their passwords, then each database as a custom-format dump. Only exit code 0 is success. */
export async function backUpPostgres(
  store: StoreContainer,
  databases: PostgresDatabases,
  archive: ArchiveWriter,
  onBytes: (bytes: number, detail: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const major = Number.parseInt(databases.serverVersion, 10);
  // Default zlib takes five times as long as zstd 3 and packs worse; servers before 16 do not know zstd.
  const compress = major >= 16 ? '--compress=zstd:3' : '--compress=3';
  let before = 0;
  const dump = async (name: string, cmd: readonly string[], facts: () => Promise<Facts>, detail: string) => {
    const entry = await addFromExec(store, archive, { name, cmd, facts, signal }, (bytes) =>
      onBytes(before + bytes, detail),
    );
    before += entry.bytes;
  };
  await dump(
    'postgres/globals.sql',
    ['sh', '-c', 'exec pg_dumpall --globals-only --no-role-passwords -U "$POSTGRES_USER" -l postgres'],
    async () => ({ serverVersion: databases.serverVersion }),
    'Roles',
  );
  for (const database of databases.names) {
    const part = entryPart(database, (text) => createHash('sha256').update(text).digest('hex'));
    await dump(
      `postgres/${part}.dump`,
      [
        'sh',
        '-c',
        'exec pg_dump --format=custom "$2" --lock-wait-timeout=30s -U "$POSTGRES_USER" -d "$1"',
        'pg_dump',
        database,
        compress,
      ],
      async () => ({ database, serverVersion: databases.serverVersion }),
      `Database ${database}`,
    );
  }
}

async function addFromExec(
  store: StoreContainer,
  archive: ArchiveWriter,
  what: { name: string; cmd: readonly string[]; facts: () => Promise<Facts>; signal: AbortSignal },
  onBytes: (bytes: number) => void,
) {
  const exec = await store.engine.execStream(store.containerId, store.owner, { cmd: what.cmd }, what.signal);
  // A rejection while the stream is still read must not count as unhandled; it is awaited below.
  exec.done.catch(() => undefined);
  try {
    return await archive.add(
      { name: what.name, kind: 'postgres' },
      withoutStall<Buffer>(exec.stdout, stallMs, () => {
        exec.kill();
        return storeFailed(store.service, 'Nothing came from the dump for 60 seconds.');
      }),
      {
        onBytes,
        signal: what.signal,
        facts: async () => {
          // A dump that dies half way ends its stream like a whole one.
          const { exitCode, stderr } = await exec.done;
          if (exitCode !== 0) throw refused(store, what.name, exitCode, stderr);
          return what.facts();
        },
      },
    );
  } catch (error) {
    exec.kill();
    throw error;
  }
}

function refused(store: StoreContainer, what: string, exitCode: number, stderr: string): ProblemError {
  return storeFailed(
    store.service,
    `PostgreSQL could not be read (${what} ended with exit code ${exitCode}).`,
    stderr.split('\n').filter((line) => line !== ''),
  );
}
