/** Backups of the real stores, started by the product itself in a throw-away data folder. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBackup } from '../../src/main/backup/create-backup.ts';
import { readSecret, secretNames } from '../../src/main/config/secrets.ts';
import { type Core, createCore } from '../../src/main/core.ts';
import type { Backup } from '../../src/shared/model/backup.ts';
import type { Operation } from '../../src/shared/model/operation.ts';

const run = promisify(execFile);
const stores = ['postgres', 'qdrant', 'redis'] as const;
let folder: string;
let core: Core;

async function ended(id: Promise<string>): Promise<Operation> {
  return core.runner.wait(await id);
}
async function code(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error) => error.problem?.code ?? String(error),
  );
}
function container(service: (typeof stores)[number]) {
  const id = core.stack.snapshot().services.find((entry) => entry.name === service)?.containers[0]?.id ?? '';
  const owner = { project: core.environment.project };
  return { engine: core.monitor.client(), owner, containerId: id, service };
}
async function inside(service: (typeof stores)[number], script: string): Promise<string> {
  const { engine, owner, containerId } = container(service);
  const { exitCode, stdout, stderr } = await engine.exec(containerId, owner, { cmd: ['bash', '-c', script] });
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}
const sql = (text: string) =>
  inside('postgres', `psql -v ON_ERROR_STOP=1 -qAt -U quayside -d quayside <<'SQL'\n${text}\nSQL`);
const redis = (words: string) =>
  inside('redis', `REDISCLI_AUTH=$(cat /run/secrets/redis_password) redis-cli -h 127.0.0.1 ${words}`);
function qdrant(method: string, path: string, body = ''): Promise<string> {
  return inside(
    'qdrant',
    `key=$(sed -n 's/.*api_key: "\\(.*\\)"/\\1/p' /qdrant/config/local.yaml); body='${body}'
exec 3<>/dev/tcp/127.0.0.1/6333
printf '%s %s HTTP/1.0\\r\\nHost: localhost\\r\\napi-key: %s\\r\\nContent-Type: application/json\\r\\nContent-Length: %s\\r\\nConnection: close\\r\\n\\r\\n%s' ${method} '${path}' "$key" "\${#body}" "$body" >&3
cat <&3`,
  );
}
/** What a failed or cancelled run must leave: nothing. */
async function traces(): Promise<{ files: string[]; snapshots: string; dumps: string }> {
  return {
    files: (await readdir(core.backups.folder)).filter((name) => !/\.qbk$|\.verdict\.json$/.test(name)),
    snapshots:
      (await qdrant('GET', '/collections/passages/snapshots'))
        .split('\r\n\r\n')[1]
        ?.match(/"name"/g)
        ?.join('') ?? '',
    dumps: (await sql("select count(*) from pg_stat_activity where application_name = 'pg_dump'")).trim(),
  };
}
const nothing = { files: [], snapshots: '', dumps: '0' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-test-backup-'));
  const root = resolve(import.meta.dirname, '..', '..');
  core = await createCore({
    dataDir: folder,
    environment: 'test-backup',
    composeDir: join(root, 'compose'),
    samplesDir: join(root, 'resources', 'samples'),
    appVersion: '0.1.0',
  });
  await core.monitor.ready(5000);
});
afterAll(async () => {
  await ended(core.lifecycle.down({ volumes: true })).catch(() => undefined);
  await core.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a backup', () => {
  let backup: Backup;
  let path: string;

  it('is refused with a way out while the stack does not run', async () => {
    await core.stack.refresh();
    expect(await code(core.backups.create())).toBe('stack-not-running');
  });

  it('holds every store, is whole, and leaves nothing behind', async () => {
    const started = await ended(core.lifecycle.start({ services: [...stores] }));
    expect(started.problem).toBeNull();
    await core.stack.refresh();
    await sql(
      'create table note (id int primary key, body text); insert into note select i, repeat(md5(i::text), 20) from generate_series(1, 20000) i',
    );
    await redis('SET greeting hello');
    await qdrant('PUT', '/collections/passages', '{"vectors":{"size":4,"distance":"Cosine"}}');
    await qdrant(
      'PUT',
      '/collections/passages/points?wait=true',
      '{"points":[{"id":1,"vector":[1,0,0,0]},{"id":2,"vector":[0,1,0,0]}]}',
    );

    const made = await ended(core.backups.create());
    expect(made.problem).toBeNull();
    expect(made.steps.filter((step) => step.state !== 'done')).toEqual([]);
    const [first, ...more] = await core.backups.list();
    expect(more).toEqual([]);
    if (first === undefined) throw new Error('no backup listed');
    backup = first;
    path = join(core.backups.folder, backup.fileName);
    expect(backup.entries.map((entry) => entry.name)).toEqual([
      'postgres/globals.sql',
      'postgres/postgres.dump',
      'postgres/quayside.dump',
      'qdrant/aliases.json',
      'qdrant/passages.snapshot',
      'redis/dump.rdb',
      'config/environment.json',
      'config/compose.env',
      'config/compose.yaml',
    ]);
    expect(backup).toMatchObject({ environment: 'test-backup', appVersion: '0.1.0', verified: { ok: true } });
    expect(backup.notes.join(' ')).toContain('Secrets are not included');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await traces()).toEqual(nothing);
  });

  it('holds no secret of the environment', async () => {
    const bytes = await readFile(path);
    for (const name of secretNames) {
      expect(bytes.includes(await readSecret(core.environment, name)), name).toBe(false);
    }
  });

  it('holds what the stores held: the dump restores, the others are read by their own tools', async () => {
    await run('tar', ['-xf', path, '-C', folder, 'postgres/quayside.dump', 'redis/dump.rdb']);
    await chmod(folder, 0o755);
    const spool = join(core.environment.volumesDir, 'postgres-spool');
    await run('cp', [join(folder, 'postgres/quayside.dump'), join(spool, 'proof')]);
    await chmod(join(spool, 'proof'), 0o644);
    await inside(
      'postgres',
      'createdb -U quayside proof && pg_restore --exit-on-error -U quayside -d proof /spool/proof',
    );
    const rows = await inside('postgres', 'psql -qAt -U quayside -d proof -c "select count(*), max(id) from note"');
    expect(rows.trim()).toBe('20000|20000');
    await inside('postgres', 'dropdb -U quayside proof && rm -f /spool/proof || true');
    expect((await readFile(join(folder, 'redis/dump.rdb'))).includes('greeting')).toBe(true);
  });

  it('is checked to its last byte, and PostgreSQL reads its dumps', async () => {
    const checked = await ended(core.backups.verify(backup.id));
    expect(checked.problem).toBeNull();
    expect(checked.outcome).toContain('PostgreSQL read all 2 dumps');
    expect((await core.backups.list())[0]?.verified).toMatchObject({ ok: true });
    expect(await inside('postgres', 'ls -A /spool')).toBe('');
  });

  it('names the entry when one byte of it has changed, and remembers the verdict', async () => {
    const good = await readFile(path);
    const entry = good.indexOf('qdrant/passages.snapshot');
    const bad = Buffer.from(good);
    bad[entry + 512 + 1000] = (bad[entry + 512 + 1000] ?? 0) ^ 1;
    await writeFile(path, bad);
    const checked = await ended(core.backups.verify(backup.id));
    expect(checked.problem).toMatchObject({ code: 'backup-damaged' });
    expect(checked.problem?.cause).toContain('qdrant/passages.snapshot');
    expect((await core.backups.list())[0]?.verified).toMatchObject({ ok: false });
    await writeFile(path, good.subarray(0, good.length / 2));
    expect((await core.backups.list())[0]).toMatchObject({ entries: [], verified: { ok: false } });
    await writeFile(path, good);
  });

  it.each(['../../etc/passwd', 'stack-20260101T000000Z-ffffff', ''])(
    'does not know a backup named "%s"',
    async (id) => {
      expect(await code(core.backups.verify(id))).toBe('backup-not-found');
    },
  );

  it('tells a watcher of each change of the folder', async () => {
    const seen: number[] = [];
    const told = new Promise<void>((done) => {
      const stop = core.backups.watch((backups) => {
        seen.push(backups.length);
        if (seen.length === 1) void writeFile(join(core.backups.folder, 'stack-20200101T000000Z-000000.qbk'), 'x');
        if (backups.length < 2) return;
        stop();
        done();
      });
    });
    await told;
    await rm(join(core.backups.folder, 'stack-20200101T000000Z-000000.qbk'));
    expect(seen[0]).toBe(1);
  });
});

