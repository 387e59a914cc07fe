/** The stack's state against a real engine: what happens outside is seen at once, and an engine that goes is told. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import type { JsonObject } from '../../src/main/engine/engine-client.ts';
import { createEngineMonitor } from '../../src/main/engine/engine-monitor.ts';
import { createStackState, type DeclaredService, type StackStateHub } from '../../src/main/stack/stack-state.ts';
import type { ServiceState, StackState } from '../../src/shared/model/stack.ts';
import { createEngineProxy, type EngineProxy } from '../fakes/engine-proxy.ts';
import { ensureTinyImage } from './tiny-image.ts';

const project = `qs-state-${process.pid}`;
const owner = { project };
/** Acts like a terminal beside the panel: another connection than the one under test. */
const outside = createDockerEngine({ url: 'unix:///var/run/docker.sock', foundBy: 'test' });
const declared: DeclaredService[] = [
  { name: 'backend', role: 'service', purpose: 'Answers', image: 'x', dependsOn: ['prepare'] },
  { name: 'prepare', role: 'job', purpose: 'Prepares', image: 'x', dependsOn: [] },
  { name: 'absent', role: 'service', purpose: 'Is not there', image: 'x', dependsOn: [] },
];
let image = '';
let proxy: EngineProxy;
let hub: StackStateHub;
const closing: (() => void)[] = [];

async function run(service: string, cmd: string[], more: JsonObject = {}): Promise<string> {
  const labels = {
    'com.docker.compose.project': project,
    'com.docker.compose.service': service,
    'com.docker.compose.container-number': '1',
    'com.docker.compose.oneoff': 'False',
  };
  const body = { Image: image, Cmd: cmd, Labels: labels, StopTimeout: 1, ...more };
  const { id } = await outside.createContainer(`${project}-${service}-1`, body);
  await outside.startContainer(id, owner);
  return id;
}

const serviceOf = (state: StackState, name: string): ServiceState | undefined =>
  state.services.find((service) => service.name === name);

async function seen(predicate: (state: StackState) => boolean, withinMs = 5000): Promise<StackState> {
  const abort = new AbortController();
  const timer = setTimeout(
    () => abort.abort(new Error(`not within ${withinMs} ms: ${JSON.stringify(hub.snapshot())}`)),
    withinMs,
  );
  try {
    return await hub.settled(predicate, abort.signal);
  } finally {
    clearTimeout(timer);
  }
}

beforeAll(async () => {
  image = await ensureTinyImage(outside);
  proxy = await createEngineProxy();
  const monitor = createEngineMonitor({ engine: proxy.url });
  hub = createStackState({ monitor, project, environment: 'test', declared: async () => declared });
  closing.push(
    () => hub.close(),
    () => monitor.close(),
  );
  await monitor.ready();
});

afterAll(async () => {
  for (const close of closing) close();
  for (const { id } of await outside.listContainers([`com.docker.compose.project=${project}`])) {
    await outside.removeContainer(id, owner, { force: true });
  }
  outside.close();
  await proxy.close();
});

