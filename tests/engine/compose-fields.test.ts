/** Fields of a service as the real engine and the container itself see them. */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureComposePeer } from '../../scripts/setup/compose-peer.mjs';
import { loadProject } from '../../src/main/compose/load.ts';
import type { EngineClient, EngineEvent } from '../../src/main/engine/engine-client.ts';
import { projectContainers, removeNetworks, removeVolumes, stopContainers } from '../../src/main/stack/teardown.ts';
import { projectLabel } from '../../src/shared/model/compose-labels.ts';
import { type Problem, toProblem } from '../../src/shared/model/problem.ts';
import { freePort } from '../free-port.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const engine: EngineClient = openEngine();
const image = await ensureTinyImage(engine);
const peer = await ensureComposePeer();
const idle = `image: "${image}", init: true, command: ["sleep", "1000"]`;
/** The same, on lines of its own. */
const lines = `image: "${image}"\n    init: true\n    command: ["sleep", "1000"]`;
let scratch: Scratch;
let other: Scratch;

beforeEach(async () => {
  scratch = await createScratch(engine, peer);
  other = await createScratch(engine, peer);
});
afterEach(async () => {
  await other.close();
  await scratch.close();
});
afterAll(() => engine.close());

interface Inspected {
  readonly Id: string;
  readonly Config: Readonly<Record<string, unknown>>;
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[] | null>>;
    readonly Networks: Readonly<Record<string, { readonly Aliases: readonly string[] | null }>>;
  };
  readonly Mounts: readonly { readonly Type: string; readonly Name?: string; readonly Destination: string }[];
}

async function inspect(name: string): Promise<Inspected> {
  const id = (await scratch.containers())[name]?.id;
  if (id === undefined) throw new Error(`${name} is not there`);
  return (await engine.inspectContainer(id)) as unknown as Inspected;
}

/** Runs a command in a container and answers what it printed, trimmed. */
async function inside(name: string, ...command: string[]): Promise<string> {
  const id = (await scratch.containers())[name]?.id ?? '';
  const result = await engine.exec(id, { project: scratch.project }, { cmd: command });
  return result.stdout.trim();
}

async function failure(promise: Promise<unknown>): Promise<Problem> {
  return toProblem(
    await promise.then(
      () => new Error('it did not fail'),
      (error: unknown) => error,
    ),
  );
}

