/** Pulls of any project's images: a real engine, a real registry on this machine, and a proxy between them that breaks. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ComposeProject } from '../../src/main/compose/model.ts';
import type { EngineClient, PullProgress } from '../../src/main/engine/engine-client.ts';
import { createProjectImages } from '../../src/main/stack/project-images.ts';
import type { ImageNeed, StackImages } from '../../src/main/stack/stack-images.ts';
import { toProblem } from '../../src/shared/model/problem.ts';
import { composeProject } from '../fakes/compose-project.ts';
import { type Registry, removeImage, startRegistry } from '../fakes/registry.ts';
import { type RegistryProxy, startRegistryProxy } from '../fakes/registry-fault.ts';
import { openEngine } from './scratch.ts';

const never = new AbortController().signal;
const layerBytes = [3_000_000, 400_000, 1_500_000];
const local = 'quayside-test/layers:1';
// htpasswd's line for ann and "open-sesame".
const htpasswd = 'ann:$2b$04$abcdefghijklmnopqrstuuXcjcm5avyCiJoD2uS24xa2lb6fjMB3G\n';
const login = { username: 'ann', password: 'open-sesame' };
const folders: string[] = [];
const proxies: RegistryProxy[] = [];
const pulled = new Set<string>();

let engine: EngineClient;
let registry: Registry;
/** Wants a login. */
let closed: Registry;
let proxy: RegistryProxy;

beforeAll(async () => {
  engine = openEngine();
  await makeLayered(local, layerBytes);
  registry = await startRegistry();
  for (const name of ['layers:1', 'second:1', 'third:1']) await registry.push(local, name);
  closed = await startRegistry(htpasswd);
  await closed.push(local, 'private:1', login);
  // From here on its layers are in the registries only.
  await removeImage(local);
  proxy = await openProxy();
}, 120_000);

afterEach(async () => {
  Object.assign(proxy.faults, { status: null, stallAfter: null, cutOnceAfter: null, bytesPerS: null });
  for (const ref of pulled) await removeImage(ref);
  pulled.clear();
});

afterAll(async () => {
  for (const one of proxies) await one.close();
  await registry.close();
  await closed.close();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  engine.close();
});

async function openProxy(): Promise<RegistryProxy> {
  const made = await startRegistryProxy(registry.host);
  proxies.push(made);
  return made;
}

/** An image of bytes that do not compress, a layer of each size. */
async function makeLayered(tag: string, sizes: readonly number[]): Promise<void> {
  const tar = pack();
  const lines = sizes.map((_, index) => `COPY ${index} /${index}`);
  tar.entry({ name: 'Dockerfile' }, `FROM scratch\n${lines.join('\n')}\n`);
  for (const [index, size] of sizes.entries()) tar.entry({ name: String(index) }, randomBytes(size));
  tar.finalize();
  await engine.buildImage(Readable.from(tar), { tag }, () => undefined);
}

