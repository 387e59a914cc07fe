import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Environment, openEnvironment } from '../../src/main/config/environment.ts';
import { readState } from '../../src/main/config/environment-state.ts';
import type { EngineClient } from '../../src/main/engine/engine-client.ts';
import type { OperationRunner } from '../../src/main/operations/operation-runner.ts';
import { createOperationRunner } from '../../src/main/operations/runner.ts';
import { bundledDefinition } from '../../src/main/stack/bundled-definition.ts';
import { createLifecycle, type Lifecycle } from '../../src/main/stack/lifecycle.ts';
import { projectContainers } from '../../src/main/stack/teardown.ts';
import { asObject, asText } from '../../src/shared/model/json.ts';
import type { Operation } from '../../src/shared/model/operation.ts';
import { freePort } from '../free-port.ts';
import { openEngine } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const engine = openEngine();
const root = join(import.meta.dirname, '..', '..');
const tinyImage = await ensureTinyImage(engine);
/** Of this test, with one behind it that is free as well. */
let port: number;

const yaml = `
services:
  backend:
    image: ${tinyImage}
    init: true
    command: ["sleep", "1000"]
    labels: { quayside.purpose: "Answers" }
    ports: ["127.0.0.1:\${QUAYSIDE_BACKEND_PORT}:3000"]
    depends_on: { db: { condition: service_healthy }, init: { condition: service_completed_successfully } }
    healthcheck: { test: ["CMD", "true"], interval: 1s, timeout: 2s, retries: 5 }
  db:
    image: ${tinyImage}
    init: true
    user: "\${QUAYSIDE_UID}:\${QUAYSIDE_GID}"
    command: ["sh", "-c", "touch /data/written; sleep 1000"]
    volumes: ["\${QUAYSIDE_DATA}/volumes/postgres:/data"]
    healthcheck: { test: ["CMD", "cat", "/data/written"], interval: 1s, timeout: 2s, retries: 5 }
  init:
    image: ${tinyImage}
    command: ["true"]
`;

let folder: string;
let environment: Environment;
let runner: OperationRunner;
let lifecycle: Lifecycle;
const servers: Server[] = [];

function open(client: EngineClient = engine) {
  runner = createOperationRunner({ journalDir: environment.journalDir, environment: environment.name });
  lifecycle = createLifecycle({
    monitor: { ready: async () => client },
    // The images of this file are on the engine already.
    definition: bundledDefinition(environment, { needed: async () => [], ensure: async (_project, need) => need.ref }),
    stack: { refresh: async () => undefined },
    runner,
  });
}

beforeEach(async () => {
  port = await freePort(2);
  folder = await mkdtemp(join(tmpdir(), 'quayside-lifecycle-'));
  await mkdir(join(folder, 'compose'));
  await writeFile(join(folder, 'compose', 'compose.yaml'), yaml);
  environment = await openEnvironment({
    dataDir: join(folder, 'data'),
    name: 'test',
    composeDir: join(folder, 'compose'),
  });
  open();
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  await runner.wait(await lifecycle.down({ volumes: true }));
  await runner.close();
  await rm(folder, { recursive: true, force: true });
});
afterAll(() => engine.close());

async function done(begun: Promise<string>): Promise<Operation> {
  return runner.wait(await begun);
}
async function containers(): Promise<Record<string, { id: string; state: string }>> {
  const all = await projectContainers(engine, environment.project);
  return Object.fromEntries(all.map(({ service, id, state }) => [service, { id, state }]));
}
async function hold(number: number): Promise<Server> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(number, '127.0.0.1', resolve);
  });
  return server;
}

