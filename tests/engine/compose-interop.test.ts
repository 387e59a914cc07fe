/**
 * Both ways beside real Docker Compose on the real engine: what one starts, the other takes for its own.
 * Always with 2.26; with others too where QUAYSIDE_COMPOSE_PEERS names them: "2.40.3=/path/to/it,5.7.0=/path/to/it".
 */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureComposePeer } from '../../scripts/setup/compose-peer.mjs';
import { dialectOf, type HashDialect } from '../../src/main/compose/config-hash.ts';
import { loadProject } from '../../src/main/compose/load.ts';
import { projectLabel } from '../../src/shared/model/compose-labels.ts';
import { freePort } from '../free-port.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { stackKinds } from './stack-kinds.ts';
import { ensureTinyImage } from './tiny-image.ts';

const run = promisify(execFile);
const engine = openEngine();
const tinyImage = await ensureTinyImage(engine);
const others = (process.env.QUAYSIDE_COMPOSE_PEERS ?? '').split(',').filter((entry) => entry.includes('='));
const peers: (readonly [string, string])[] = [
  ['2.26.1', await ensureComposePeer()],
  ...others.map((entry) => {
    const [version = '', path = ''] = entry.split('=');
    return [version, path] as const;
  }),
];
afterAll(() => engine.close());

const port = await freePort();
const kinds = stackKinds(tinyImage, port);

interface PsLine {
  readonly Name: string;
  readonly Names: string;
  readonly Service: string;
  readonly State: string;
  readonly Health: string;
  readonly ExitCode: number;
  readonly Publishers: readonly { readonly PublishedPort: number }[] | null;
}

