/** An engine behind a real sshd: the same calls, streams and upgrades, and each way it can fail told in its own words. */
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDockerEngine, type DockerEngine } from '../../src/main/engine/docker-engine.ts';
import { createEngineMonitor } from '../../src/main/engine/engine-monitor.ts';
import { ProblemError } from '../../src/shared/model/problem.ts';
import { privateEngineMissing } from './private-engine.ts';
import { type SshEngine, startSshEngine } from './private-ssh.ts';

const reason = privateEngineMissing();
if (reason !== null) console.warn(`SKIPPED: engines over ssh: ${reason}`);

const owner = { project: 'quayside-test-ssh' };
const labels = { 'com.docker.compose.project': owner.project };

describe.skipIf(reason !== null)('an engine over ssh', () => {
  let far: SshEngine;
  let engine: DockerEngine;
  let image = '';
  beforeAll(async () => {
    far = await startSshEngine();
    image = await far.engine.loadTinyImage();
    engine = open(far.url);
  });
  afterAll(async () => {
    engine?.close();
    await far?.close();
  });

  function open(url: string): DockerEngine {
    return createDockerEngine({ url, foundBy: 'test' });
  }

  async function problemOf(url: string): Promise<string> {
    const client = open(url);
    try {
      await client.version();
      return 'no failure';
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      // Each says what shows it, and what to do besides looking again.
      expect(error.problem.evidence.join('\n')).toMatch(/\S/);
      expect(error.problem.remedies.filter(({ action }) => action !== 'retry').length).toBeGreaterThan(0);
      return error.problem.code;
    } finally {
      client.close();
    }
  }

  /** The ssh processes of this test's connections. */
  function ours(): number[] {
    return readdirSync('/proc')
      .filter((pid) => {
        try {
          const [program = '', ...words] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
          return /^\d+$/.test(pid) && program.endsWith('/ssh') && words.includes(far.host);
        } catch {
          return false;
        }
      })
      .map(Number);
  }

  async function container(cmd: string[]): Promise<string> {
    const { id } = await engine.createContainer(`qs-ssh-${Math.random().toString(36).slice(2)}`, {
      Image: image,
      Cmd: cmd,
      Labels: labels,
      HostConfig: { Init: true },
    });
    await engine.startContainer(id, owner);
    return id;
  }

  it('is the far engine, and keeps its connections', async () => {
    const near = createDockerEngine({ url: far.engine.url, foundBy: 'test' });
    const [a, b] = [await near.version(), await engine.version()];
    expect(b).toEqual(a);
    const before = far.signedIn();
    const median = async (client: DockerEngine): Promise<number> => {
      const took: number[] = [];
      for (let round = 0; round < 21; round += 1) {
        const from = performance.now();
        await client.ping(new AbortController().signal);
        took.push(performance.now() - from);
      }
      return took.sort((x, y) => x - y)[10] ?? Number.NaN;
    };
    const [socketMs, sshMs] = [await median(near), await median(engine)];
    console.info(`/version p50: socket ${socketMs.toFixed(1)} ms, ssh ${sshMs.toFixed(1)} ms`);
    expect(far.signedIn()).toBe(before);
    // What signs in for each call takes 40 times as long.
    expect(sshMs / socketMs).toBeLessThan(4);
    near.close();
  });

  it('streams events, logs and stats, and runs commands with their input held open', async () => {
    const abort = new AbortController();
    const seen: string[] = [];
    let opened = false;
    const watching = engine
      .events(
        { labels: [`com.docker.compose.project=${owner.project}`], onOpen: () => (opened = true) },
        (event) => seen.push(event.action),
        abort.signal,
      )
      .catch((error: unknown) => error);
    await expect.poll(() => opened, { timeout: 15_000 }).toBe(true);
    const id = await container(['sh', '-c', 'echo one; echo two >&2; sleep 600']);
    await expect.poll(() => seen, { timeout: 15_000 }).toContain('start');

    const lines: string[] = [];
    const reading = engine
      .logs(id, { follow: true, tail: 10 }, ({ source, data }) => lines.push(`${source} ${data}`), abort.signal)
      .catch((error: unknown) => error);
    await expect.poll(() => lines.length, { timeout: 15_000 }).toBe(2);

    const samples: unknown[] = [];
    const measuring = engine.stats(id, (raw) => samples.push(raw), abort.signal).catch((error: unknown) => error);
    await expect.poll(() => samples.length, { timeout: 10_000 }).toBeGreaterThan(1);

    expect(await engine.exec(id, owner, { cmd: ['sh', '-c', 'echo out; echo err >&2; exit 3'] })).toEqual({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    const { stdout, done } = await engine.execStream(id, owner, { cmd: ['seq', '1', '300000'] }, abort.signal);
    let bytes = 0;
    for await (const chunk of stdout) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(1_988_895);
    expect(await done).toMatchObject({ exitCode: 0 });

    abort.abort();
    for (const ended of [watching, reading, measuring]) expect(await ended).toMatchObject({ name: 'AbortError' });
    await engine.removeContainer(id, owner, { force: true });
  });

  it('kills a long command on the far side when its reader lets go', async () => {
    const id = await container(['sleep', '600']);
    const abort = new AbortController();
    const stream = await engine.execStream(id, owner, { cmd: ['sh', '-c', 'echo go; sleep 4242'] }, abort.signal);
    stream.stdout.on('error', () => undefined);
    const ended = stream.done.catch((error: unknown) => error);
    await new Promise((resolve) => stream.stdout.once('data', resolve));
    stream.kill();
    expect(await ended).toBeInstanceOf(Error);
    const processes = { cmd: ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'] };
    await expect
      .poll(async () => (await engine.exec(id, owner, processes)).stdout, { timeout: 15_000 })
      .not.toMatch(/sleep 4242/);
    await engine.removeContainer(id, owner, { force: true });
  });

  it('takes thirty calls at once, more than sshd lets sign in at a time', async () => {
    const fresh = open(far.url);
    const all = await Promise.all(Array.from({ length: 30 }, () => fresh.listNetworks([])));
    expect(all.every((networks) => networks.length >= 3)).toBe(true);
    fresh.close();
  });

  it('leaves no ssh behind once it is closed', async () => {
    // One of an earlier client may still be on its way out.
    const before = new Set(ours());
    const opened = (): number[] => ours().filter((pid) => !before.has(pid));
    const fresh = open(far.url);
    await fresh.version();
    expect(opened()).toHaveLength(1);
    fresh.close();
    await expect.poll(opened, { timeout: 15_000 }).toEqual([]);
  });

  it('follows the path in the address', async () => {
    const client = open(`${far.url}${far.engine.socket}`);
    expect((await client.version()).engineId).toBe((await engine.version()).engineId);
    client.close();
    expect(await problemOf(`${far.url}/run/nowhere.sock`)).toBe('engine-stopped');
  });

  it('tells each way to fail apart', async () => {
    const at = (user: string, host = far.host, port = far.port) => `ssh://${user}@${host}:${port}`;
    expect(await problemOf(at(far.guest))).toBe('engine-no-permission');
    expect(await problemOf(at('nobody-here'))).toBe('engine-ssh-denied');
    expect(await problemOf(at('root', far.host, 1))).toBe('engine-ssh-refused');
    expect(await problemOf(at('root', 'no-such-host.invalid'))).toBe('engine-ssh-host-unknown');
  });

  it('trusts no host key that ssh does not trust', async () => {
    const file = join(far.client, 'known_hosts');
    const good = readFileSync(file, 'utf8');
    const signedIn = far.signedIn();
    try {
      writeFileSync(file, '');
      expect(await problemOf(far.url)).toBe('engine-ssh-host-key-unknown');
      const key = readFileSync(join(far.client, 'id.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
      writeFileSync(file, `[${far.host}]:${far.port} ${key}\n`);
      expect(await problemOf(far.url)).toBe('engine-ssh-host-key-changed');
    } finally {
      writeFileSync(file, good);
    }
    expect(far.signedIn()).toBe(signedIn);
  });

  it('says when docker is not there, when ssh has a bad configuration, and when ssh itself is missing', async () => {
    const config = join(far.client, 'client.conf');
    const good = readFileSync(config, 'utf8');
    const path = process.env.PATH;
    try {
      appendFileSync(config, 'NoSuchOption yes\n');
      expect(await problemOf(far.url)).toBe('engine-ssh-config');
      writeFileSync(config, good);
      process.env.PATH = '/nowhere';
      const client = open(far.url);
      await expect(client.version()).rejects.toMatchObject({ problem: { code: 'engine-ssh-missing' } });
      client.close();
    } finally {
      process.env.PATH = path;
      writeFileSync(config, good);
    }
    const sshd = join(far.engine.folder, 'authorized', 'root');
    const keys = readFileSync(sshd, 'utf8');
    try {
      // The far side's shell finds no docker on its path.
      writeFileSync(sshd, `command="PATH=/nowhere; eval \\"$SSH_ORIGINAL_COMMAND\\"" ${keys}`);
      expect(await problemOf(far.url)).toBe('engine-ssh-no-docker');
    } finally {
      writeFileSync(sshd, keys);
    }
  });

  it('is watched like any other engine, through a stop of the engine and of the way there', async () => {
    const monitor = createEngineMonitor({ engine: far.url });
    try {
      await monitor.ready();
      expect(monitor.state).toMatchObject({ state: 'ready', endpoint: far.url });
      await far.engine.stop();
      monitor.check();
      await expect.poll(() => monitor.state.state, { timeout: 7000 }).toBe('stopped');
      expect(await monitor.startEngine()).toMatchObject({ state: 'stopped' });
      await far.engine.start();
      await expect.poll(() => monitor.state.state, { timeout: 10_000 }).toBe('ready');
      for (const pid of ours()) process.kill(pid, 'SIGKILL');
      monitor.check();
      await expect
        .poll(async () => (await monitor.ready(8000)).version(), { timeout: 12_000 })
        .toMatchObject({ os: 'linux' });
    } finally {
      monitor.close();
    }
  });
});
