/** The adapter against a real engine: what each call does, and what it refuses. */
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import type { EngineEvent, JsonObject } from '../../src/main/engine/engine-client.ts';
import { ProblemError } from '../../src/shared/model/problem.ts';
import { ensureTinyImage, removeTestImage, tarOf } from './tiny-image.ts';

const project = `qs-client-${process.pid}`;
const owner = { project };
const labels = { 'com.docker.compose.project': project, 'com.docker.compose.service': 'tool' };
const engine = createDockerEngine({ url: 'unix:///var/run/docker.sock', foundBy: 'test' });
let image = '';

beforeAll(async () => {
  image = await ensureTinyImage(engine);
});

afterAll(async () => {
  for (const { id } of await engine.listContainers([`com.docker.compose.project=${project}`])) {
    await engine.removeContainer(id, owner, { force: true });
  }
  for (const network of await engine.listNetworks([`com.docker.compose.project=${project}`])) {
    await engine.removeNetwork(String(network.Id), owner);
  }
  await removeTestImage(`quayside-test/built:${process.pid}`);
  engine.close();
});

let made = 0;
async function run(cmd: string[], more: JsonObject = {}): Promise<string> {
  made += 1;
  const body = { Image: image, Cmd: cmd, Labels: labels, StopTimeout: 1, ...more };
  const { id } = await engine.createContainer(`${project}-${made}`, body);
  await engine.startContainer(id, owner);
  return id;
}

async function codeOf(act: Promise<unknown>): Promise<string> {
  return act.then(
    () => 'no failure',
    (error: unknown) => (error instanceof ProblemError ? error.problem.code : String(error)),
  );
}

describe('containers', () => {
  it('lives a life: created, started, renamed, stopped, removed; twice is harmless', async () => {
    const id = await run(['sleep', '600'], { HostConfig: { Init: true } });
    await engine.startContainer(id, owner);
    await engine.renameContainer(id, owner, `${project}-renamed`);
    const [listed] = (await engine.listContainers([`com.docker.compose.project=${project}`])).filter(
      (c) => c.id === id,
    );
    expect(listed).toMatchObject({ name: `${project}-renamed`, state: 'running', labels });
    await engine.stopContainer(id, owner, 1);
    await engine.stopContainer(id, owner);
    const raw = await engine.inspectContainer(id);
    expect(raw?.State).toMatchObject({ Status: 'exited' });
    await engine.removeContainer(id, owner);
    await engine.removeContainer(id, owner);
    expect(await engine.inspectContainer(id)).toBeNull();
  });

  it('changes nothing that belongs to someone else', async () => {
    const id = await run(['sleep', '600'], { HostConfig: { Init: true } });
    const stranger = { project: 'someone-else' };
    expect(await codeOf(engine.stopContainer(id, stranger))).toBe('not-ours');
    expect(await codeOf(engine.removeContainer(id, stranger, { force: true }))).toBe('not-ours');
    expect(await codeOf(engine.renameContainer(id, stranger, 'x-y'))).toBe('not-ours');
    expect(await codeOf(engine.exec(id, stranger, { cmd: ['true'] }))).toBe('not-ours');
    expect(await codeOf(engine.getArchive(id, stranger, '/tmp'))).toBe('not-ours');
    expect(await codeOf(engine.removeContainer(id, { project: '' }, { force: true }))).toBe('not-ours');
    expect((await engine.inspectContainer(id))?.State).toMatchObject({ Running: true });
    await engine.removeContainer(id, owner, { force: true });
  });

  it('says in a code what stands in the way', async () => {
    const port = { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }] };
    const first = await run(['sleep', '600'], { ExposedPorts: { '80/tcp': {} }, HostConfig: { PortBindings: port } });
    const taken = (await engine.inspectContainer(first)) as unknown as {
      NetworkSettings: { Ports: Record<string, { HostPort: string }[]> };
    };
    const held = taken.NetworkSettings.Ports['80/tcp']?.[0]?.HostPort ?? '';
    const again = { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: held }] };
    const second = run(['sleep', '600'], { ExposedPorts: { '80/tcp': {} }, HostConfig: { PortBindings: again } });
    await expect(second).rejects.toMatchObject({ problem: { code: 'port-taken', title: `Port ${held} is taken` } });
    expect(await codeOf(engine.createContainer(`${project}-1x`, { Image: 'no/such:image' }))).toBe('image-not-found');
    made -= 1;
    expect(await codeOf(run(['sleep', '1']))).toBe('name-taken');
    expect(await codeOf(engine.startContainer('0123456789ab', owner))).toBe('container-gone');
    await engine.removeContainer(first, owner, { force: true });
  });
});

