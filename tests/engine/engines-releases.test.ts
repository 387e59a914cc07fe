/**
 * Other engines than the machine's, run for real: Docker 26.1 and the newest that Debian has, and Podman. Each takes a
 * stack up, leaves it alone, follows a change and takes it down; real Docker Compose finds ours as its own there.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureComposePeer } from '../../scripts/setup/compose-peer.mjs';
import { createDockerEngine, type DockerEngine } from '../../src/main/engine/docker-engine.ts';
import { createEngineMonitor } from '../../src/main/engine/engine-monitor.ts';
import { startDebianEngine, startPodman } from './private-debian.ts';
import { type PrivateEngine, privateEngineMissing } from './private-engine.ts';
import { createScratch, type Scratch } from './scratch.ts';

const reason = privateEngineMissing();
if (reason !== null) console.warn(`SKIPPED: engines of other releases: ${reason}`);

const yaml = (image: string, answer: string) => `
services:
  store:
    image: ${image}
    init: true
    command: ["sh", "-c", "echo stored; touch /tmp/ready; sleep 1000"]
    healthcheck: { test: ["CMD", "cat", "/tmp/ready"], interval: 1s, start_period: 5s, start_interval: 200ms, retries: 10 }
    networks: { inner: { aliases: [depot] }, outer: {} }
    volumes: ["kept:/kept"]
  job:
    image: ${image}
    command: ["sh", "-c", "echo done > /kept/job"]
    volumes: ["kept:/kept"]
    networks: [inner]
    depends_on: { store: { condition: service_healthy } }
  web:
    image: ${image}
    init: true
    command: ["sh", "-c", "sleep 1000"]
    environment: { ANSWER: "${answer}" }
    networks: [inner, outer]
    ports: ["127.0.0.1::80"]
    mem_limit: 64m
    depends_on: { job: { condition: service_completed_successfully } }
networks: { inner: {}, outer: {} }
volumes: { kept: {} }
`;

interface Case {
  readonly name: string;
  readonly start: () => Promise<PrivateEngine>;
  readonly says: RegExp;
  /** Docker Compose 2.26 works on it well enough to be compared with. */
  readonly composeToo: boolean;
}
const cases: readonly Case[] = [
  { name: 'Docker 26', start: () => startDebianEngine('trixie'), says: /^26\./, composeToo: true },
  { name: 'the newest Docker', start: () => startDebianEngine('sid'), says: /^(?:2[89]|[3-9]\d)\./, composeToo: true },
  { name: 'Podman', start: () => startPodman('sid'), says: /^\d+\.\d+/, composeToo: false },
];

