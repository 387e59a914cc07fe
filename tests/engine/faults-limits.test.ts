/** What the world around a stack may refuse: room on the engine's disk, a name, a network that others use. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import type { EngineClient } from '../../src/main/engine/engine-client.ts';
import { takeLease } from '../../src/main/stack/lease.ts';
import { toProblem } from '../../src/shared/model/problem.ts';
import { endState } from './end-state.ts';
import { faultStack, markOf, problemOf } from './fault-stack.ts';
import { type PrivateEngine, privateEngineMissing, startPrivateEngine } from './private-engine.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage, tarOf } from './tiny-image.ts';

const missing = privateEngineMissing();
if (missing !== null) console.warn(`SKIPPED: a full disk: ${missing}`);

describe.skipIf(missing !== null)('a full disk', () => {
  let engine: PrivateEngine;
  let client: EngineClient;
  let scratch: Scratch;
  let image: string;
  let ballast: string;

  beforeAll(async () => {
    engine = await startPrivateEngine({ dataRootBytes: 80 * 1024 * 1024 });
    client = createDockerEngine({ url: engine.url, foundBy: 'test' });
    image = await engine.loadTinyImage();
    scratch = await createScratch(client);
  });
  afterAll(async () => {
    await scratch?.close().catch(() => undefined);
    client?.close();
    await engine?.close();
  });

  /** A container of a foreign project that takes what room there is. */
  async function fill(): Promise<void> {
    const owner = { project: 'quayside-test-ballast' };
    const body = {
      Image: image,
      Cmd: ['sleep', '1000'],
      Labels: { 'com.docker.compose.project': owner.project },
      HostConfig: { Init: true },
    };
    ballast = (await client.createContainer('quayside-test-ballast', body)).id;
    await client.startContainer(ballast, owner);
    const words = ['sh', '-c', 'dd if=/dev/zero of=/ballast bs=1M; dd if=/dev/zero of=/more bs=512; true'];
    await client.exec(ballast, owner, { cmd: words });
  }
  const free = () => client.removeContainer(ballast, { project: 'quayside-test-ballast' }, { force: true });

  it('is told as such, loses nothing, and up again converges once there is room', async () => {
    await scratch.write(faultStack(image));
    await scratch.up();
    const undisturbed = await endState(client, scratch.project);
    const mark = await markOf(client, scratch.project);

    await fill();
    await scratch.write(faultStack(image, 'two'));
    const full = await scratch.up().then(() => null, toProblem);
    expect(full).toMatchObject({ code: 'disk-full' });
    expect(full?.remedies.map(({ action }) => action)).toContain('free-space');
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index}`, 'x'.repeat(1 << 20)]));
    const importing = client.importImage(tarOf(files), 'quayside-test/too-big:1');
    expect(await problemOf(importing)).toBe('disk-full');

    await free();
    await scratch.write(faultStack(image));
    await scratch.up();
    expect(await endState(client, scratch.project)).toEqual(undisturbed);
    expect(await markOf(client, scratch.project)).toBe(mark);
  });

  it('does not keep a stack from being stopped and removed', async () => {
    await scratch.write(faultStack(image));
    await scratch.up();
    await fill();
    const lease = await takeLease({
      engine: client,
      project: scratch.project,
      title: 'Stop',
      signal: new AbortController().signal,
    });
    await scratch.down();
    await lease.release();
    expect(await scratch.containers()).toEqual({});
    await free();
  });
});

describe('others on the same engine', () => {
  const engine = openEngine();
  const foreign = `quayside-test-foreign-${randomBytes(3).toString('hex')}`;
  const owner = { project: foreign };
  let image: string;
  let scratch: Scratch;

  beforeAll(async () => {
    image = await ensureTinyImage(engine);
  });
  beforeEach(async () => {
    scratch = await createScratch(engine);
    await scratch.write(faultStack(image));
  });
  afterEach(async () => {
    for (const { id } of await engine.listContainers([`com.docker.compose.project=${foreign}`])) {
      await engine.removeContainer(id, owner, { force: true });
    }
    await scratch.close();
  });
  afterAll(() => engine.close());

  const theirs = (name: string, network?: string) =>
    engine.createContainer(name, {
      Image: image,
      Cmd: ['sleep', '1000'],
      Labels: { 'com.docker.compose.project': foreign },
      HostConfig: { Init: true, ...(network === undefined ? {} : { NetworkMode: network }) },
    });

  it('have the name of a container: it is named, theirs is left alone, and without it up converges', async () => {
    const { id } = await theirs(`${scratch.project}-db-1`);
    const refused = await scratch.up().then(() => null, toProblem);
    expect(refused?.code).toBe('name-taken');
    expect(refused?.title).toContain(`${scratch.project}-db-1`);
    expect(refused?.remedies.length).toBeGreaterThan(0);
    expect(await engine.inspectContainer(id)).not.toBeNull();
    await engine.removeContainer(id, owner, { force: true });
    await scratch.up();
    expect(Object.keys(await scratch.containers()).sort()).toEqual(['db-1', 'job-1', 'web-1', 'web-2']);
  });

  it('use its network: a removal says who, removes the rest, and goes through once they left', async () => {
    await scratch.up();
    const { id } = await theirs(`${foreign}-guest`, `${scratch.project}_front`);
    await engine.startContainer(id, owner);
    const refused = await scratch.down().then(() => null, toProblem);
    expect(refused).toMatchObject({ code: 'network-in-use', cause: expect.stringContaining(`${foreign}-guest`) });
    expect(refused?.remedies.length).toBeGreaterThan(0);
    const left = await endState(engine, scratch.project);
    expect(left.containers).toEqual([]);
    expect(left.networks).toEqual(['P_front']);
    await engine.removeContainer(id, owner, { force: true });
    await scratch.down();
    expect(await endState(engine, scratch.project)).toEqual({ containers: [], networks: [], volumes: [] });
  });
});