async function imagesWith(
  config: unknown = {},
  more: { stalledAfterMs?: number; now?: () => number } = {},
): Promise<StackImages> {
  const folder = await mkdtemp(join(tmpdir(), 'quayside-docker-config-'));
  folders.push(folder);
  await writeFile(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  return createProjectImages({ engine: () => engine, dockerConfigDir: folder, ...more });
}

function projectOf(refs: Readonly<Record<string, string>>, environment: Record<string, string> = {}): ComposeProject {
  for (const ref of Object.values(refs)) pulled.add(ref);
  const services = Object.fromEntries(Object.entries(refs).map(([name, image]) => [name, { image }]));
  return composeProject(services, { name: 'quayside-test-pull', environment });
}

async function needsOf(images: StackImages, project: ComposeProject): Promise<ImageNeed[]> {
  return images.needed(project, new Set(Object.keys(project.services)));
}

async function getAll(
  images: StackImages,
  project: ComposeProject,
  signal = never,
): Promise<{ seen: PullProgress[]; phases: string[] }> {
  const seen: PullProgress[] = [];
  const phases: string[] = [];
  const listener = {
    onPhase: (phase: string, detail: string) => void phases.push(`${phase} ${detail}`),
    onProgress: (progress: PullProgress) => void seen.push(progress),
  };
  await Promise.all((await needsOf(images, project)).map((need) => images.ensure(project, need, listener, signal)));
  return { seen, phases };
}

const failureOf = (work: Promise<unknown>) => work.then(() => null, toProblem);
const isHere = async (ref: string) => (await engine.inspectImage(ref)) !== null;

describe('a pull', () => {
  it('shows real bytes of all layers in one bar that only grows', async () => {
    const ref = `${proxy.host}/layers:1`;
    proxy.faults.bytesPerS = 4_000_000;
    const project = projectOf({ web: ref });
    const images = await imagesWith();
    expect(await needsOf(images, project)).toEqual([
      { service: 'web', ref, present: false, action: 'pull', reason: 'it is not here yet' },
    ]);
    const { seen, phases } = await getAll(images, project);
    expect(phases).toEqual([`pulling Asking the registry for ${ref}`]);
    const bytes = layerBytes.reduce((sum, size) => sum + size, 0);
    const last = seen.at(-1);
    expect(last?.doneBytes).toBe(last?.totalBytes);
    // What does not compress grows by the frame of tar and gzip only.
    expect(last?.doneBytes).toBeGreaterThan(bytes);
    expect(last?.doneBytes).toBeLessThan(bytes * 1.02);
    const shares = seen.flatMap(({ doneBytes, totalBytes }) => (totalBytes === null ? [] : [doneBytes / totalBytes]));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.filter((share) => share > 0 && share < 1).length).toBeGreaterThan(3);
    expect(seen.map(({ status }) => status)).toContain('Downloading, 1 of 3 layers');
    expect(await needsOf(images, project)).toMatchObject([{ present: true, action: 'none', reason: null }]);
  });

  it('of one image for several services happens once', async () => {
    const ref = `${proxy.host}/layers:1`;
    const before = proxy.asked.length;
    const { seen } = await getAll(await imagesWith(), projectOf({ a: ref, b: ref, c: ref }));
    const manifests = proxy.asked
      .slice(before)
      .filter((line) => line.startsWith('GET') && line.includes('/manifests/1'));
    expect(manifests.length).toBeLessThanOrEqual(1);
    expect(seen.length).toBeGreaterThan(0);
  });

  it('waits for its turn: COMPOSE_PARALLEL_LIMIT', async () => {
    proxy.faults.bytesPerS = 8_000_000;
    const refs = { a: `${proxy.host}/layers:1`, b: `${proxy.host}/second:1`, c: `${proxy.host}/third:1` };
    const project = projectOf(refs, { COMPOSE_PARALLEL_LIMIT: '1' });
    const images = await imagesWith();
    const order: string[] = [];
    const say = (line: string) => {
      if (!order.includes(line)) order.push(line);
    };
    await Promise.all(
      (await needsOf(images, project)).map((need) => {
        const listener = {
          onPhase: () => say(`${need.service} begins`),
          onProgress: ({ status }: PullProgress) => {
            if (/^(?:Unpacked|Status: )/.test(status)) say(`${need.service} is there`);
          },
        };
        return images.ensure(project, need, listener, never);
      }),
    );
    expect(order).toEqual(['a begins', 'a is there', 'b begins', 'b is there', 'c begins', 'c is there']);
  });

  it('stops at the engine when it is cancelled', async () => {
    const ref = `${proxy.host}/layers:1`;
    proxy.faults.bytesPerS = 200_000;
    const project = projectOf({ web: ref });
    const controller = new AbortController();
    const images = await imagesWith();
    const [need] = await needsOf(images, project);
    if (need === undefined) throw new Error('no need');
    const listener = {
      onPhase: () => undefined,
      onProgress: ({ doneBytes }: PullProgress) => {
        if (doneBytes > 0) controller.abort('cancelled');
      },
    };
    expect(await images.ensure(project, need, listener, controller.signal).catch((error: unknown) => error)).toBe(
      'cancelled',
    );
    await expect.poll(() => proxy.blobs.now, { timeout: 10_000 }).toBe(0);
    expect(await isHere(ref)).toBe(false);
  });
});

describe('a registry that fails', () => {
  it('by standing still in the middle of a layer is a Problem, and trying again gets the image', async () => {
    const ref = `${proxy.host}/layers:1`;
    const project = projectOf({ web: ref });
    proxy.faults.stallAfter = 200_000;
    const images = await imagesWith({}, { stalledAfterMs: 1500 });
    const failure = await failureOf(getAll(images, project));
    expect(failure).toMatchObject({ code: 'registry-stalled', service: 'web', remedies: [{ action: 'retry' }, {}] });
    expect(failure?.cause).toMatch(/came, then nothing for 1.5 s/);
    proxy.faults.stallAfter = null;
    await getAll(images, project);
    expect(await isHere(ref)).toBe(true);
  });

  it.each([
    [429, 'registry-rate-limited'],
    [500, 'registry-failed'],
    [404, 'image-not-found'],
    [403, 'image-not-found'],
  ])('with status %d is told as %s', async (status, code) => {
    proxy.faults.status = status;
    const failure = await failureOf(getAll(await imagesWith(), projectOf({ web: `${proxy.host}/layers:1` })));
    expect(failure, JSON.stringify(failure)).toMatchObject({ code, service: 'web' });
    // Registries answer alike for what is not there and what is not for anybody.
    if (status === 403) expect(failure?.remedies[0]?.command).toBe(`docker login ${proxy.host}`);
  });

  it('by cutting a layer once is borne by the engine, and the bar does not go back', { timeout: 60_000 }, async () => {
    const ref = `${proxy.host}/layers:1`;
    proxy.faults.cutOnceAfter = 100_000;
    const { seen } = await getAll(await imagesWith(), projectOf({ web: ref }));
    expect(seen.map(({ status }) => status)).toContain('The registry broke off; trying again');
    const bytes = seen.map(({ doneBytes }) => doneBytes);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    expect(await isHere(ref)).toBe(true);
  });

  it('by not being there is told as unreachable', async () => {
    const gone = await openProxy();
    await gone.close();
    const failure = await failureOf(getAll(await imagesWith(), projectOf({ web: `${gone.host}/layers:1` })));
    expect(failure).toMatchObject({ code: 'registry-unreachable', service: 'web' });
  });

  it('by not having the image is told as such', async () => {
    const failure = await failureOf(getAll(await imagesWith(), projectOf({ web: `${proxy.host}/nothing:1` })));
    expect(failure).toMatchObject({ code: 'image-not-found', service: 'web' });
  });
});

