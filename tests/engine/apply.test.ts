import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureComposePeer } from '../../scripts/setup/compose-peer.mjs';
import { toProblem } from '../../src/shared/model/problem.ts';
import { createScratch, openEngine, type Scratch, shapeYaml } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const engine = openEngine();
const tinyImage = await ensureTinyImage(engine);
let compose: string;
let scratch: Scratch;

beforeAll(async () => {
  compose = await ensureComposePeer();
});
beforeEach(async () => {
  scratch = await createScratch(engine, compose);
});
afterEach(() => scratch.close());
afterAll(() => engine.close());

const failure = async (promise: Promise<unknown>) =>
  toProblem(
    await promise.then(
      () => 'it did not fail',
      (error: unknown) => error,
    ),
  );
/** Networks and volumes of the project. */
const leftOver = async () => {
  const filter = [`com.docker.compose.project=${scratch.project}`];
  return [...(await engine.listNetworks(filter)), ...(await engine.listVolumes(filter))].map(({ Name }) => Name);
};
const ids = async () =>
  Object.fromEntries(Object.entries(await scratch.containers()).map(([name, { id }]) => [name, id]));

/** Uses every kind of thing a stack is made of, so that each is proven to be what Compose would have made. */
const rich = `
services:
  web:
    image: ${tinyImage}
    init: true
    command: sh -c "sleep 1000"
    environment: { A: "1 <&> 2", B: }
    labels: { some.label: "x" }
    ports: ["127.0.0.1::8080"]
    volumes: ["./data:/data", "named:/named", "/anonymous"]
    tmpfs: ["/scratch:size=1m"]
    secrets: [word]
    configs: [{ source: setting, target: /etc/setting }]
    networks: { default: { aliases: [www] }, back: { priority: 10 } }
    mem_limit: 64m
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    read_only: true
    stop_grace_period: 5s
    restart: unless-stopped
    depends_on: { db: { condition: service_healthy } }
    logging: { driver: json-file, options: { max-size: 1m } }
    ulimits: { nofile: 1024 }
    healthcheck: { test: "cat /run/secrets/word", interval: 1s, timeout: 2s, retries: 5 }
  db:
    image: ${tinyImage}
    init: true
    command: ["sleep", "1000"]
    networks: [back]
    healthcheck: { test: ["CMD", "true"], interval: 1s, timeout: 2s, retries: 5 }
networks:
  back: { internal: true, labels: { net: "1" } }
volumes:
  named: { labels: { vol: "1" } }
secrets:
  word: { file: ./word }
configs:
  setting: { file: ./word }
`;

async function writeRich(): Promise<void> {
  await mkdir(`${scratch.folder}/data`);
  await writeFile(`${scratch.folder}/word`, 'secret');
  await scratch.write(rich);
}

describe('side by side with Docker Compose', () => {
  it('what we started, Compose takes for its own, changes nothing of, and removes', async () => {
    await writeRich();
    await scratch.up();
    const before = await ids();
    const output = await scratch.compose('up', '-d', '--wait');
    expect(await ids()).toEqual(before);
    expect(output).not.toMatch(/Recreate|Created|Starting/);
    const listed = (await scratch.compose('ps', '--format', 'json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(listed.map(({ Service, State, Health }) => `${Service} ${State} ${Health}`).sort()).toEqual([
      'db running healthy',
      'web running healthy',
    ]);
    await scratch.compose('down', '-v');
    expect(await scratch.containers()).toEqual({});
    expect(await leftOver()).toEqual([]);
  });

  it('what Compose started, we take for our own, change nothing of, and remove', async () => {
    await writeRich();
    await scratch.compose('up', '-d', '--wait');
    const before = await ids();
    const outcomes = await scratch.up();
    expect(await ids()).toEqual(before);
    expect([...outcomes.values()]).toEqual(['ready', 'ready']);
    expect(scratch.phases).toEqual(expect.arrayContaining(['web done', 'db done']));
    expect(scratch.phases.some((phase) => /creating|starting/.test(phase))).toBe(false);
    await scratch.down();
    expect(await scratch.containers()).toEqual({});
    expect(await leftOver()).toEqual([]);
  });

  it('makes containers that inspect like those of Compose', async () => {
    await writeRich();
    await scratch.up();
    const ours = await inspectAll();
    await scratch.down();
    await scratch.compose('up', '-d', '--wait');
    expect(ours).toEqual(await inspectAll());
  });

  it('replaces only what changed, keeps its volumes', async () => {
    await scratch.write(shapeYaml('graph', tinyImage));
    await scratch.up();
    const before = await ids();
    await scratch.write(shapeYaml('graph', tinyImage).replace('  b:\n', '  b:\n    environment: { NEW: "1" }\n'));
    await scratch.up();
    const after = await ids();
    expect(Object.keys(after)).toEqual(expect.arrayContaining(Object.keys(before)));
    expect(Object.keys(before).filter((name) => before[name] !== after[name])).toEqual(['b-1']);
  });
});

