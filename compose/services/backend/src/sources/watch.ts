/** Sees when a source is to be looked at: its time has come, or a file of its folder changed. */
import { basename } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { log } from '../observability/log.ts';
import type { Bus } from '../store/bus.ts';
import type { Database } from '../store/database.ts';
import { allowedFolder, isHidden } from './folder.ts';
import { requestSync } from './repository.ts';

export interface SourceWatch {
  start(): void;
  close(): Promise<void>;
}

interface Watched {
  readonly id: string;
  readonly kbId: string;
  readonly uri: string;
}

/** Copying a folder is many changes; they are looked at together, this long after the last one. */
const quietMs = 1000;
const maxDepth = 24;

export function createSourceWatch(
  parts: { database: Database; bus: Pick<Bus, 'publish'>; roots: readonly string[] },
  options: { tickMs?: number } = {},
): SourceWatch {
  const { database, bus, roots } = parts;
  const watchers = new Map<string, { uri: string; watcher: FSWatcher }>();
  const quiet = new Map<string, NodeJS.Timeout>();
  let timer: NodeJS.Timeout | null = null;
  let ticking: Promise<void> = Promise.resolve();
  let closed = false;

  async function request(source: Watched): Promise<void> {
    await database.transaction((queries) => requestSync(queries, source));
    bus.publish('jobs.wake', {});
  }

  function changed(source: Watched): void {
    const waiting = quiet.get(source.id);
    if (waiting !== undefined) clearTimeout(waiting);
    if (closed) return;
    quiet.set(
      source.id,
      setTimeout(() => {
        quiet.delete(source.id);
        request(source).catch((error: unknown) =>
          log.warn('source.watch', 'A change could not be noted', { sourceId: source.id }, error),
        );
      }, quietMs),
    );
  }

  async function open(source: Watched): Promise<void> {
    const folder = await allowedFolder(source.uri, roots).catch(() => null);
    // Not there now: the schedule says so, and the next tick tries again.
    if (folder === null || closed) return;
    const watcher = watch(folder, {
      ignoreInitial: true,
      followSymlinks: false,
      depth: maxDepth,
      ignored: (path) => path !== folder && isHidden(basename(path)),
    });
    watchers.set(source.id, { uri: source.uri, watcher });
    watcher.on('all', () => changed(source));
    // What changed before it was watched was not seen by anyone.
    watcher.on('ready', () => changed(source));
    watcher.on('error', (error) => {
      log.warn('source.watch', 'A folder is no longer watched', { sourceId: source.id }, error);
      void drop(source.id);
    });
  }

  async function drop(id: string): Promise<void> {
    const entry = watchers.get(id);
    watchers.delete(id);
    const waiting = quiet.get(id);
    if (waiting !== undefined) clearTimeout(waiting);
    quiet.delete(id);
    await entry?.watcher.close();
  }

  async function tick(): Promise<void> {
    const due = await database.rows<Watched>(
      `update sources set next_sync_at = now() + make_interval(secs => every_seconds)
       where paused_at is null and next_sync_at <= now() returning id, kb_id as "kbId", uri`,
    );
    for (const source of due) await request(source);
    const folders = await database.rows<Watched>(
      `select s.id, s.kb_id as "kbId", s.uri from sources s join knowledge_bases k on k.id = s.kb_id and k.deleted_at is null
       where s.kind = 'folder' and s.paused_at is null`,
    );
    const wanted = new Map(folders.map((source) => [source.id, source]));
    for (const [id, entry] of watchers) if (wanted.get(id)?.uri !== entry.uri) await drop(id);
    for (const source of folders) if (!watchers.has(source.id)) await open(source);
  }

  return {
    start() {
      const run = (): void => {
        ticking = ticking.then(tick).catch((error: unknown) => log.debug('source.watch', String(error), {}));
      };
      timer ??= setInterval(run, options.tickMs ?? 5000);
      run();
    },
    async close() {
      closed = true;
      if (timer !== null) clearInterval(timer);
      await ticking;
      await Promise.all([...watchers.keys()].map(drop));
      for (const waiting of quiet.values()) clearTimeout(waiting);
    },
  };
}