describe('a field', () => {
  it('§5.39 ports: equal ranges one by one, a range for one port a different one for each replica', async () => {
    const first = await freePort(21);
    await scratch.write(`services:
  one: { ${idle}, ports: ["127.0.0.1:${first}-${first + 2}:9000-9002"] }
  five: { ${idle}, scale: 5, ports: ["127.0.0.1:${first + 10}-${first + 20}:80"] }`);
    await scratch.up();
    const { Ports } = (await inspect('one-1')).NetworkSettings;
    expect(Ports).toMatchObject(
      Object.fromEntries(
        [0, 1, 2].map((n) => [`${9000 + n}/tcp`, [{ HostIp: '127.0.0.1', HostPort: `${first + n}` }]]),
      ),
    );
    const picked = await Promise.all(
      [1, 2, 3, 4, 5].map(async (n) => (await inspect(`five-${n}`)).NetworkSettings.Ports['80/tcp']?.[0]?.HostPort),
    );
    expect(new Set(picked).size).toBe(5);
    for (const port of picked) expect(Number(port)).toBeGreaterThanOrEqual(first + 10);
  });

  it('§5.42 create_host_path: false and missing is an error, the short form makes the folder', async () => {
    await scratch.write(
      `services: { a: { ${idle}, volumes: [{ type: bind, source: ./gone, target: /x, bind: { create_host_path: false } }] } }`,
    );
    const problem = await failure(scratch.up());
    expect(`${problem.title} ${problem.cause}`).toContain('gone');
    expect(await scratch.containers()).toEqual({});
    await scratch.write(`services: { a: { ${idle}, volumes: ["./gone:/x"] } }`);
    await scratch.up();
    expect((await stat(join(scratch.folder, 'gone'))).isDirectory()).toBe(true);
  });

  it('§5.41 §5.43 §5.44 environment, secrets and configs arrive with their modes and values', async () => {
    await writeFile(join(scratch.folder, 'own.env'), 'WORD=from-file\nNAME=world\n');
    await scratch.write(`services:
  a:
    ${lines}
    environment: { WORD: , NOWHERE: , "EMPTY": "" }
    secrets: [{ source: s, target: word, mode: 0400, uid: "1000", gid: "1000" }]
    configs: [{ source: c, target: /etc/greeting }]
secrets: { s: { environment: WORD } }
configs: { c: { content: "hello \${NAME}, $$HOME" } }`);
    const project = await loadProject({
      files: [scratch.file],
      projectName: scratch.project,
      variables: {},
      envFiles: [join(scratch.folder, 'own.env')],
    });
    await scratch.up({ project });
    const variables = (await inside('a-1', 'env')).split('\n');
    expect(variables).toContain('WORD=from-file');
    expect(variables).toContain('EMPTY=');
    expect(variables.filter((line) => line.startsWith('NOWHERE'))).toEqual([]);
    expect(await inside('a-1', 'cat', '/run/secrets/word')).toBe('from-file');
    expect(await inside('a-1', 'ls', '-ln', '/run/secrets/word')).toMatch(/^-r-------- 1 1000 1000 /);
    expect(await inside('a-1', 'cat', '/etc/greeting')).toBe('hello world, $HOME');
  });

  it('§5.43 a secret from a variable cannot be written into what is read_only', async () => {
    await scratch.write(
      `services: { a: { ${idle}, read_only: true, secrets: [s] } }\nsecrets: { s: { environment: WORD } }`,
    );
    const project = await loadProject({
      files: [scratch.file],
      projectName: scratch.project,
      variables: { WORD: 'x' },
      envFiles: [],
    });
    expect((await failure(scratch.up({ project }))).cause).toContain('read_only');
    expect(await scratch.containers()).toEqual({});
  });

  it('§5.45 §5.48 limits of deploy, and the time to stop, are as the engine shows those of Compose', async () => {
    await scratch.write(`services:
  a:
    ${lines}
    deploy: { resources: { limits: { cpus: "0.5", memory: 64M }, reservations: { memory: 32M } } }
    cpu_shares: 512
    stop_grace_period: 90s
    stop_signal: SIGINT`);
    await scratch.up();
    const ours = await inspect('a-1');
    expect(ours.Config).toMatchObject({ StopTimeout: 90, StopSignal: 'SIGINT' });
    expect(ours.HostConfig).toMatchObject({ NanoCpus: 5e8, Memory: 64 << 20, MemoryReservation: 32 << 20 });
    await scratch.down();
    await scratch.compose('create');
    const theirs = await inspect('a-1');
    for (const key of ['StopTimeout', 'StopSignal']) expect(ours.Config[key]).toEqual(theirs.Config[key]);
    expect(ours.HostConfig).toEqual(theirs.HostConfig);
  });

  it('§5.46 aliases resolve on their own network only', async () => {
    await scratch.write(`services:
  both: { ${idle}, networks: { front: { aliases: [shown] }, back: { aliases: [hidden] } } }
  front: { ${idle}, networks: [front] }
  back: { ${idle}, networks: [back] }
networks: { front: , back: }`);
    await scratch.up();
    const address = /^\d+\.\d+\.\d+\.\d+\s/;
    expect(await inside('front-1', 'getent', 'hosts', 'shown')).toMatch(address);
    expect(await inside('back-1', 'getent', 'hosts', 'hidden')).toMatch(address);
    expect(await inside('front-1', 'getent', 'hosts', 'both')).toMatch(address);
    expect(await inside('front-1', 'getent', 'hosts', 'hidden')).toBe('');
    expect(await inside('back-1', 'getent', 'hosts', 'shown')).toBe('');
  });

  it('§5.47 network_mode of a service is its container, and follows it to the next one', async () => {
    const yaml = (word: string) => `services:
  a: { ${idle}, environment: { A: "${word}" } }
  b: { ${idle}, network_mode: "service:a", pid: "service:a" }`;
    await scratch.write(yaml('1'));
    await scratch.up();
    const before = await inspect('b-1');
    expect(before.HostConfig.NetworkMode).toBe(`container:${(await inspect('a-1')).Id}`);
    await scratch.write(yaml('2'));
    await scratch.up();
    const [a, b] = [await inspect('a-1'), await inspect('b-1')];
    expect(b.Id).not.toBe(before.Id);
    expect(b.HostConfig).toMatchObject({ NetworkMode: `container:${a.Id}`, PidMode: `container:${a.Id}` });
  });

  it.each([
    [
      'two services of one name',
      'a: { image: x, container_name: n }, b: { image: x, container_name: n }',
      'have the same',
    ],
    ['a name for several replicas', 'a: { image: x, container_name: n, scale: 2 }', 'container_name'],
  ])('§5.49 %s are refused before anything is made', async (_name, services, words) => {
    await scratch.write(`services: { ${services} }`);
    const problem = await failure(scratch.up());
    expect(problem.code).toBe('compose-invalid');
    expect(`${problem.title} ${problem.cause}`).toContain(words);
    expect(await scratch.containers()).toEqual({});
  });
});