async function inspectAll(): Promise<Record<string, unknown>> {
  const all = await scratch.containers();
  const entries = await Promise.all(
    Object.entries(all).map(async ([name, { id }]) => {
      const raw = (await engine.inspectContainer(id)) as unknown as Record<string, unknown>;
      const config = { ...(raw.Config as Record<string, unknown>) };
      const labels = { ...(config.Labels as Record<string, string>) };
      delete labels['quayside.model'];
      const host = { ...(raw.HostConfig as Record<string, unknown>) };
      const settings = raw.NetworkSettings as unknown as { Networks: Record<string, Record<string, unknown>> };
      const networks = Object.fromEntries(
        Object.entries(settings.Networks).map(([network, endpoint]) => [
          network,
          (endpoint.Aliases as string[]).filter((alias) => !id.startsWith(alias)).sort(),
        ]),
      );
      for (const list of ['Binds', 'Mounts'] as const) {
        if (Array.isArray(host[list])) host[list] = host[list].map((entry) => JSON.stringify(entry)).sort();
      }
      config.Env = [...((config.Env as string[]) ?? [])].sort();
      delete config.Hostname;
      return [name, { config: { ...config, Labels: labels }, host, networks, name: raw.Name }];
    }),
  );
  return Object.fromEntries(entries);
}

