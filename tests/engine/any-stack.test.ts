/** Compose projects other than our own: opened from disk, seen on the engine, previewed, run, scaled, moved, left alone. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureComposePeer } from '../../scripts/setup/compose-peer.mjs';
import { type Core, createCore } from '../../src/main/core.ts';
import type { Operation } from '../../src/shared/model/operation.ts';
import { toProblem } from '../../src/shared/model/problem.ts';
import type { StackSummary } from '../../src/shared/model/stacks.ts';
import { freePort } from '../free-port.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const root = join(import.meta.dirname, '..', '..');
const engine = openEngine();
const image = await ensureTinyImage(engine);
/** Of this test, with two behind it that are free as well. */
let port: number;

let folder: string;
let core: Core;
let project: string;
let file: string;

const yaml = (more = ''): string => `
services:
  web:
    image: ${image}
    init: true
    command: ["sh", "-c", "echo hello $\${SHOP_TINT}; sleep 1000"]
    environment: { SHOP_TINT: "\${SHOP_TINT:-blue}" }
    ports: ["127.0.0.1:${port}:80", "127.0.0.1:${port + 1}:81"]
    depends_on: { db: { condition: service_healthy } }
    volumes: ["data:/d"]
  db:
    image: ${image}
    init: true
    command: ["sleep", "1000"]
    healthcheck: { test: ["CMD", "true"], interval: 1s, retries: 20 }
${more}
volumes: { data: {} }
`;

beforeAll(async () => {
  await ensureComposePeer();
});
beforeEach(async () => {
  port = await freePort(3);
  folder = await mkdtemp(join(tmpdir(), 'quayside-any-'));
  project = `qstest-${randomBytes(4).toString('hex')}`;
  await mkdir(join(folder, project));
  file = join(folder, project, 'compose.yaml');
  await writeFile(file, yaml());
  core = await createCore({
    dataDir: join(folder, 'data'),
    environment: 'test',
    composeDir: join(root, 'compose'),
    samplesDir: join(root, 'resources', 'samples'),
    appVersion: '0.0.0',
    variables: { HOME: folder },
  });
  await core.monitor.ready(10_000);
});
afterEach(async () => {
  if ((await core.stacks.find(project)) !== null) {
    await core.stacks.adopt(project).catch(() => undefined);
    await done(core.handles.change(project, (lifecycle) => lifecycle.down({ volumes: true })));
  }
  await core.close();
  await rm(folder, { recursive: true, force: true });
});
afterAll(() => engine.close());

async function done(begun: Promise<{ operationId: string }>): Promise<Operation> {
  return core.runner.wait((await begun).operationId);
}
const up = (more = {}): Promise<Operation> => done(core.handles.change(project, (lifecycle) => lifecycle.start(more)));
const plan = () => core.handles.use(project).handle.lifecycle.plan({});
const summary = async (id = project): Promise<StackSummary | undefined> =>
  (await core.stacks.list()).find((stack) => stack.id === id);
const failure = async (work: Promise<unknown>) =>
  toProblem(
    await work.then(
      () => null,
      (error: unknown) => error,
    ),
  );

