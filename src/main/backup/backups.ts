/** Backups of one environment: make, check, list and watch them. */
import { watch as watchFolder } from 'node:fs';
import type { Backup } from '../../shared/model/backup.ts';
import type { Environment } from '../config/environment.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import { idPattern } from './archive-format.ts';
import { backupNotFound, stackNotRunning } from './backup-problems.ts';
import { archivePath, listBackups, readBackup } from './catalog.ts';
import { createBackup } from './create-backup.ts';
import type { EngineDoor, StackView, StoreContainer } from './ports.ts';
import { verifyBackup } from './verify-backup.ts';

export interface Backups {
  /** Answers the operation's id. @throws {ProblemError} `stack-not-running`, `operation-running`, or the engine's own. */
  create(): Promise<string>;
  /** Answers the operation's id. @throws {ProblemError} `backup-not-found` */
  verify(id: string): Promise<string>;
  /** Newest first, read from the archives themselves; a damaged one is listed as such. */
  list(): Promise<Backup[]>;
  /** Calls with the list now and after every change of the folder; the answer ends the watch. */
  watch(listener: (backups: Backup[]) => void): () => void;
  readonly folder: string;
}

const storeNames = ['postgres', 'qdrant', 'redis'] as const;
const settleMs = 150;
const engineWaitMs = 5_000;

export function createBackups(options: {
  monitor: EngineDoor;
  environment: Environment;
  stack: StackView;
  runner: OperationRunner;
  appVersion: string;
}): Backups {
  const { monitor, environment, stack, runner, appVersion } = options;
  const folder = environment.backupsDir;

  function runningContainer(service: string): StoreContainer | null {
    const state = stack.snapshot().services.find((entry) => entry.name === service);
    const container = state?.containers.find((entry) => entry.state === 'running');
    if (container === undefined) return null;
    return { engine: monitor.client(), owner: { project: environment.project }, containerId: container.id, service };
  }

  return {
    folder,
    async create() {
      await monitor.ready(engineWaitMs);
      const { services } = await stack.refresh();
      const declared = storeNames.filter((name) => services.some((service) => service.name === name));
      const missing = declared.filter((name) => runningContainer(name) === null);
      if (declared.length === 0) throw stackNotRunning(storeNames);
      if (missing.length > 0) throw stackNotRunning(missing);
      return runner.begin({
        kind: 'backup',
        stack: environment.project,
        title: 'Back up the stack',
        // Nothing may stop or change the stores while they are read.
        exclusive: true,
        run: (context) => {
          const [postgres, qdrant, redis] = storeNames.map(runningContainer);
          const stores = { postgres: postgres ?? null, qdrant: qdrant ?? null, redis: redis ?? null };
          return createBackup({ environment, appVersion, stores }, context);
        },
      });
    },
    async verify(id) {
      if (!idPattern.test(id) || (await readBackup(folder, id)) === null) throw backupNotFound(id);
      return runner.begin({
        kind: 'verify',
        stack: environment.project,
        title: `Check the backup ${id}`,
        exclusive: false,
        run: async (context) => {
          // The check needs no engine: with one, PostgreSQL reads the dumps as well.
          const postgres = await stack.refresh().then(
            () => runningContainer('postgres'),
            () => null,
          );
          return verifyBackup({ id, path: archivePath(folder, id) }, postgres, context);
        },
      });
    },
    list: () => listBackups(folder),
    watch(listener) {
      let closed = false;
      let timer: NodeJS.Timeout | undefined;
      const tell = async (): Promise<void> => {
        const backups = await listBackups(folder).catch(() => []);
        if (!closed) listener(backups);
      };
      const watcher = watchFolder(folder, (_event, name) => {
        // Half archives change with every piece that is written.
        if (name?.endsWith('.partial') === true || timer !== undefined) return;
        timer = setTimeout(() => {
          timer = undefined;
          void tell();
        }, settleMs);
      });
      // A folder that was removed is told by the next list.
      watcher.on('error', () => undefined);
      void tell();
      return () => {
        closed = true;
        clearTimeout(timer);
        watcher.close();
      };
    },
  };
}