describe('down', () => {
  const silent = {
    phase: () => undefined,
    detail: () => undefined,
    done: () => undefined,
    skip: () => undefined,
    fail: () => undefined,
  };

  async function down(volumes: boolean): Promise<void> {
    const { signal } = new AbortController();
    const teardown = { engine, project: scratch.project, report: () => silent, signal };
    await stopContainers(teardown, await projectContainers(engine, scratch.project), { volumes });
    await removeNetworks(engine, scratch.project);
    if (volumes) await removeVolumes(engine, scratch.project);
  }

  it('§5.61 a dependency ends after what depends on it has, as the events tell', async () => {
    await scratch.write(`services:
  db: { ${idle} }
  api: { ${idle}, depends_on: [db] }
  web: { ${idle}, depends_on: [api] }`);
    await scratch.up();
    const events: EngineEvent[] = [];
    const listening = new AbortController();
    await new Promise<void>((resolve) => {
      const options = { labels: [`${projectLabel}=${scratch.project}`], types: ['container'], onOpen: resolve };
      engine.events(options, (event) => events.push(event), listening.signal).catch(() => undefined);
    });
    await down(false);
    const ended = (action: string) =>
      events.filter((event) => event.action === action).map((event) => event.attributes['com.docker.compose.service']);
    await expect.poll(() => ended('destroy').length, { timeout: 10_000 }).toBe(3);
    listening.abort();
    expect(ended('die')).toEqual(['web', 'api', 'db']);
  });

  it('§5.62 a network that others use stays, and they are named; the rest goes', async () => {
    await scratch.write(`services: { a: { ${idle}, networks: [shared, own] } }\nnetworks: { shared: , own: }`);
    await scratch.up();
    const shared = `${scratch.project}_shared`;
    await other.write(
      `services: { guest: { ${idle}, networks: [theirs] } }\nnetworks: { theirs: { external: true, name: ${shared} } }`,
    );
    await other.up();
    const problem = await failure(down(false));
    expect(problem.code).toBe('network-in-use');
    expect(problem.cause).toContain(`${other.project}-guest-1`);
    expect(await scratch.containers()).toEqual({});
    const left = await engine.listNetworks([`${projectLabel}=${scratch.project}`]);
    expect(left.map(({ Name }) => Name)).toEqual([shared]);
    await other.down();
  });

  it('§5.63 -v removes named and anonymous volumes, and nothing external', async () => {
    await mkdir(join(other.folder, 'x'));
    await other.write(`services: { a: { ${idle}, volumes: ["kept:/k"] } }\nvolumes: { kept: }`);
    await other.up();
    const kept = `${other.project}_kept`;
    await scratch.write(
      `services: { a: { ${idle}, volumes: ["named:/n", "/anonymous", "kept:/k"] } }\nvolumes: { named: , kept: { external: true, name: ${kept} } }`,
    );
    await scratch.up();
    const mounted = (await inspect('a-1')).Mounts.flatMap(({ Name }) => (Name === undefined ? [] : [Name]));
    expect(mounted).toHaveLength(3);
    await down(true);
    const left = await Promise.all(mounted.map(async (name) => ((await engine.inspectVolume(name)) ? [name] : [])));
    expect(left.flat()).toEqual([kept]);
    expect(await engine.listNetworks([`${projectLabel}=${scratch.project}`])).toEqual([]);
  });
});
