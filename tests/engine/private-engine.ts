/** A second real engine that a test may stop, kill, fill up or misconfigure. It shares nothing with the machine's own. */
import { readFileSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import { type Inside, openSpace, type SpaceOptions, spaceMissing } from './private-space.ts';
import { ensureTinyImage } from './tiny-image.ts';

export interface PrivateEngineOptions extends SpaceOptions {
  /** More arguments for dockerd: `--tlsverify`, `-H tcp://0.0.0.0:2376`, `--insecure-registry …`. */
  readonly args?: readonly string[];
  /** Keeps the engine's data on a file system of this size, to be filled up. Over 300 MB is comfortable. */
  readonly dataRootBytes?: number;
  /** Another engine's program, with the words before its arguments: `['chroot', tree, 'dockerd']`. */
  readonly command?: readonly string[];
  /** Something else than dockerd, with all of its words. */
  readonly program?: (places: { readonly socket: string; readonly dataRoot: string }) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How long it may take until it answers. */
  readonly startMs?: number;
  /** False to get hold of an engine that does not come up by itself. */
  readonly awaitReady?: boolean;
}

export interface PrivateEngine {
  readonly socket: string;
  /** `unix://` and the socket. */
  readonly url: string;
  readonly folder: string;
  /** Where its containers, layers and volumes lie. With `dataRootBytes` it can be seen from inside only. */
  readonly dataRoot: string;
  /** Addresses of both ends of the link, where one was asked for. */
  readonly address: { readonly machine: string; readonly space: string } | null;
  /** Of dockerd, as the machine sees it. */
  pid(): number;
  /** What dockerd wrote. */
  log(): string;
  /** Ends dockerd alone (SIGKILL) and resolves once it is gone; containers live on until the next start. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops its execution: connections are taken by the kernel, and nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends dockerd as an administrator would, containers included. */
  stop(): Promise<void>;
  /** Starts it after `kill` or `stop`, and resolves once it answers. @param more arguments for this start alone */
  start(more?: readonly string[]): Promise<void>;
  /** `stop` and `start`. */
  restart(): Promise<void>;
  /** Runs another program beside it, in the same namespaces. */
  run(command: readonly string[], log: string, env?: Readonly<Record<string, string>>): Inside;
  /** Imports the tests' image and answers its tag. */
  loadTinyImage(): Promise<string>;
  /** Ends everything: no process, mount, namespace, link or folder is left. */
  close(): Promise<void>;
}

/** Why no private engine can run here; null when one can. Tests are then skipped, and say this. */
export function privateEngineMissing(): string | null {
  const reason = spaceMissing();
  // A machine that can run them and lacks a tool is set up wrongly: those tests fail instead.
  return process.platform === 'linux' && process.getuid?.() === 0 ? null : reason;
}

export async function startPrivateEngine(options: PrivateEngineOptions = {}): Promise<PrivateEngine> {
  const {
    args = [],
    dataRootBytes,
    command = ['dockerd'],
    program,
    env,
    startMs = 30_000,
    awaitReady = true,
    ...spaceOptions
  } = options;
  const limited = dataRootBytes === undefined ? '' : `mount -t tmpfs -o size=${dataRootBytes} tmpfs "$folder/data"\n`;
  const makeFolder = `mkdir -p "$folder/data"\n${limited}`;
  const space = await openSpace({ ...spaceOptions, prepare: `${makeFolder}${spaceOptions.prepare ?? ''}` });
  const socket = join(space.folder, 'docker.sock');
  const logFile = join(space.folder, 'dockerd.log');
  const dataRoot = join(space.folder, 'data');
  let daemon: Inside | null = null;
  await mkdir(dataRoot, { recursive: true });

  function running(): Inside {
    if (daemon === null || daemon.ended !== null) throw new Error('the private engine does not run');
    return daemon;
  }

  async function start(more: readonly string[] = []): Promise<void> {
    if (daemon !== null && daemon.ended === null) throw new Error('the private engine runs already');
    // dockerd itself removes a socket that nobody listens on, but until then it would be asked.
    rmSync(socket, { force: true });
    const docker = [
      ...command,
      '--host',
      `unix://${socket}`,
      '--data-root',
      dataRoot,
      '--exec-root',
      '/run/docker',
      '--pidfile',
      '/run/docker.pid',
      '--exec-opt',
      'native.cgroupdriver=cgroupfs',
      '--cgroup-parent',
      space.cgroup,
      ...args,
      ...more,
    ];
    const words = program?.({ socket, dataRoot }) ?? docker;
    // Docker's own variables of this test's process are none of its business.
    const started = space.run(words, logFile, { DOCKER_HOST: '', DOCKER_CONFIG: '', ...env });
    daemon = started;
    for (const deadline = Date.now() + startMs; awaitReady && !(await answers(socket)); ) {
      if (started.ended !== null || Date.now() > deadline) {
        throw new Error(`the private engine does not come up (${started.ended ?? 'still running'}): ${tail()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  const log = () => readFileSync(logFile, 'utf8');
  const tail = () => log().slice(-3000);

  async function kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const target = running();
    target.signal(signal);
    // A paused one gets to read its SIGTERM only now.
    if (signal !== 'SIGKILL') target.signal('SIGCONT');
    await target.exit();
  }

  const engine: PrivateEngine = {
    socket,
    url: `unix://${socket}`,
    folder: space.folder,
    dataRoot,
    address: space.address,
    pid: () => running().pid(),
    log,
    kill,
    pause: () => running().signal('SIGSTOP'),
    resume: () => running().signal('SIGCONT'),
    stop: () => kill('SIGTERM'),
    start,
    async restart() {
      if (daemon?.ended === null) await kill('SIGTERM');
      await start();
    },
    run: space.run,
    async loadTinyImage() {
      const client = createDockerEngine({ url: engine.url, foundBy: 'test' });
      try {
        return await ensureTinyImage(client);
      } finally {
        client.close();
      }
    },
    close: () => space.close(),
  };
  try {
    await start();
  } catch (error) {
    await space.close();
    throw error;
  }
  return engine;
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: '/_ping', timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