describe.skipIf(reason !== null).each(cases)('$name', ({ start, says, composeToo }) => {
  let engine: PrivateEngine;
  let client: DockerEngine;
  let scratch: Scratch;
  let image = '';
  const savedHost = process.env.DOCKER_HOST;

  beforeAll(async () => {
    engine = await start();
    client = createDockerEngine({ url: engine.url, foundBy: 'test' });
    image = await engine.loadTinyImage();
    process.env.DOCKER_HOST = engine.url;
    scratch = await createScratch(client, composeToo ? await ensureComposePeer() : undefined);
  });
  afterAll(async () => {
    await scratch?.close();
    client?.close();
    await engine?.close();
    if (savedHost === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = savedHost;
  });

  const idsOf = async () =>
    Object.fromEntries(Object.entries(await scratch.containers()).map(([name, { id }]) => [name, id]));

  it('is found and says who it is', async () => {
    const monitor = createEngineMonitor({ engine: engine.url });
    await monitor.ready();
    expect(monitor.state).toMatchObject({ state: 'ready', platform: 'linux/amd64' });
    expect(monitor.state.serverVersion).toMatch(says);
    expect(monitor.state.memBytes).toBeGreaterThan(0);
    console.info(`ran: ${monitor.state.serverVersion}, API ${monitor.state.apiVersion}`);
    monitor.close();
  });

  it('takes a stack up in its order, and leaves a healthy one alone', async () => {
    await scratch.write(yaml(image, 'one'));
    expect(Object.fromEntries(await scratch.up())).toEqual({ store: 'ready', job: 'done', web: 'ready' });
    expect(await scratch.containers()).toMatchObject({
      'store-1': { state: 'running', health: 'healthy' },
      'job-1': { state: 'exited' },
      'web-1': { state: 'running' },
    });
    const before = await idsOf();
    await scratch.up();
    expect(await idsOf()).toEqual(before);
  });

  it('joins both networks at once, under the service’s names', async () => {
    const { 'store-1': id = '' } = await idsOf();
    const raw = (await client.inspectContainer(id)) as unknown as {
      NetworkSettings: { Networks: Record<string, { Aliases: string[] | null }> };
    };
    const networks = raw.NetworkSettings.Networks;
    expect(Object.keys(networks).sort()).toEqual([`${scratch.project}_inner`, `${scratch.project}_outer`]);
    expect(networks[`${scratch.project}_inner`]?.Aliases).toEqual(expect.arrayContaining(['depot', 'store']));
  });

  it('follows a change, replaces only what changed, and keeps the data', async () => {
    const before = await idsOf();
    await scratch.write(yaml(image, 'two'));
    await scratch.up();
    const after = await idsOf();
    expect(after['web-1']).not.toBe(before['web-1']);
    expect(after['store-1']).toBe(before['store-1']);
    const owner = { project: scratch.project };
    const said = await client.exec(after['store-1'] ?? '', owner, { cmd: ['cat', '/kept/job'] });
    expect(said).toMatchObject({ exitCode: 0, stdout: 'done\n' });
  });

  it('streams logs, figures and health', async () => {
    const { 'store-1': id = '' } = await idsOf();
    const abort = new AbortController();
    const lines: string[] = [];
    await client.logs(id, { follow: false, tail: 10 }, ({ data }) => lines.push(data.toString()), abort.signal);
    expect(lines.join('')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-][\d:]+) stored\n$/);
    const samples: { memory_stats?: { usage?: number } }[] = [];
    const measuring = client.stats(id, (raw) => samples.push(raw), abort.signal).catch(() => undefined);
    await expect.poll(() => samples.length, { timeout: 10_000 }).toBeGreaterThan(1);
    expect(samples[1]?.memory_stats?.usage).toBeGreaterThan(0);
    const seen: string[] = [];
    const filter = { labels: [`com.docker.compose.project=${scratch.project}`], types: ['container'] };
    let opened = false;
    const watching = client
      .events(
        { ...filter, onOpen: () => (opened = true) },
        (event) => seen.push(`${event.action} ${event.attributes.health ?? ''}`.trim()),
        abort.signal,
      )
      .catch(() => undefined);
    await expect.poll(() => opened || seen.length > 0, { timeout: 15_000 }).toBe(true);
    await client.exec(id, { project: scratch.project }, { cmd: ['rm', '/tmp/ready'] });
    await expect.poll(() => seen, { timeout: 30_000 }).toContain('health_status unhealthy');
    abort.abort();
    await Promise.all([measuring, watching]);
    await client.exec(id, { project: scratch.project }, { cmd: ['touch', '/tmp/ready'] });
  });

  it.runIf(composeToo)('is the same to Docker Compose: nothing to do, and nothing left after its down', async () => {
    // The health of the test before comes back by itself; Compose would wait for it too.
    await expect.poll(async () => (await scratch.containers())['store-1']?.health, { timeout: 10_000 }).toBe('healthy');
    const before = await idsOf();
    await scratch.compose('up', '-d', '--wait');
    expect(await idsOf()).toMatchObject({ 'store-1': before['store-1'], 'web-1': before['web-1'] });
    await scratch.compose('down', '-t', '1');
    expect(await scratch.containers()).toEqual({});
    await scratch.compose('up', '-d');
    const theirs = await idsOf();
    await scratch.up();
    expect(await idsOf()).toMatchObject({ 'store-1': theirs['store-1'], 'web-1': theirs['web-1'] });
  });

  it('takes it down without leaving anything', async () => {
    await scratch.down();
    expect(await scratch.containers()).toEqual({});
    const filter = [`com.docker.compose.project=${scratch.project}`];
    expect(await client.listNetworks(filter)).toEqual([]);
    expect(await client.listVolumes(filter)).toEqual([]);
  });
});