describe('a backup that cannot be made', () => {
  it('leaves nothing when it is cancelled in any store', async () => {
    const before = (await core.backups.list()).length;
    for (const stage of ['store/postgres', 'store/qdrant', 'store/redis', 'check']) {
      const stop = core.runner.subscribe((operation) => {
        if (operation.kind !== 'backup' || operation.state !== 'running') return;
        if (operation.steps.some((step) => step.id === stage && step.state === 'running'))
          core.runner.cancel(operation.id);
      });
      const operation = await ended(core.backups.create());
      stop();
      // The last step may be over before the cancel arrives.
      if (stage !== 'check') expect({ stage, state: operation.state }).toEqual({ stage, state: 'cancelled' });
      expect({ stage, ...(await traces()) }).toEqual({ stage, ...nothing });
      if (operation.state === 'done')
        await rm(join(core.backups.folder, (await core.backups.list())[0]?.fileName ?? ''));
    }
    expect((await core.backups.list()).length).toBe(before);
  });

  it('is refused while another runs, by name', async () => {
    const first = core.backups.create();
    await first;
    expect(await code(core.backups.create())).toBe('operation-running');
    expect((await ended(first)).state).toBe('done');
  });

  it('fails with the store named when the database server dies in the middle', async () => {
    const { engine, owner, containerId } = container('postgres');
    // Large enough that the dump is under way for a while.
    await sql(
      'create table big as select i, md5(i::text) || md5((i + 1)::text) body from generate_series(1, 1500000) i',
    );
    const stop = core.runner.subscribe((operation) => {
      const step = operation.steps.find((entry) => entry.id === 'store/postgres');
      if (operation.kind !== 'backup' || (step?.progress?.done ?? 0) < 1_000_000) return;
      stop();
      void engine.exec(containerId, owner, { cmd: ['sh', '-c', 'pkill -9 pg_dump || kill -9 $(pidof pg_dump)'] });
    });
    const operation = await ended(core.backups.create());
    stop();
    expect(operation.problem).toMatchObject({ code: 'backup-store-failed', service: 'postgres' });
    expect(await traces()).toEqual(nothing);
    await sql('drop table big');
  });

  it('says how much room it needs when there is too little', async () => {
    const context = { id: 'x', signal: new AbortController().signal, note: async () => undefined, step: quietStep };
    const [postgres, qdrantStore, redisStore] = stores.map(container);
    if (!postgres || !qdrantStore || !redisStore) throw new Error('a store is missing');
    const all = { postgres, qdrant: qdrantStore, redis: redisStore };
    const options = { environment: core.environment, appVersion: '0.1.0', stores: all, freeBytes: async () => 1000 };
    expect(await code(createBackup(options, context))).toBe('disk-full');
    expect(await traces()).toEqual(nothing);
  });

  it.runIf(process.getuid?.() === 0)('leaves no half archive on a disk that becomes full', async () => {
    const small = join(folder, 'small');
    await run('mkdir', ['-p', small]);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small]);
    try {
      const context = { id: 'x', signal: new AbortController().signal, note: async () => undefined, step: quietStep };
      const [postgres, qdrantStore, redisStore] = stores.map(container);
      if (!postgres || !qdrantStore || !redisStore) throw new Error('a store is missing');
      const all = { postgres, qdrant: qdrantStore, redis: redisStore };
      const environment = { ...core.environment, backupsDir: small };
      const options = { environment, appVersion: '0.1.0', stores: all, freeBytes: async () => 1e12 };
      expect(await code(createBackup(options, context))).toBe('disk-full');
      expect(await readdir(small)).toEqual([]);
      expect(await traces()).toEqual(nothing);
    } finally {
      await run('umount', [small]);
    }
  });

  it('clears away what a killed run left: the half archive and the snapshot on the server', async () => {
    const partial = join(core.backups.folder, 'stack-20260101T000000Z-abcdef.qbk.partial');
    await writeFile(partial, 'half');
    await qdrant('POST', '/collections/passages/snapshots?wait=true');
    await writeFile(
      join(core.backups.folder, '.snapshots.json'),
      JSON.stringify([{ collection: 'passages', known: [] }]),
    );
    expect((await traces()).snapshots).not.toBe('');
    expect((await ended(core.backups.create())).problem).toBeNull();
    expect(await traces()).toEqual(nothing);
  });
});

function quietStep(id: string) {
  const silent = () => undefined;
  return {
    id,
    start: silent,
    phase: silent,
    detail: silent,
    progress: silent,
    done: silent,
    skip: silent,
    fail: silent,
  };
}