describe('starting', () => {
  it('§5.38 writes nothing on a stack that is up, and takes no time for it', async () => {
    await scratch.write(shapeYaml('graph', tinyImage));
    const from = performance.now();
    await scratch.up();
    const startMs = performance.now() - from;
    const before = await ids();
    const calls: string[] = [];
    const recording = new Proxy(engine, {
      get(target, name: keyof typeof engine) {
        calls.push(name);
        return target[name];
      },
    });
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const startedAt = performance.now();
      await scratch.up({ engine: recording });
      times.push(performance.now() - startedAt);
    }
    expect(await ids()).toEqual(before);
    console.log(`nothing to do: ${Math.min(...times).toFixed(1)} ms, the start before it ${startMs.toFixed(1)} ms`);
    expect(Math.min(...times) / startMs).toBeLessThan(0.1);
    expect([...new Set(calls)].filter((name) => !/^(version|list|inspect)/.test(name))).toEqual([]);
  });

  it('§5.25 starts each after what it depends on is ready', async () => {
    await scratch.write(shapeYaml('chain', tinyImage));
    await scratch.up();
    const all = await scratch.containers();
    const startedAt = await Promise.all(
      ['a-1', 'b-1', 'c-1', 'd-1', 'e-1'].map(async (name) => {
        const raw = await engine.inspectContainer(all[name]?.id ?? '');
        return Date.parse(String((raw?.State as { StartedAt?: string } | undefined)?.StartedAt));
      }),
    );
    for (const [index, time] of startedAt.slice(1).entries()) {
      // Each is ready 0.3 s after its start.
      expect(time - (startedAt[index] ?? 0)).toBeGreaterThan(290);
    }
    expect(Object.values(all).map(({ health }) => health)).toEqual(Array(5).fill('healthy'));
  });

  it('§5.29 §5.30 counts a job that exits 0 as done, and one that does not as a failure with its log', async () => {
    const yaml = (code: number) => `
services:
  init: { image: "${tinyImage}", command: ["sh", "-c", "echo making tables; exit ${code}"] }
  web:
    image: ${tinyImage}
    init: true
    command: ["sleep", "1000"]
    depends_on: { init: { condition: service_completed_successfully } }
`;
    await scratch.write(yaml(3));
    const problem = await failure(scratch.up());
    expect(problem).toMatchObject({ code: 'job-failed', service: 'init' });
    expect(problem.cause).toContain('exit code 3');
    expect(problem.evidence).toContain('log: making tables');
    expect((await scratch.containers())['web-1']?.state).toBe('created');
    await scratch.write(yaml(0));
    const outcomes = await scratch.up();
    expect(outcomes.get('init')).toBe('done');
    expect(outcomes.get('web')).toBe('ready');
    const before = await ids();
    await scratch.up();
    expect(await ids()).toEqual(before);
  });

  it('§5.26 names the output of the probe when a service is not healthy, and keeps the rest', async () => {
    await scratch.write(`
services:
  db:
    image: ${tinyImage}
    init: true
    command: ["sh", "-c", "echo opening the store; sleep 1000"]
    healthcheck: { test: "echo the store is locked; exit 1", interval: 1s, timeout: 1s, retries: 2 }
  web: { image: "${tinyImage}", init: true, command: ["sleep", "1000"], depends_on: { db: { condition: service_healthy } } }
  other: { image: "${tinyImage}", init: true, command: ["sleep", "1000"] }
`);
    const problem = await failure(scratch.up());
    expect(problem).toMatchObject({ code: 'service-unhealthy', service: 'db' });
    expect(problem.cause).toContain('the store is locked');
    expect(problem.evidence).toContain('log: opening the store');
    const all = await scratch.containers();
    expect(all['db-1']?.state).toBe('running');
    expect(all['web-1']?.state).toBe('created');
    expect(all['other-1']?.state).toBe('running');
  });

  it('says in words why a service stopped: killed for memory', async () => {
    await scratch.write(`
services:
  eater:
    image: ${tinyImage}
    mem_limit: 8m
    memswap_limit: 8m
    command: ["sh", "-c", "x=aaaaaaaaaaaaaaaa; while true; do x=$$x$$x; done"]
    healthcheck: { test: ["CMD", "false"], interval: 1s, retries: 100 }
`);
    const problem = await failure(scratch.up());
    expect(problem).toMatchObject({ code: 'service-exited', service: 'eater' });
    expect(problem.cause).toContain('more memory than its limit of 8 MB');
  });

  it('makes nothing while something external is missing', async () => {
    await scratch.write(`
services: { web: { image: "${tinyImage}", networks: [other] } }
networks: { other: { external: true, name: ${scratch.project}-not-there } }
`);
    expect(await failure(scratch.up())).toMatchObject({ code: 'external-missing' });
    expect(await scratch.containers()).toEqual({});
  });

  it('§5.35 is cancelled into a known state, from which the next start goes on', async () => {
    await scratch.write(shapeYaml('chain', tinyImage));
    const abort = new AbortController();
    const begun = scratch.up({ signal: abort.signal });
    while (!scratch.phases.includes('b starting')) await new Promise((resolve) => setTimeout(resolve, 20));
    abort.abort(new Error('cancelled'));
    expect((await failure(begun)).code).toBe('cancelled');
    const all = await scratch.containers();
    expect(Object.keys(all)).toHaveLength(5);
    expect(all['e-1']?.state).toBe('created');
    const outcomes = await scratch.up();
    expect([...outcomes.values()]).toEqual(Array(5).fill('ready'));
    expect((await ids())['a-1']).toBe(all['a-1']?.id);
  });

  it('sees a container that someone removes while it starts', async () => {
    await scratch.write(shapeYaml('flat', tinyImage, '60s'));
    const abort = new AbortController();
    const begun = scratch.up({ signal: abort.signal });
    while (!scratch.phases.includes('c checking')) await new Promise((resolve) => setTimeout(resolve, 20));
    const gone = (await scratch.containers())['c-1'];
    await engine.removeContainer(gone?.id ?? '', { project: scratch.project }, { force: true });
    expect(await until('c failed')).toBe('seen');
    abort.abort(new Error('enough'));
    await failure(begun);
  });
});

async function until(phase: string): Promise<string> {
  for (let round = 0; round < 200; round += 1) {
    if (scratch.phases.includes(phase)) return 'seen';
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return 'not seen';
}
