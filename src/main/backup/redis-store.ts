/** Redis by a snapshot of its own (BGSAVE), copied when the server says it is whole. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArchiveWriter } from './archive-writer.ts';
import { storeFailed } from './backup-problems.ts';
import { openContainerFile } from './container-file.ts';
import type { StoreContainer } from './ports.ts';
import { withoutStall } from './stall.ts';

const pollMs = 100;
const stallMs = 60_000;

/** The password stays in the container: it is read from its secret there. */
const redisCli =
  'f=/run/secrets/redis_password; if [ -r "$f" ]; then REDISCLI_AUTH=$(cat "$f"); export REDISCLI_AUTH; fi; exec redis-cli -h 127.0.0.1 "$@"';

async function command(store: StoreContainer, args: readonly string[], signal: AbortSignal): Promise<string> {
  const cmd = ['sh', '-c', redisCli, 'redis-cli', ...args];
  const answer = await store.engine.exec(store.containerId, store.owner, { cmd }, { maxBytes: 256 * 1024, signal });
  // redis-cli answers 0 to a refused password too.
  if (answer.exitCode !== 0 || /^(ERR|NOAUTH|WRONGPASS|MISCONF|LOADING)\b/.test(answer.stdout)) {
    throw storeFailed(store.service, `Redis refused ${args[0]}.`, [answer.stdout.trim(), answer.stderr.trim()]);
  }
  return answer.stdout.trim();
}

export interface RedisSaveState {
  readonly busy: boolean;
  readonly lastOk: boolean;
  /** How many snapshots the server has finished; NaN before Redis 7. */
  readonly saves: number;
}

/** Reads `INFO persistence`. LASTSAVE is of no use: whole seconds only, and it never moves when a save fails. */
export function parseSaveState(info: string): RedisSaveState {
  const fields = new Map(info.split(/\r?\n/).map((line) => [line.split(':')[0] ?? '', line.split(':')[1] ?? '']));
  return {
    busy: fields.get('rdb_bgsave_in_progress') === '1',
    lastOk: fields.get('rdb_last_bgsave_status') === 'ok',
    saves: Number.parseInt(fields.get('rdb_saves') ?? '', 10),
  };
}

export async function backUpRedis(
  store: StoreContainer,
  archive: ArchiveWriter,
  onProgress: (bytes: number, total: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const state = async () => parseSaveState(await command(store, ['INFO', 'persistence'], signal));
  const settle = async (finished: (state: RedisSaveState) => boolean): Promise<RedisSaveState> => {
    // No limit of time: a save of any size may run, and the person can cancel.
    while (true) {
      const now = await state();
      if (finished(now)) return now;
      await sleep(pollMs, undefined, { signal });
    }
  };
  // One that began before us may hold an older state: ours begins when it is over.
  const before = await settle((now) => !now.busy);
  await command(store, ['BGSAVE', 'SCHEDULE'], signal);
  const after = await settle(
    (now) => !now.busy && (Number.isNaN(now.saves) || now.saves !== before.saves || !now.lastOk),
  );
  if (!after.lastOk) {
    throw storeFailed(store.service, 'Redis could not write its snapshot. The disk that holds its data may be full.');
  }
  const [keys, server, folder, name] = [
    await command(store, ['DBSIZE'], signal),
    await command(store, ['INFO', 'server'], signal),
    await setting(store, 'dir', signal),
    await setting(store, 'dbfilename', signal),
  ];
  const file = await openContainerFile(store, `${folder}/${name}`, signal);
  onProgress(0, file.bytes);
  await archive.add(
    { name: 'redis/dump.rdb', kind: 'redis' },
    withoutStall(file.content, stallMs, () => storeFailed(store.service, 'Nothing came from Redis for 60 seconds.')),
    {
      signal,
      onBytes: (bytes) => onProgress(bytes, file.bytes),
      facts: async () => ({
        keys: Number.parseInt(keys, 10),
        serverVersion: /redis_version:(\S+)/.exec(server)?.[1] ?? '',
      }),
    },
  );
}

async function setting(store: StoreContainer, name: string, signal: AbortSignal): Promise<string> {
  const value = (await command(store, ['CONFIG', 'GET', name], signal)).split(/\r?\n/)[1];
  if (value === undefined || value === '') throw storeFailed(store.service, `Redis does not say its "${name}".`);
  return value;
}
