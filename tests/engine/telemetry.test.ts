/** Logs, stats and health against real containers: across restarts and recreation, under a flood, and let go at the end. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import type { JsonObject } from '../../src/main/engine/engine-client.ts';
import { createEngineMonitor, type EngineMonitor } from '../../src/main/engine/engine-monitor.ts';
import { createStackState, type StackStateHub } from '../../src/main/stack/stack-state.ts';
import { createBackendMetrics } from '../../src/main/telemetry/backend-metrics.ts';
import { createHealthBoard } from '../../src/main/telemetry/health-board.ts';
import { createLogHub } from '../../src/main/telemetry/log-hub.ts';
import { createStatsHub } from '../../src/main/telemetry/stats-hub.ts';
import { healthReportSchema } from '../../src/shared/model/health.ts';
import type { BackendMetrics, LogLine, StatSample } from '../../src/shared/model/telemetry.ts';
import { backendMetricsBatchSchema, logBatchSchema, statBatchSchema } from '../../src/shared/model/telemetry.ts';
import { createEngineProxy, type EngineProxy } from '../fakes/engine-proxy.ts';
import { ensureTinyImage } from './tiny-image.ts';

const project = `qs-telemetry-${process.pid}`;
const owner = { project };
const outside = createDockerEngine({ url: 'unix:///var/run/docker.sock', foundBy: 'test' });
let image = '';
let proxy: EngineProxy;
let monitor: EngineMonitor;
let stack: StackStateHub;
const closing: (() => void)[] = [];

async function run(service: string, cmd: string[], more: JsonObject = {}): Promise<string> {
  const labels = { 'com.docker.compose.project': project, 'com.docker.compose.service': service };
  const body = { Image: image, Cmd: cmd, Labels: labels, StopTimeout: 0, ...more };
  const { id } = await outside.createContainer(`${project}-${service}-1`, body);
  await outside.startContainer(id, owner);
  await expect.poll(() => JSON.stringify(stack.snapshot()), { timeout: 15_000 }).toContain(id);
  return id;
}

beforeAll(async () => {
  image = await ensureTinyImage(outside);
  proxy = await createEngineProxy();
  monitor = createEngineMonitor({ engine: proxy.url });
  stack = createStackState({ monitor, project, environment: 'test', declared: async () => [] });
  await monitor.ready();
});

afterEach(async () => {
  for (const close of closing.splice(0)) close();
  for (const { id } of await outside.listContainers([`com.docker.compose.project=${project}`])) {
    await outside.removeContainer(id, owner, { force: true });
  }
  await expect.poll(() => stack.snapshot().services.length, { timeout: 10_000 }).toBe(0);
});

afterAll(async () => {
  stack.close();
  monitor.close();
  outside.close();
  await proxy.close();
});

describe('logs', () => {
  function follow(services: string[] = [], tail = 100) {
    const lines: LogLine[] = [];
    let dropped = 0;
    const stop = createLogHub({ monitor, stack }).follow({ services, tail }, (batch) => {
      logBatchSchema.parse(batch);
      lines.push(...batch.lines);
      dropped += batch.dropped;
    });
    closing.push(stop);
    return { lines, dropped: () => dropped, stop };
  }
  const texts = (lines: readonly LogLine[]) => lines.map((line) => `${line.service} ${line.source} ${line.text}`);

  it('merges the tails by time, then follows, then goes on in the container that replaces the first', async () => {
    const loop = 'i=0; while sleep 0.2; do i=$((i+1)); echo "tick $i"; done';
    const first = await run('one', ['sh', '-c', `echo from-one; echo problem >&2; ${loop}`], {
      HostConfig: { Init: true },
    });
    await run('two', ['sh', '-c', 'sleep 0.1; echo from-two; sleep 600'], { HostConfig: { Init: true } });
    const { lines } = follow();
    await expect.poll(() => texts(lines), { timeout: 15_000 }).toContain('one stdout tick 3');
    expect(texts(lines)).toEqual(
      expect.arrayContaining(['one stdout from-one', 'one stderr problem', 'two stdout from-two']),
    );
    const firstBatch = lines.slice(0, 3).map((line) => line.atMs);
    expect(firstBatch).toEqual(firstBatch.toSorted((a, b) => a - b));

    await outside.removeContainer(first, owner, { force: true });
    const seen = lines.length;
    await run('one', ['sh', '-c', 'echo second-life; sleep 600'], { HostConfig: { Init: true } });
    await expect.poll(() => texts(lines.slice(seen)), { timeout: 15_000 }).toContain('one stdout second-life');
  });

  it('goes on after a restart and after a lost engine, without a line twice or missing', async () => {
    const id = await run('one', ['sh', '-c', 'i=0; while sleep 0.02; do i=$((i+1)); echo "$HOSTNAME $i"; done'], {
      HostConfig: { Init: true },
    });
    const { lines } = follow();
    await expect.poll(() => lines.length, { timeout: 15_000 }).toBeGreaterThan(10);
    proxy.cutAll();
    const before = lines.length;
    await expect.poll(() => lines.length, { timeout: 10_000 }).toBeGreaterThan(before + 50);
    await outside.stopContainer(id, owner, 0);
    await outside.startContainer(id, owner);
    await expect.poll(() => lines.filter((line) => / 1$/.test(line.text)).length, { timeout: 15_000 }).toBe(2);
    const numbers = lines.toSorted((a, b) => a.atMs - b.atMs).map((line) => Number(line.text.split(' ').at(-1)));
    for (const [index, number] of numbers.slice(1).entries()) {
      expect(number === (numbers[index] ?? 0) + 1 || number === 1, `${numbers[index]} then ${number}`).toBe(true);
    }
  });

  it('counts what it drops in a flood, and loses nothing silently', async () => {
    const total = 400_000;
    const { lines, dropped } = follow();
    // It waits for us: what was written before the reader came is the tail's business.
    const id = await run('flood', ['sh', '-c', `until [ -f /tmp/go ]; do sleep 0.1; done; seq 1 ${total}`]);
    await outside.exec(id, owner, { cmd: ['touch', '/tmp/go'] });
    await expect.poll(() => lines.length + dropped(), { timeout: 60_000, interval: 100 }).toBe(total);
    expect(lines.some((line) => line.text === String(total))).toBe(true);
  });

  it('closes every stream with its last reader', async () => {
    await run('one', ['sleep', '600'], { HostConfig: { Init: true } });
    const resting = proxy.open;
    const readers = Array.from({ length: 10 }, () => follow());
    await expect.poll(() => proxy.open, { timeout: 15_000 }).toBeGreaterThanOrEqual(20);
    for (const reader of readers) reader.stop();
    await expect.poll(() => proxy.open, { timeout: 15_000 }).toBeLessThanOrEqual(resting + 4);
  });
});

describe('stats', () => {
  it('measures a busy container, and stops with the last watcher', async () => {
    await run('busy', ['sh', '-c', 'while :; do :; done'], {
      HostConfig: { NanoCpus: 300_000_000, Memory: 64 * 1024 * 1024, Init: true },
    });
    const samples: StatSample[] = [];
    const hub = createStatsHub({ monitor, stack });
    const resting = proxy.open;
    const stop = hub.watch((batch) => samples.push(...statBatchSchema.parse(batch).samples));
    await expect.poll(() => samples.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(3);
    stop();
    const last = samples.at(-1);
    expect(last).toMatchObject({ service: 'busy', memLimitBytes: 64 * 1024 * 1024 });
    expect(last?.memBytes).toBeGreaterThan(0);
    // One second may hold a bit more than its share of the quota, or less on a busy machine; several even out.
    const cores = samples.reduce((sum, sample) => sum + sample.cpuCores, 0) / samples.length;
    expect(cores).toBeGreaterThan(0.05);
    expect(cores).toBeLessThan(0.5);
    await expect.poll(() => proxy.open, { timeout: 15_000 }).toBeLessThanOrEqual(resting + 2);
    const again: StatSample[][] = [];
    hub.watch((batch) => again.push(batch.samples))();
    // A sample that came after the last batch may have joined them.
    expect(again[0]?.length).toBeGreaterThanOrEqual(samples.length);
    expect(new Set(again[0]?.map(({ atMs }) => atMs)).size).toBe(again[0]?.length);
  });
});

describe('health and figures of the backend', () => {
  let server: Server;
  let answer: (path: string) => { status: number; body: string };
  let url = '';
  beforeAll(async () => {
    server = createServer((request, response) => {
      const { status, body } = answer(request.url ?? '');
      response.writeHead(status).end(body);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  const access = { url: () => url as string | null, token: async () => 'token' };

  it('shows the three layers apart, with what the probe said', async () => {
    answer = () => ({
      status: 503,
      body: JSON.stringify({
        status: 'degraded',
        version: '1.2.3',
        uptime: 5,
        checks: { database: { status: 'healthy', latencyMs: 2 }, qdrant: { status: 'down', error: 'refused' } },
      }),
    });
    await run('backend', ['sleep', '600'], {
      HostConfig: { Init: true },
      Healthcheck: {
        Test: ['CMD-SHELL', 'echo no luck; exit 1'],
        Interval: 200_000_000,
        Timeout: 1_000_000_000,
        Retries: 2,
      },
    });
    const board = createHealthBoard({ monitor, stack, access });
    await expect.poll(async () => (await board.get()).services[0]?.health, { timeout: 15_000 }).toBe('unhealthy');
    const report = healthReportSchema.parse(await board.get());
    expect(report.services[0]).toMatchObject({ service: 'backend', state: 'running', test: 'echo no luck; exit 1' });
    expect(report.services[0]?.probes.at(-1)).toMatchObject({ exitCode: 1, output: 'no luck\n' });
    expect(report.application).toMatchObject({ status: 'degraded', version: '1.2.3', uptimeS: 5 });
    expect(report.application.checks).toContainEqual({
      name: 'qdrant',
      status: 'down',
      latencyMs: null,
      detail: 'refused',
    });
  });

  it('tells in words why there is no answer', async () => {
    const board = createHealthBoard({ monitor, stack, access: { ...access, url: () => 'http://127.0.0.1:1' } });
    expect((await board.get()).application).toMatchObject({
      status: 'down',
      detail: expect.stringMatching(/does not answer/),
    });
  });

  it('reads figures between two scrapes', async () => {
    let queries = 0;
    answer = () => {
      queries += 10;
      const bucket = (le: string, count: number) =>
        `rag_query_duration_seconds_bucket{le="${le}",outcome="ok"} ${count}`;
      return {
        status: 200,
        body: [
          bucket('0.1', queries / 2),
          bucket('1', queries),
          bucket('+Inf', queries),
          `rag_query_duration_seconds_count{outcome="ok"} ${queries}`,
          'rag_chunks 42',
        ].join('\n'),
      };
    };
    const samples: BackendMetrics[] = [];
    const hub = createBackendMetrics({ access, intervalMs: 100 });
    closing.push(hub.watch((batch) => samples.push(...backendMetricsBatchSchema.parse(batch).samples)));
    await expect.poll(() => samples.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(2);
    expect(samples[0]).toMatchObject({ queries: 10, chunks: 42, queryP95S: null });
    // Half of ten below 0.1 s, half between 0.1 and 1: the 95th lies nine tenths into the upper bucket.
    expect(samples[1]?.queryP95S).toBeCloseTo(0.91, 5);
    expect(samples[1]?.queryP50S).toBeCloseTo(0.1, 5);
  });
});
