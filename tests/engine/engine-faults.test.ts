/** An engine that hangs, hangs up, talks rubbish or is not there: each is told in time, and none breaks the panel. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import { createEngineMonitor, type EngineMonitor } from '../../src/main/engine/engine-monitor.ts';
import { ProblemError } from '../../src/shared/model/problem.ts';
import { createEngineProxy, type EngineProxy, httpAnswer } from '../fakes/engine-proxy.ts';

let proxy: EngineProxy;
const closing: (() => void)[] = [];

beforeEach(async () => {
  proxy = await createEngineProxy();
});
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await proxy.close();
});

function client(deadlineMs = 1000) {
  const engine = createDockerEngine({ url: proxy.url, foundBy: 'test' }, { deadlineMs });
  closing.push(() => engine.close());
  return engine;
}

function monitor(url = proxy.url): EngineMonitor {
  const made = createEngineMonitor({ engine: url });
  closing.push(() => made.close());
  return made;
}

function redirect(to: string): string {
  return httpAnswer(301, '').replace('\r\n', `\r\nLocation: ${to}\r\n`);
}

async function codeOf(act: Promise<unknown>): Promise<string> {
  return act.then(
    () => 'no failure',
    (error: unknown) => (error instanceof ProblemError ? error.problem.code : String(error)),
  );
}

async function reaches(watched: EngineMonitor, state: string, withinMs: number): Promise<number> {
  const from = performance.now();
  await expect.poll(() => watched.state.state, { timeout: withinMs, interval: 10 }).toBe(state);
  return performance.now() - from;
}

describe('a client of a faulty engine', () => {
  it.each([
    ['hangs', { kind: 'hang' }],
    ['hangs up', { kind: 'cut' }],
    ['is no web server', { kind: 'raw', bytes: '\u0000\u0001 not http at all\r\n\r\n' }],
    ['sends us elsewhere', { kind: 'raw', bytes: redirect('http://192.0.2.1/version') }],
    ['sends us nowhere', { kind: 'raw', bytes: redirect('ftp://x/') }],
    ['is some web server', { kind: 'raw', bytes: httpAnswer(200, '<html>hello</html>', 'text/html') }],
    [
      'is a proxy with no engine behind it',
      { kind: 'raw', bytes: httpAnswer(502, '<h1>Bad gateway</h1>', 'text/html') },
    ],
    ['stops in the middle of an answer', { kind: 'raw', bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"Api' }],
  ] as const)('that %s learns that it does not answer', async (_name, mode) => {
    proxy.mode(mode);
    expect(await codeOf(client().version())).toBe('engine-not-answering');
  });

  it('hears the engine’s own failure', async () => {
    const engine = client();
    await engine.version();
    proxy.cutAll();
    proxy.mode({ kind: 'raw', bytes: httpAnswer(500, '{"message":"the plug-in is on fire"}') });
    await expect(engine.listContainers([])).rejects.toMatchObject({
      problem: { code: 'engine-failed', cause: 'the plug-in is on fire' },
    });
  });

  it('waits for a slow engine as long as bytes still come', async () => {
    const engine = client(1500);
    proxy.mode({ kind: 'drip', everyMs: 1 });
    const from = performance.now();
    await engine.version();
    expect(performance.now() - from).toBeGreaterThan(1500);
  });

  it('asks again once when a kept connection turned out dead, but never repeats a change', async () => {
    const engine = client();
    await engine.version();
    const list = engine.listContainers([]);
    proxy.cutAll();
    await list;
    proxy.cutAll();
    await engine.listContainers([]);
  });

  it('is too old when it says so', async () => {
    proxy.mode({ kind: 'raw', bytes: httpAnswer(200, '{"Version":"18.06","ApiVersion":"1.38"}') });
    expect(await codeOf(client().version())).toBe('engine-too-old');
  });

  it('finds the failure inside a stream that began well', async () => {
    const engine = client();
    await engine.version();
    proxy.cutAll();
    // A change is not sent twice, so the dead connection must have been noticed before.
    await expect.poll(() => proxy.open).toBe(0);
    const bytes = httpAnswer(
      200,
      '{"status":"Pulling"}\n{"errorDetail":{"message":"write /x: no space left on device"}}\n',
    );
    proxy.mode({ kind: 'raw', bytes });
    expect(await codeOf(engine.pullImage('a:1', () => undefined))).toBe('disk-full');
  });

  it('lets go of every connection when its streams are aborted', async () => {
    const engine = client();
    await engine.version();
    const abort = new AbortController();
    let opened = 0;
    const streams = Array.from({ length: 20 }, () =>
      engine.events({ labels: ['none=x'], onOpen: () => (opened += 1) }, () => undefined, abort.signal),
    );
    await expect.poll(() => opened, { timeout: 15_000 }).toBe(20);
    expect(proxy.open).toBeGreaterThanOrEqual(40);
    abort.abort();
    for (const result of await Promise.allSettled(streams)) expect(result.status).toBe('rejected');
    // One kept-alive connection may rest in the pool, on both sides of the proxy.
    await expect.poll(() => proxy.open, { timeout: 15_000 }).toBeLessThanOrEqual(2);
  });

  it('ignores DOCKER_HOST, even a broken one', async () => {
    const saved = process.env.DOCKER_HOST;
    process.env.DOCKER_HOST = 'tcp://%%%';
    try {
      await expect(client().version()).resolves.toMatchObject({ os: expect.any(String) });
    } finally {
      if (saved === undefined) delete process.env.DOCKER_HOST;
      else process.env.DOCKER_HOST = saved;
    }
  });
});

describe('the monitor', () => {
  it('is ready, and stays quiet while nothing changes', async () => {
    const watched = monitor();
    expect((await watched.ready()).endpoint.url).toBe(proxy.url);
    expect(watched.state).toMatchObject({ state: 'ready', foundBy: '--engine', problem: null, endpoint: proxy.url });
  });

  it('tells a hung engine within 7 s, and that it came back', async () => {
    const watched = monitor();
    const held = await watched.ready();
    proxy.mode({ kind: 'hang' });
    const took = await reaches(watched, 'not-answering', 7000);
    expect(took).toBeLessThan(7000);
    expect(() => watched.client()).toThrow(ProblemError);
    expect(await codeOf(watched.ready())).toBe('engine-not-answering');
    proxy.mode({ kind: 'pass' });
    await reaches(watched, 'ready', 12_000);
    expect(watched.client()).toBe(held);
  });

  it('tells a stopped engine at the next look, and finds it again', async () => {
    const watched = monitor();
    await watched.ready();
    await proxy.vanish();
    watched.check();
    await expect.poll(() => watched.state.state, { timeout: 3000 }).toMatch(/^(stopped|missing)$/);
    expect(watched.state.problem?.remedies.length).toBeGreaterThan(0);
    await proxy.listen();
    await expect(watched.ready(10_000)).resolves.toBeDefined();
  });

  it('says what is wrong with an address', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quayside-faults-'));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'file'), '');
    expect(await codeOf(monitor(join(folder, 'file')).ready())).toBe('engine-address-refused');
    expect(await codeOf(monitor('tcp://192.0.2.1:2375').ready())).toBe('engine-address-refused');
    expect(await codeOf(monitor('ssh://-oProxyCommand=x/').ready())).toBe('engine-address-refused');
    expect(await codeOf(monitor('rubbish').ready())).toBe('engine-address-refused');
    expect(await codeOf(monitor('tcp://127.0.0.1:1').ready())).toBe('engine-stopped');
  });

  it('starts a stopped engine when asked, and says so meanwhile', async () => {
    await proxy.vanish();
    const states: string[] = [];
    const watched = createEngineMonitor(
      { engine: proxy.url },
      {
        start: async () => {
          setTimeout(() => void proxy.listen(), 300);
          return true;
        },
      },
    );
    closing.push(() => watched.close());
    watched.subscribe((state) => states.push(state.state));
    await reaches(watched, 'stopped', 3000);
    expect(await watched.startEngine()).toMatchObject({ state: 'ready' });
    expect(states).toEqual(['stopped', 'starting', 'ready']);
  });
});