describe.each(peers)('beside Docker Compose %s', (version, path) => {
  const dialect: HashDialect = dialectOf(version) ?? 'D5';
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await createScratch(engine, path);
    await mkdir(join(scratch.folder, 'host'));
    await writeFile(join(scratch.folder, 'word'), 'the word');
  });
  afterEach(() => scratch.close());

  /** Its output, without the codes that 2.26 moves the cursor with. */
  const compose = async (...words: string[]) => (await scratch.compose(...words)).replaceAll('\u001b[2K', '');

  /** What `ps` says of every container, ended ones too; a port the engine picked is "some". */
  async function ps(): Promise<unknown[]> {
    const text = (await compose('ps', '-a', '--format', 'json')).trim();
    const lines = text.split('\n').map((line) => JSON.parse(line) as PsLine);
    return lines
      .map(({ Name, Names, Service, State, Health, ExitCode, Publishers }) => ({
        Name,
        Names,
        Service,
        State,
        Health,
        ExitCode,
        Publishers: (Publishers ?? [])
          .map((one) => ({
            ...one,
            PublishedPort: one.PublishedPort > 0 && one.PublishedPort !== port ? 'some' : one.PublishedPort,
          }))
          .map((one) => JSON.stringify(one))
          .sort(),
      }))
      .sort((a, b) => (a.Name < b.Name ? -1 : 1));
  }

  /** Each container with the moment it last started: the same after a no-op. */
  async function started(): Promise<Record<string, string>> {
    const all = await scratch.containers();
    const entries = Object.entries(all).map(async ([name, { id }]) => {
      const raw = (await engine.inspectContainer(id)) as { State?: { StartedAt?: string; Status?: string } } | null;
      // A one-shot that ended is run again by Compose at every `up`.
      return [name, raw?.State?.Status === 'running' ? `${id} ${raw.State.StartedAt ?? ''}` : id] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  async function left(): Promise<unknown> {
    const filter = [`${projectLabel}=${scratch.project}`];
    const [containers, networks, volumes] = await Promise.all([
      engine.listContainers(filter),
      engine.listNetworks(filter),
      engine.listVolumes(filter),
    ]);
    return { containers, networks, volumes };
  }
  const nothing = { containers: [], networks: [], volumes: [] };

  describe.each(Object.keys(kinds))('%s', (kind) => {
    const yaml = kinds[kind] ?? '';

    it('§5.1 §5.2 §5.4 §5.9 ours: its ps is as of its own, its up changes nothing, its down -v removes everything', async () => {
      await scratch.write(yaml);
      await compose('up', '-d', '--wait').catch((error: unknown) => {
        // A one-shot that ends makes `--wait` fail in some releases; what runs is the same.
        if (!yaml.includes('service_completed_successfully')) throw error;
      });
      const theirs = await ps();
      await compose('down', '-v');
      expect(await left()).toEqual(nothing);

      await scratch.up({ dialect });
      expect(await ps()).toEqual(theirs);
      const before = await started();
      const output = await compose('up', '-d');
      expect(await started()).toEqual(before);
      // Releases before 5 print "Running" for what they leave alone.
      expect(output).toMatch(/Running/);
      expect(output).not.toMatch(/Recreat|data will be lost/);
      await run(path, ['-p', scratch.project, 'down', '-v'], { cwd: '/' });
      expect(await left()).toEqual(nothing);
    });

    it('§5.3 theirs: our up makes no call that changes anything', async () => {
      await scratch.write(yaml);
      await compose('up', '-d');
      await scratch.up({ dialect });
      const before = await started();
      const calls = new Set<string>();
      const recording = new Proxy(engine, {
        get(target, name: keyof typeof engine) {
          calls.add(name);
          return target[name];
        },
      });
      await scratch.up({ dialect, engine: recording });
      expect(await started()).toEqual(before);
      expect([...calls].filter((name) => !/^(version|list|inspect|events)/.test(name))).toEqual([]);
      await scratch.down();
      expect(await left()).toEqual(nothing);
    });
  });

  it('§5.3 theirs, healthy: our first up leaves ids and starts as they are', async () => {
    await scratch.write(kinds.graph ?? '');
    await compose('up', '-d', '--wait');
    const before = await started();
    await scratch.up({ dialect });
    expect(await started()).toEqual(before);
  });

  it('§5.5 §5.6 ours: its logs and its ls know the stack', async () => {
    await scratch.write(kinds['networks, volumes, secrets and a job'] ?? '');
    await scratch.up({ dialect });
    // The name is the container's own where the file gives one.
    const logs = await compose('logs', 'db');
    expect(logs).toMatch(/^quayside-test-own-name\s+\| the word$/m);
    expect(logs).toMatch(/^quayside-test-own-name\s+\| to the error stream$/m);
    const listed = JSON.parse(await compose('ls', '--all', '--format', 'json')) as Record<string, string>[];
    expect(listed.find(({ Name }) => Name === scratch.project)).toEqual({
      Name: scratch.project,
      Status: 'exited(1), running(3)',
      ConfigFiles: scratch.file,
    });
  });

  it('§5.5 ours: its logs prefix each line with service and number', async () => {
    await scratch.write(
      `services: { db: { image: "${tinyImage}", init: true, command: ["sh", "-c", "echo one; sleep 1000"] } }`,
    );
    await scratch.up({ dialect });
    expect(await compose('logs')).toMatch(/^db-1\s+\| one$/m);
  });

  it('§5.7 ours, of two files: ps, up and down know both', async () => {
    await scratch.write(kinds.flat ?? '');
    const over = join(scratch.folder, 'over.yaml');
    await writeFile(over, 'services: { a: { environment: { OVER: "1" } } }');
    const files = [scratch.file, over];
    await scratch.up({
      dialect,
      project: await loadProject({ files, projectName: scratch.project, variables: {}, envFiles: [] }),
    });
    const before = await started();
    const listed = JSON.parse(await compose('ls', '--format', 'json')) as Record<string, string>[];
    expect(listed.find(({ Name }) => Name === scratch.project)?.ConfigFiles).toBe(files.join(','));
    await compose('-f', over, 'up', '-d', '--wait');
    expect(await started()).toEqual(before);
  });
});