describe('a registry that wants a login', () => {
  const auths = (host: string, password: string) => ({
    auths: { [host]: { auth: Buffer.from(`ann:${password}`).toString('base64') } },
  });

  it('refuses without one and with a wrong one, each with the way to log in', async () => {
    const project = projectOf({ web: `${closed.host}/private:1` });
    const elsewhere = auths(registry.host, 'open-sesame');
    for (const config of [{}, auths(closed.host, 'wrong-word'), elsewhere]) {
      const failure = await failureOf(getAll(await imagesWith(config), project));
      expect(failure, JSON.stringify(failure)).toMatchObject({ code: 'registry-denied', service: 'web' });
      expect(failure?.remedies[0]).toMatchObject({ command: `docker login ${closed.host}` });
      expect(JSON.stringify(failure)).not.toMatch(/open-sesame|wrong-word/);
    }
  });

  it('gives its image to the right one', async () => {
    const ref = `${closed.host}/private:1`;
    await getAll(await imagesWith(auths(closed.host, 'open-sesame')), projectOf({ web: ref }));
    expect(await isHere(ref)).toBe(true);
  });

  it('gives the base of a build to the right one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'quayside-base-'));
    folders.push(folder);
    await writeFile(join(folder, 'Dockerfile'), `FROM ${closed.host}/private:1\nLABEL a=b\n`);
    const build = { context: folder, dockerfile: 'Dockerfile' };
    const project = composeProject({ web: { build } }, { name: 'quayside-test-pull' });
    pulled.add('quayside-test-pull-web').add(`${closed.host}/private:1`);
    const denied = await failureOf(getAll(await imagesWith(), project));
    expect(denied, JSON.stringify(denied)).toMatchObject({ code: 'registry-denied', service: 'web' });
    await getAll(await imagesWith(auths(closed.host, 'open-sesame')), project);
    expect(await isHere('quayside-test-pull-web:latest')).toBe(true);
  });

  it('is not asked where Docker’s own config is broken', async () => {
    const failure = await failureOf(getAll(await imagesWith('{'), projectOf({ web: `${closed.host}/private:1` })));
    expect(failure).toMatchObject({ code: 'registry-config-broken', service: 'web' });
  });
});

describe('pull_policy', () => {
  it('decides what is done for an image that is here', async () => {
    const ref = `${proxy.host}/layers:1`;
    const images = await imagesWith();
    await getAll(images, projectOf({ web: ref }));
    const actionOf = async (pull_policy: string, more: { now?: () => number } = {}) => {
      const project = composeProject({ web: { image: ref, pull_policy } });
      return (await needsOf(await imagesWith({}, more), project))[0]?.action;
    };
    expect(await actionOf('missing')).toBe('none');
    expect(await actionOf('never')).toBe('none');
    expect(await actionOf('always')).toBe('pull');
    const image = await engine.inspectImage(ref);
    // An image that was pulled bears no time of tagging on engines with their own store: its age is not known.
    expect(image?.Metadata).toBeDefined();
    expect(await actionOf('daily', { now: () => Date.now() + 25 * 3_600_000 })).toBe('pull');
  });

  it('always asks the registry, and keeps what it has when nothing is new', async () => {
    const ref = `${proxy.host}/layers:1`;
    pulled.add(ref);
    const images = await imagesWith();
    await getAll(images, projectOf({ web: ref }));
    const before = (await engine.inspectImage(ref))?.Id;
    const asked = proxy.asked.length;
    await getAll(images, composeProject({ web: { image: ref, pull_policy: 'always' } }));
    expect(proxy.asked.length).toBeGreaterThan(asked);
    expect((await engine.inspectImage(ref))?.Id).toBe(before);
  });

  it('gets an image again that is here for another platform only', async () => {
    const ref = `${proxy.host}/layers:1`;
    await getAll(await imagesWith(), projectOf({ web: ref }));
    const project = composeProject({ web: { image: ref, platform: 'linux/s390x' } });
    expect(await needsOf(await imagesWith(), project)).toMatchObject([
      { action: 'pull', reason: expect.stringContaining('the one here is for linux/') },
    ]);
  });
});