describe('the life of a stack', () => {
  it('starts with its steps, stops and keeps, starts the same again, and is removed without its data', async () => {
    const started = await done(lifecycle.start({ ports: { backend: port } }));
    expect(started).toMatchObject({ state: 'done', outcome: '2 of 2 services are up, 1 job completed', problem: null });
    expect(started.steps.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'preflight done',
      'service/backend done',
      'service/db done',
      'service/init done',
    ]);
    expect(started.steps[1]).toMatchObject({ service: 'backend', phase: 'ready' });
    const first = await containers();
    expect(await lifecycle.declared()).toContainEqual({
      name: 'backend',
      role: 'service',
      purpose: 'Answers',
      image: tinyImage,
      dependsOn: ['db', 'init'],
    });
    expect((await lifecycle.declared()).find(({ name }) => name === 'init')?.role).toBe('job');

    const again = await done(lifecycle.start({}));
    expect(again.state).toBe('done');
    expect(await containers()).toEqual(first);

    const stopped = await done(lifecycle.stop({}));
    expect(stopped.state).toBe('done');
    expect(Object.values(await containers()).map(({ state }) => state)).toEqual(['exited', 'exited', 'exited']);
    // By the processes' own ends: the engine's answers to the two stops may come in any order.
    const ended = async (service: string): Promise<string> => {
      const raw = await engine.inspectContainer(first[service]?.id ?? '');
      return asText(asObject(raw?.State).FinishedAt);
    };
    expect((await ended('backend')) < (await ended('db'))).toBe(true);

    await done(lifecycle.start({}));
    expect((await containers()).db?.id).toBe(first.db?.id);
    await done(lifecycle.restart({ services: ['db'] }));
    expect((await containers()).db).toEqual({ id: first.db?.id, state: 'running' });

    expect(await done(lifecycle.down({}))).toMatchObject({ state: 'done' });
    expect(await containers()).toEqual({});
    const networks = await engine.listNetworks([`com.docker.compose.project=${environment.project}`]);
    expect(networks).toEqual([]);
    const data = join(environment.volumesDir, 'postgres');
    expect(await readdir(data)).toEqual(['written']);
    await done(lifecycle.down({ volumes: true }));
    expect(await readdir(data)).toEqual([]);
  });

  it('refuses a second start and names the first, also from another panel', async () => {
    const first = await lifecycle.start({ ports: { backend: port } });
    await expect(lifecycle.start({})).rejects.toMatchObject({
      problem: { code: 'operation-running', title: '"Start the stack" is still under way' },
    });
    const mine = { runner, lifecycle };
    open();
    await expect(lifecycle.stop({})).rejects.toMatchObject({ problem: { code: 'operation-running' } });
    await runner.close();
    ({ runner, lifecycle } = mine);
    expect((await runner.wait(first)).state).toBe('done');
  });

  it('is cancelled and goes on from there', async () => {
    const id = await lifecycle.start({ ports: { backend: port } });
    await new Promise<void>((resolve) => {
      const stop = runner.subscribe((operation) => {
        if (!operation.steps.some(({ service, phase }) => service === 'db' && phase === 'checking')) return;
        stop();
        resolve();
      });
    });
    runner.cancel(id);
    const cancelled = await runner.wait(id);
    expect(cancelled).toMatchObject({ state: 'cancelled', problem: null });
    expect(cancelled.outcome).toContain('Start again to go on from here');
    const before = await containers();
    expect(before.backend?.state).toBe('created');
    expect((await done(lifecycle.start({}))).state).toBe('done');
    expect((await containers()).db?.id).toBe(before.db?.id);
  });

  it('is killed with its panel in the middle of a start: the next panel says so, and its start goes on', async () => {
    const bundle = join(root, 'node_modules', '.cache', 'quayside-test', String(process.pid));
    await build({
      root,
      configFile: false,
      logLevel: 'error',
      build: {
        ssr: join(import.meta.dirname, 'start-and-wait.ts'),
        outDir: bundle,
        rolldownOptions: { output: { entryFileNames: 'panel.mjs' } },
      },
    });
    const panel = spawn(process.execPath, [
      join(bundle, 'panel.mjs'),
      environment.dataDir,
      environment.composeDir,
      String(port),
    ]);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      panel.stderr.on('data', (data) => {
        said += String(data);
      });
      panel.once('exit', () => reject(new Error(`the panel ended by itself: ${said}`)));
      panel.stdout.on('data', (data) => String(data).includes('checking') && resolve());
    });
    await expect(lifecycle.start({})).rejects.toMatchObject({
      problem: { code: 'operation-running', cause: expect.stringContaining(`process ${panel.pid}`) },
    });
    panel.removeAllListeners('exit');
    panel.kill('SIGKILL');
    await once(panel, 'exit');
    await rm(bundle, { recursive: true, force: true });

    const [left] = await runner.recover();
    expect(left?.operation).toMatchObject({ kind: 'start', state: 'interrupted' });
    expect(left?.notes).toEqual([{ doing: 'start', project: environment.project }]);
    const before = await containers();
    const started = await done(lifecycle.start({}));
    expect(started.state).toBe('done');
    expect((await containers()).db?.id).toBe(before.db?.id);
  });

  it('names an unknown service', async () => {
    expect(await done(lifecycle.start({ services: ['nope'] }))).toMatchObject({
      state: 'failed',
      problem: { code: 'service-unknown' },
    });
  });
});

describe('a taken port', () => {
  it('is told before anything is made, with who holds it; another one is used and remembered', async () => {
    await hold(port);
    const refused = await done(lifecycle.start({ ports: { backend: port } }));
    expect(refused).toMatchObject({ state: 'failed', problem: { code: 'port-taken', service: 'backend' } });
    expect(refused.problem?.cause).toContain(`(process ${process.pid})`);
    expect(await containers()).toEqual({});
    const remedy = refused.problem?.remedies[0];
    expect(remedy?.action).toBe('use-port');
    const other = remedy?.port ?? 0;
    expect(other).toBeGreaterThan(port);

    expect((await done(lifecycle.start({ ports: { backend: other } }))).state).toBe('done');
    expect((await readState(environment)).ports).toEqual({ backend: other });
    expect((await done(lifecycle.start({}))).state).toBe('done');
    expect(await readFile(environment.composeEnvFile, 'utf8')).toContain(`QUAYSIDE_BACKEND_PORT=${other}`);
    const raw = await engine.inspectContainer((await containers()).backend?.id ?? '');
    expect(JSON.stringify(raw?.HostConfig)).toContain(`"HostPort":"${other}"`);
  });

  it('taken at the last moment is told the same way, and the half-made container is gone', async () => {
    const late: EngineClient = {
      ...engine,
      async startContainer(id, owner, signal) {
        const raw = await engine.inspectContainer(id);
        if (JSON.stringify(raw?.Name).includes('-backend-')) await hold(port);
        return engine.startContainer(id, owner, signal);
      },
    };
    await runner.close();
    open(late);
    const refused = await done(lifecycle.start({ ports: { backend: port } }));
    expect(refused).toMatchObject({ state: 'failed', problem: { code: 'port-taken', service: 'backend' } });
    expect(refused.problem?.cause).toContain(`(process ${process.pid})`);
    expect(refused.problem?.remedies[0]).toMatchObject({ action: 'use-port', service: 'backend' });
    const left = await containers();
    expect(left.backend).toBeUndefined();
    expect(left.db?.state).toBe('running');
  });
});
