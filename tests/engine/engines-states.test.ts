/** What the monitor says of real engines: started, halted, killed, locked, missing, and pointed elsewhere while it runs. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Surroundings } from '../../src/main/engine/discovery.ts';
import { createEngineMonitor, type EngineMonitor } from '../../src/main/engine/engine-monitor.ts';
import { newestApi } from '../../src/main/engine/engine-problems.ts';
import { createEngineProxy, httpAnswer } from '../fakes/engine-proxy.ts';
import { type PrivateEngine, privateEngineMissing, startPrivateEngine } from './private-engine.ts';

const reason = privateEngineMissing();
if (reason !== null) console.warn(`SKIPPED: states of real engines: ${reason}`);

const closing: (() => void)[] = [];
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-test-states-'));
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function watch(engine: string | undefined, around?: Surroundings, busy?: () => boolean): EngineMonitor {
  const options = { ...(engine === undefined ? {} : { engine }), ...(busy ? { busy } : {}) };
  const made = createEngineMonitor(options, around ? { around } : {});
  closing.push(() => made.close());
  return made;
}

async function reaches(monitor: EngineMonitor, state: string, withinMs: number): Promise<number> {
  const from = performance.now();
  await expect.poll(() => monitor.state.state, { timeout: withinMs, interval: 20 }).toBe(state);
  return performance.now() - from;
}

describe.skipIf(reason !== null)('the state of a real engine', () => {
  let engine: PrivateEngine;
  beforeAll(async () => {
    engine = await startPrivateEngine();
  });
  afterAll(() => engine?.close());

  it('is told within 5 s of a kill, and again when it is back', async () => {
    const monitor = watch(engine.url);
    await monitor.ready();
    await engine.kill();
    // Killed, it leaves a socket that nobody listens on.
    expect(existsSync(engine.socket)).toBe(true);
    const lost = await reaches(monitor, 'stopped', 5000);
    expect(monitor.state.problem).toMatchObject({ code: 'engine-stopped' });
    expect(monitor.state.problem?.remedies[0]?.action).toBe('start-engine');
    await engine.start();
    const back = await reaches(monitor, 'ready', 10_000);
    console.info(`killed: told after ${Math.round(lost)} ms; back: ready after ${Math.round(back)} ms`);
  });

  it('is stopped, not missing, when its socket is gone and Docker is installed', async () => {
    await engine.stop();
    expect(existsSync(engine.socket)).toBe(false);
    const monitor = watch(engine.url);
    await reaches(monitor, 'stopped', 3000);
    await engine.start();
    await reaches(monitor, 'ready', 10_000);
  });

  it('hangs when its process is halted, says so, and goes on by itself', async () => {
    const monitor = watch(engine.url);
    await monitor.ready();
    engine.pause();
    const took = await reaches(monitor, 'not-answering', 9000);
    expect(monitor.state.problem?.cause).toContain(`process ${engine.pid()}`);
    expect(monitor.state.problem?.remedies[0]?.command).toBe(`sudo kill -CONT ${engine.pid()}`);
    engine.resume();
    const back = await reaches(monitor, 'ready', 10_000);
    console.info(`halted: told after ${Math.round(took)} ms; back: ready after ${Math.round(back)} ms`);
  });

  it('starts while its socket is open and it does not answer yet', async () => {
    // dockerd opens its socket first and then waits for its containerd, which comes when we say.
    const slow = await startPrivateEngine({ args: ['--containerd', '/run/own/containerd.sock'], awaitReady: false });
    try {
      const monitor = watch(slow.url);
      await expect.poll(() => existsSync(slow.socket), { timeout: 15_000 }).toBe(true);
      await reaches(monitor, 'starting', 10_000);
      expect(monitor.state.problem).toMatchObject({ code: 'engine-starting' });
      const words = ['--address', '/run/own/containerd.sock', '--root', '/run/own/root', '--state', '/run/own/state'];
      slow.run(['containerd', ...words], join(slow.folder, 'containerd.log'));
      await monitor.ready(30_000);
      expect(monitor.state.state).toBe('ready');
    } finally {
      await slow.close();
    }
  });

  it('is not for this account when its socket is another’s', async () => {
    chmodSync(engine.folder, 0o755);
    chmodSync(engine.socket, 0o600);
    chownSync(engine.socket, 0, 0);
    // Asked as nobody: a process of its own, because a test's account is not changed back.
    const script = `require('node:net').connect(${JSON.stringify(engine.socket)})
      .on('error', (error) => console.log(error.code)).on('connect', () => console.log('in'))`;
    const child = spawn(process.execPath, ['--eval', script], { uid: 65_534, gid: 65_534, cwd: '/' });
    const said = await new Promise<string>((resolve) => {
      let text = '';
      child.stdout.on('data', (chunk) => (text += String(chunk)));
      child.once('error', (error) => resolve(String(error)));
      child.once('close', () => resolve(text.trim()));
    });
    expect(said).toBe('EACCES');
    process.seteuid?.(65_534);
    try {
      const monitor = watch(engine.url);
      await reaches(monitor, 'no-permission', 3000);
      expect(monitor.state.problem).toMatchObject({ code: 'engine-no-permission' });
      process.seteuid?.(0);
      await reaches(monitor, 'ready', 10_000);
    } finally {
      process.seteuid?.(0);
    }
  });

  it('moves to another address while the panel runs, at once and without the old one’s client', async () => {
    const monitor = watch('unix:///var/run/docker.sock');
    const before = await monitor.ready();
    const states: string[] = [];
    monitor.subscribe((state) => states.push(`${state.state} ${state.endpoint}`));
    expect(await monitor.use(engine.url)).toMatchObject({ state: 'ready', endpoint: engine.url });
    expect(states[0]).toMatch(/^connecting /);
    expect(monitor.client()).not.toBe(before);
    const [a, b] = [await monitor.client().version(), await before.version().catch(() => null)];
    expect(a.engineId).not.toBe(b?.engineId ?? '');
    await expect(monitor.use('rubbish')).rejects.toMatchObject({ problem: { code: 'engine-address-refused' } });
    expect(monitor.state).toMatchObject({ state: 'ready', endpoint: engine.url });
    expect(await monitor.use(join(folder, 'none.sock'))).toMatchObject({ state: 'stopped' });
    expect(await monitor.use('unix:///var/run/docker.sock')).toMatchObject({ state: 'ready' });
  });

  it('leaves a silent address at once when told to', async () => {
    const silent = join(folder, 'silent.sock');
    const server = createServer(() => undefined).listen(silent);
    closing.push(() => server.close());
    const monitor = watch(silent);
    const from = performance.now();
    expect(await monitor.use(engine.url)).toMatchObject({ state: 'ready' });
    expect(performance.now() - from).toBeLessThan(2000);
  });

  it('follows `docker context use`, though not while something is under way', async () => {
    const home = mkdtempSync(join(folder, 'home-'));
    const context = (name: string, host: string) => {
      const meta = join(home, '.docker/contexts/meta', createHash('sha256').update(name).digest('hex'));
      mkdirSync(meta, { recursive: true });
      writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
    };
    const choose = (name: string) =>
      writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ currentContext: name }));
    context('gone', `unix://${join(folder, 'none.sock')}`);
    context('own', engine.url);
    context('main', 'unix:///var/run/docker.sock');
    choose('gone');
    let busy = false;
    const around: Surroundings = { env: {}, home, platform: 'linux', uid: 0 };
    const monitor = watch(undefined, around, () => busy);
    await reaches(monitor, 'stopped', 3000);
    choose('own');
    await reaches(monitor, 'ready', 7000);
    expect(monitor.state).toMatchObject({ endpoint: engine.url, foundBy: 'docker context own' });
    const held = monitor.client();
    busy = true;
    choose('main');
    monitor.check();
    await held.version();
    monitor.check();
    expect(monitor.state.endpoint).toBe(engine.url);
    busy = false;
    await expect.poll(() => monitor.state.foundBy, { timeout: 15_000 }).toBe('docker context main');
    await reaches(monitor, 'ready', 3000);
  });
});

describe('versions of an engine', () => {
  it.each([
    ['18.06', '1.38', '1.12', 'too-old', 'engine-too-old'],
    ['99.1', '1.99', '1.90', 'too-new', 'engine-too-new'],
  ])('an engine %s that speaks %s down to %s is %s', async (version, api, min, state, code) => {
    const proxy = await createEngineProxy();
    closing.push(() => void proxy.close());
    const answer = JSON.stringify({ Version: version, ApiVersion: api, MinAPIVersion: min });
    proxy.mode({ kind: 'raw', bytes: httpAnswer(200, answer) });
    const monitor = watch(proxy.url);
    await reaches(monitor, state, 3000);
    expect(monitor.state.problem).toMatchObject({ code, cause: expect.stringContaining(version) });
    expect(monitor.state.problem?.remedies[0]?.label).toMatch(/^Update /);
    expect(monitor.state.problem?.cause).toContain(state === 'too-new' ? newestApi : '1.40');
  });
});