describe('exec', () => {
  it('collects output, exit code and a bounded amount', async () => {
    const id = await run(['sleep', '600']);
    const sh = (script: string, maxBytes?: number) =>
      engine.exec(id, owner, { cmd: ['sh', '-c', script], env: ['A=b'] }, maxBytes === undefined ? {} : { maxBytes });
    expect(await sh('echo out $A; echo err >&2; exit 3')).toEqual({ exitCode: 3, stdout: 'out b\n', stderr: 'err\n' });
    expect((await sh('yes | head -c 3000000', 1000)).stdout).toHaveLength(1000);
    await expect(engine.exec(id, owner, { cmd: ['no-such-tool'] })).resolves.toMatchObject({
      exitCode: expect.toSatisfy((code: number) => code === 126 || code === 127),
    });
    await engine.removeContainer(id, owner, { force: true });
  });

  it('streams binary data whole, and its reader sets the pace', async () => {
    const id = await run(['sleep', '600']);
    const spec = { cmd: ['sh', '-c', 'seq 1 3000000; echo side >&2; exit 4'] };
    const { stdout, done } = await engine.execStream(id, owner, spec, new AbortController().signal);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of stdout) {
      bytes += (chunk as Buffer).length;
      hash.update(chunk as Buffer);
    }
    expect(await done).toEqual({ exitCode: 4, stderr: 'side\n' });
    const own = await engine.exec(id, owner, { cmd: ['sh', '-c', 'seq 1 3000000 | sha256sum'] });
    expect(bytes).toBe(22_888_896);
    expect(own.stdout.slice(0, 64)).toBe(hash.digest('hex'));
    await engine.removeContainer(id, owner, { force: true });
  });

  it.each(['kill', 'abort'])('leaves no process behind after %s', async (how) => {
    const id = await run(['sleep', '600']);
    const abort = new AbortController();
    const stream = await engine.execStream(id, owner, { cmd: ['sh', '-c', 'echo go; sleep 4242'] }, abort.signal);
    const ended = stream.done.catch((error: unknown) => error);
    stream.stdout.on('error', () => undefined);
    await new Promise((resolve) => {
      stream.stdout.once('data', resolve);
    });
    if (how === 'kill') stream.kill();
    else abort.abort();
    expect(await ended).toBeInstanceOf(Error);
    // Not only the shell: its child too.
    await expect
      .poll(
        async () =>
          (await engine.exec(id, owner, { cmd: ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'] })).stdout,
        {
          timeout: 5000,
        },
      )
      .not.toMatch(/sleep 4242/);
    await engine.removeContainer(id, owner, { force: true });
  });
});

describe('streams', () => {
  it('follows a log with stamps, both sources, until the container ends', async () => {
    const id = await run(['sh', '-c', 'echo one; echo two >&2; sleep 0.3; echo three']);
    const lines: string[] = [];
    await engine.logs(
      id,
      { follow: true, tail: 100 },
      ({ source, data }) => lines.push(`${source} ${data.toString()}`),
      new AbortController().signal,
    );
    const stamped = (source: string, line: string) =>
      expect.stringMatching(new RegExp(`^${source} \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z ${line}\\n$`));
    expect(lines.toSorted()).toEqual(
      [stamped('stderr', 'two'), stamped('stdout', 'one'), stamped('stdout', 'three')].toSorted(),
    );
    await engine.removeContainer(id, owner, { force: true });
  });

  it('measures until the container is gone', async () => {
    const id = await run(['sleep', '600']);
    const samples: JsonObject[] = [];
    const watching = engine.stats(id, (raw) => samples.push(raw), new AbortController().signal);
    await expect.poll(() => samples.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    await engine.removeContainer(id, owner, { force: true });
    await watching;
    expect(samples[0]).toHaveProperty('cpu_stats');
  });

  it('tells events as they happen, and only those asked for', async () => {
    const seen: EngineEvent[] = [];
    const abort = new AbortController();
    const watching = new Promise<Promise<void>>((resolve) => {
      const ended = engine.events(
        {
          labels: [`com.docker.compose.project=${project}`],
          types: ['container'],
          actions: ['start', 'die', 'health_status'],
          onOpen: () => resolve(Promise.resolve()),
        },
        (event) => seen.push(event),
        abort.signal,
      );
      ended.catch(() => undefined);
    });
    await watching;
    const id = await run(['sleep', '600'], {
      HostConfig: { Init: true },
      Healthcheck: { Test: ['CMD', 'true'], Interval: 200_000_000, Timeout: 1_000_000_000 },
    });
    await expect
      .poll(() => seen.map((e) => `${e.action} ${e.attributes.health ?? ''}`), { timeout: 10_000 })
      .toContain('health_status healthy');
    const before = Date.now();
    await engine.stopContainer(id, owner);
    await expect.poll(() => seen.map((e) => e.action), { timeout: 15_000 }).toEqual(['start', 'health_status', 'die']);
    expect(seen.every((event) => event.id === id)).toBe(true);
    expect(Math.abs((seen[2]?.atMs ?? 0) - before)).toBeLessThan(5000);
    abort.abort();
    await engine.removeContainer(id, owner, { force: true });
  });
});

describe('files, networks and images', () => {
  it('puts files in and takes them out', async () => {
    const id = await run(['sleep', '600']);
    await engine.putArchive(id, owner, '/tmp', tarOf({ 'note.txt': 'héllo' }));
    const out = extract();
    const found: string[] = [];
    out.on('entry', (header, stream, next) => {
      void text(stream).then((content) => {
        found.push(`${header.name}=${content}`);
        next();
      });
    });
    const archive = await engine.getArchive(id, owner, '/tmp/note.txt');
    await new Promise((resolve, reject) => {
      archive
        .pipe(out)
        .once('finish', () => resolve(null))
        .once('error', reject);
    });
    expect(found).toEqual(['note.txt=héllo']);
    expect(await codeOf(engine.getArchive(id, owner, '/no/such'))).toBe('engine-refused');
    await engine.removeContainer(id, owner, { force: true });
  });

  it('makes, joins and removes its own networks only', async () => {
    const network = await engine.createNetwork({ Name: `${project}-net`, CheckDuplicate: true, Labels: labels });
    const id = await run(['sleep', '600']);
    await engine.connectNetwork(network, owner, { Container: id, EndpointConfig: { Aliases: ['tool'] } });
    expect((await engine.inspectNetwork(network))?.Containers).toHaveProperty(id);
    expect(await codeOf(engine.removeNetwork('bridge', owner))).toBe('not-ours');
    await engine.disconnectNetwork(network, owner, id);
    await engine.removeContainer(id, owner, { force: true });
    await engine.removeNetwork(network, owner);
    await engine.removeNetwork(network, owner);
    expect(await engine.inspectNetwork(network)).toBeNull();
  });

  it('builds an image, and gives the last lines of one that fails', async () => {
    const context = (dockerfile: string) => tarOf({ Dockerfile: dockerfile });
    const tag = `quayside-test/built:${process.pid}`;
    const steps: string[] = [];
    const good = context(`FROM ${image}\nARG WORD=x\nRUN echo said $WORD > /tmp/word\nLABEL a=b\n`);
    await engine.buildImage(good, { tag, buildArgs: { WORD: 'hello' } }, ({ status }) => steps.push(status));
    expect(steps).toContain('Step 3/4 : RUN echo said $WORD > /tmp/word');
    expect(await engine.inspectImage(tag)).toMatchObject({ RepoTags: [tag] });
    const bad = context(`FROM ${image}\nRUN echo the reason >&2; exit 9\n`);
    await expect(engine.buildImage(bad, { tag: `${tag}-bad` }, () => undefined)).rejects.toMatchObject({
      problem: { code: 'build-failed', evidence: expect.arrayContaining(['the reason']) },
    });
  });

  it('cancels a build', async () => {
    const tar = tarOf({ Dockerfile: `FROM ${image}\nRUN echo begun; sleep 300\n` });
    const abort = new AbortController();
    const building = engine.buildImage(
      tar,
      { tag: `quayside-test/never:${process.pid}` },
      () => abort.abort(),
      abort.signal,
    );
    await expect(building).rejects.toMatchObject({ name: 'AbortError' });
  });
});