describe('a project opened from disk', () => {
  it('is found in its folder, previewed, started as previewed, and shown with state, log and plan', async () => {
    const opened = await core.stacks.open([join(folder, project)]);
    expect(opened).toMatchObject({ id: project, origin: 'opened', status: 'absent', filesHere: true, problem: null });
    const preview = await plan();
    expect(preview.services.map(({ name, containers }) => [name, containers[0]?.action])).toEqual([
      ['db', 'create'],
      ['web', 'create'],
    ]);
    expect(preview.volumes).toEqual([{ name: `${project}_data`, action: 'create', note: null }]);
    expect(await engine.listContainers([`com.docker.compose.project=${project}`])).toEqual([]);

    expect(await up()).toMatchObject({ state: 'done', stack: project, outcome: '2 of 2 services are up' });
    expect(await summary()).toMatchObject({ status: 'healthy', running: 2, containers: 2, services: ['db', 'web'] });
    const { handle, release } = core.handles.use(project);
    const state = await handle.state.refresh();
    expect(state.services.map(({ name, status }) => [name, status])).toEqual([
      ['db', 'healthy'],
      ['web', 'running'],
    ]);
    expect(state.backendUrl).toBeNull();
    const lines = await handle.logs.read({ services: ['web'], tail: 10 });
    expect(lines.map(({ text }) => text)).toEqual(['hello blue']);
    release();
    expect((await plan()).writes).toBe(false);

    await writeFile(file, yaml().replace('blue', 'red'));
    const changed = await plan();
    const [db, web] = changed.services;
    expect(db?.containers[0]?.action).toBe('keep');
    expect(web?.containers[0]).toMatchObject({ action: 'recreate' });
    expect(web?.containers[0]?.diff.join('\n')).toContain('"blue" -> "red"');
  });

  it('says file, line and key of what is wrong, when it is opened and when it is broken later', async () => {
    await writeFile(file, yaml('    imagee: x'));
    const refused = await failure(core.stacks.open([file]));
    expect(refused.code).toBe('compose-invalid');
    expect(`${refused.cause} ${refused.evidence.join(' ')}`).toContain('imagee');
    await writeFile(file, yaml());
    await core.stacks.open([file]);
    await writeFile(file, 'services: [');
    expect((await summary())?.problem?.code).toBe('compose-invalid');
    expect((await up()).problem?.code).toBe('compose-invalid');
    await rm(file);
    expect(await summary()).toMatchObject({ filesHere: false, problem: { code: 'compose-files-missing' } });
  });

  it('has each of its ports moved by its own name, and remembers it', async () => {
    await core.stacks.open([file]);
    const holder = createServer();
    await new Promise<void>((resolve) => {
      holder.listen(port + 1, '127.0.0.1', resolve);
    });
    const refused = (await up()).problem;
    const remedy = refused?.remedies.find(({ action }) => action === 'use-port');
    expect(refused?.code).toBe('port-taken');
    expect(remedy).toMatchObject({ service: `web:${port + 1}` });
    expect(remedy?.command).toBe(`quayside up -p ${project} --port web:${port + 1}=${remedy?.port}`);
    expect(await up({ ports: { [remedy?.service ?? '']: remedy?.port ?? 0 } })).toMatchObject({ state: 'done' });
    const { handle, release } = core.handles.use(project);
    const state = await handle.state.refresh();
    const published = state.services.find(({ name }) => name === 'web')?.ports.map(({ hostPort }) => hostPort);
    expect(published?.sort()).toEqual([port, remedy?.port].sort());
    release();
    expect((await plan()).writes).toBe(false);
    await new Promise((resolve) => holder.close(resolve));
  });

  it('is scaled without touching what runs, and refuses what can run only once', async () => {
    await core.stacks.open([file]);
    await up();
    const ids = async (service: string) =>
      (await engine.listContainers([`com.docker.compose.project=${project}`, `com.docker.compose.service=${service}`]))
        .map(({ id }) => id)
        .sort();
    const before = await ids('db');
    const scaled = await done(
      core.handles.change(project, (lifecycle) => lifecycle.scale({ service: 'db', replicas: 3 })),
    );
    expect(scaled).toMatchObject({ kind: 'scale', state: 'done' });
    const three = await ids('db');
    expect(three).toHaveLength(3);
    expect(three).toContain(before[0]);
    expect((await plan()).writes).toBe(false);
    await done(core.handles.change(project, (lifecycle) => lifecycle.scale({ service: 'db', replicas: 1 })));
    expect(await ids('db')).toEqual(before);
    const refused = await failure(
      core.handles.change(project, (lifecycle) => lifecycle.scale({ service: 'web', replicas: 2 })),
    );
    expect(refused).toMatchObject({ code: 'not-scalable', service: 'web' });
    expect(refused.cause).toContain(String(port));
  });

  it('runs beside another stack, whose operations do not keep it waiting', async () => {
    await core.stacks.open([file]);
    const held = await core.runner.begin({
      kind: 'stop',
      title: 'Stop the stack',
      stack: core.environment.project,
      exclusive: true,
      run: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    expect(await up()).toMatchObject({ state: 'done' });
    core.runner.cancel(held);
    await core.runner.wait(held);
  });
});

describe('a project that someone else runs', () => {
  let scratch: Scratch;
  beforeEach(async () => {
    scratch = await createScratch(engine, await ensureComposePeer());
    await scratch.write(yaml());
    await scratch.compose('up', '-d', '--wait');
  });
  afterEach(() => scratch.close());

  it('is shown and read, changed only once it is managed, and forgotten without a trace', async () => {
    const id = scratch.project;
    expect(await summary(id)).toMatchObject({ origin: 'engine', status: 'healthy', running: 2, files: [scratch.file] });
    const { handle, release } = core.handles.use(id);
    expect((await handle.state.refresh()).services.map(({ name }) => name)).toEqual(['db', 'web']);
    const there = await handle.lifecycle.plan({});
    expect(there.writes, JSON.stringify(there)).toBe(false);
    release();

    const stop = () => core.handles.change(id, (lifecycle) => lifecycle.stop({}));
    expect((await failure(stop())).code).toBe('stack-not-opened');
    await core.stacks.adopt(id);
    expect(await done(stop())).toMatchObject({ state: 'done' });
    expect(await summary(id)).toMatchObject({ origin: 'opened', status: 'stopped', running: 0, containers: 2 });

    // Without its files it can still be started as it stands.
    await rm(scratch.file);
    const started = await done(core.handles.change(id, (lifecycle) => lifecycle.start({})));
    expect(started).toMatchObject({ state: 'done', outcome: '2 of 2 containers are started' });
    expect((await summary(id))?.running).toBe(2);
    await core.stacks.forget(id);
    expect(await summary(id)).toMatchObject({ origin: 'engine', running: 2, filesHere: false });
  });

  it('is told of as it comes, changes and goes', async () => {
    const seen: (StackSummary | undefined)[] = [];
    const waiting: { wanted: (stack: StackSummary | undefined) => boolean; resolve: () => void }[] = [];
    const stop = core.stacks.watch((stacks) => {
      const found = stacks.find(({ id }) => id === scratch.project);
      seen.push(found);
      for (const one of waiting) if (one.wanted(found)) one.resolve();
    });
    const until = (wanted: (stack: StackSummary | undefined) => boolean): Promise<void> =>
      new Promise((resolve) => {
        if (seen.length > 0 && wanted(seen.at(-1))) resolve();
        else waiting.push({ wanted, resolve });
      });
    await until((stack) => stack?.status === 'healthy');
    await scratch.compose('stop');
    await until((stack) => stack?.status === 'stopped');
    await scratch.compose('down');
    await until((stack) => stack === undefined);
    stop();
  });
});