describe('state of a stack', () => {
  it('knows before anything runs that nothing does', async () => {
    const state = await seen((next) => next.status === 'absent');
    expect(state.services.map((service) => service.status)).toEqual(['absent', 'absent', 'absent']);
    expect(state).toMatchObject({ project, environment: 'test', staleSinceMs: null, backendUrl: null });
  });

  it('follows a start to healthy by events, with the port that was really bound', async () => {
    await run('prepare', ['true']);
    const id = await run('backend', ['sh', '-c', 'sleep 0.5; touch /tmp/ok; sleep 600'], {
      Healthcheck: { Test: ['CMD', 'cat', '/tmp/ok'], Interval: 300_000_000, Timeout: 1_000_000_000, Retries: 30 },
      ExposedPorts: { '3000/tcp': {} },
      HostConfig: { Init: true, PortBindings: { '3000/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }] } },
    });
    const state = await seen((next) => serviceOf(next, 'backend')?.status === 'healthy', 10_000);
    expect(serviceOf(state, 'prepare')?.status).toBe('done');
    expect(serviceOf(state, 'backend')?.containers).toMatchObject([
      { id, number: 1, state: 'running', health: 'healthy', exitCode: null, restartCount: 0 },
    ]);
    const port = serviceOf(state, 'backend')?.ports[0]?.hostPort;
    expect(port).toBeGreaterThan(0);
    expect(state.backendUrl).toBe(`http://127.0.0.1:${port}`);
  });

  it('sees a kill from outside in well under a second', async () => {
    const id = await run('absent', ['sleep', '600'], { HostConfig: { Init: true } });
    await seen((next) => serviceOf(next, 'absent')?.status === 'running');
    const took: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const stopped = outside.stopContainer(id, owner, 0);
      const gone = await seen((next) => serviceOf(next, 'absent')?.status === 'exited');
      // The engine's own stamp of the process's end: one machine, one clock.
      took.push(Date.now() - (serviceOf(gone, 'absent')?.containers[0]?.finishedAtMs ?? 0));
      await stopped;
      await outside.startContainer(id, owner);
      await seen((next) => serviceOf(next, 'absent')?.status === 'running');
    }
    console.log(`process ended -> snapshot, ms: ${took.map((ms) => ms.toFixed(0)).join(' ')}`);
    expect(Math.max(...took)).toBeLessThan(1000);
    await outside.removeContainer(id, owner, { force: true });
    await seen((next) => serviceOf(next, 'absent')?.status === 'absent');
  });

  it('tells exit code and out-of-memory of what failed', async () => {
    const id = await run('absent', ['sh', '-c', 'exit 3']);
    const state = await seen((next) => serviceOf(next, 'absent')?.status === 'failed');
    expect(serviceOf(state, 'absent')?.containers[0]).toMatchObject({ exitCode: 3, oomKilled: false });
    expect(state.status).toBe('degraded');
    await outside.removeContainer(id, owner, { force: true });
  });

  it('shows what runs in the project without being declared, and forgets it when it is gone', async () => {
    const id = await run('stray', ['sleep', '600'], { HostConfig: { Init: true } });
    await seen((next) => serviceOf(next, 'stray')?.status === 'running');
    await outside.removeContainer(id, owner, { force: true });
    await seen((next) => serviceOf(next, 'stray') === undefined);
  });

  it('grows its revision with each change and never tells the same twice', async () => {
    const told: StackState[] = [];
    const stop = hub.subscribe((state) => told.push(state));
    await hub.refresh();
    await hub.refresh();
    expect(told).toEqual([]);
    const id = await run('stray', ['true']);
    await seen((next) => serviceOf(next, 'stray')?.status === 'exited');
    await outside.removeContainer(id, owner, { force: true });
    await seen((next) => serviceOf(next, 'stray') === undefined);
    stop();
    expect(told.length).toBeGreaterThan(1);
    for (const [index, state] of told.slice(1).entries()) expect(state.revision).toBe((told[index]?.revision ?? 0) + 1);
  });

  it('says since when it is stale while the engine is away, and catches up with what it missed', async () => {
    const id = await run('stray', ['sleep', '600'], { HostConfig: { Init: true } });
    await seen((next) => serviceOf(next, 'stray')?.status === 'running');
    await proxy.vanish();
    const stale = await seen((next) => next.staleSinceMs !== null, 2000);
    expect(serviceOf(stale, 'stray')?.status).toBe('running');
    expect(stale.backendUrl).toBeNull();
    await outside.removeContainer(id, owner, { force: true });
    await proxy.listen();
    const state = await seen((next) => next.staleSinceMs === null, 12_000);
    expect(serviceOf(state, 'stray')).toBeUndefined();
  });
});
