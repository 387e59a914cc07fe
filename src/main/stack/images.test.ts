import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { composeProject } from '../../../tests/fakes/compose-project.ts';
import { type Problem, ProblemError, problem, toProblem } from '../../shared/model/problem.ts';
import { type Environment, openEnvironment } from '../config/environment.ts';
import { readState, updateState } from '../config/environment-state.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import { baseImage, serviceImages } from './image-recipes.ts';
import { createImageCatalog } from './images.ts';
import type { StackImages } from './stack-images.ts';

let dataDir: string;
let composeDir: string;
let environment: Environment;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'quayside-catalog-'));
  composeDir = join(dataDir, 'compose');
  await cp(join(process.cwd(), 'compose', 'images'), join(composeDir, 'images'), { recursive: true });
  for (const name of ['nlp', 'backend', 'gateway']) {
    const folder = join(composeDir, 'services', name);
    await cp(join(process.cwd(), 'compose', 'services', name, 'Dockerfile'), join(folder, 'Dockerfile'), {
      recursive: true,
    });
  }
  environment = await openEnvironment({ dataDir, name: 'dev', composeDir });
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

type Registry = 'answers' | 'hangs' | Problem;

/** An engine with a set of images and a registry that behaves as told. Builds wait until `release` where `held`. */
function fakeEngine(registry: Registry, present: string[] = [baseImage]) {
  const images = new Set(present);
  const asked: string[] = [];
  const built: { tag: string; args: Record<string, string>; aborted: boolean }[] = [];
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const fake = {
    held: false,
    failBuild: null as Problem | null,
    images,
    asked,
    built,
    release: () => release(),
    names: () => built.map(({ tag }) => tag.replace(/^quayside\/|:.*$/g, '')),
  };
  const client: Pick<EngineClient, 'inspectImage' | 'pullImage' | 'buildImage'> = {
    inspectImage: async (ref) => (images.has(ref) ? { Id: ref } : null),
    async pullImage(ref, onProgress, signal) {
      asked.push(ref);
      if (registry === 'hangs') {
        await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      }
      if (typeof registry === 'object') throw new ProblemError(registry);
      onProgress({ status: 'Downloading', doneBytes: 1, totalBytes: 2 });
      images.add(ref);
    },
    async buildImage(context, { tag, buildArgs = {} }, onProgress, signal) {
      const record = { tag, args: buildArgs, aborted: false };
      built.push(record);
      for await (const _ of context ?? []) {
        // Read to its end, as an engine does.
      }
      onProgress({ status: 'Step 2/9 : RUN npm ci', doneBytes: 0, totalBytes: null });
      if (fake.failBuild !== null) throw new ProblemError(fake.failBuild);
      const aborted = new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => {
          record.aborted = true;
          reject(signal.reason);
        });
      });
      if (fake.held) await Promise.race([gate, aborted]);
      images.add(tag);
    },
  };
  return Object.assign(fake, { client: client as EngineClient });
}

const unreachable = problem('registry-unreachable', 'No registry', 'no such host');
const never = new AbortController().signal;

function open(engine: EngineClient, more: { registrySilenceMs?: number; now?: () => number } = {}): StackImages {
  return createImageCatalog({ engine: () => engine, environment, ...more });
}

async function ensure(catalog: StackImages, service: string, signal = never, phases: string[] = []): Promise<string> {
  const need = (await needsOf(catalog)).find((candidate) => candidate.service === service);
  if (need === undefined) throw new Error(service);
  const listener = { onPhase: (_: string, detail: string) => void phases.push(detail), onProgress: () => undefined };
  return catalog.ensure(anyProject, need, listener, signal);
}

const anyProject = composeProject({});
const needsOf = (catalog: StackImages) =>
  catalog.needed(anyProject, new Set(serviceImages.map(({ service }) => service)));
const all = ['postgres', 'redis', 'qdrant', 'nlp', 'backend'];

describe('where a registry answers', () => {
  it('pulls the official images and builds our own on official bases', async () => {
    const engine = fakeEngine('answers', []);
    const catalog = open(engine.client);
    const actions = (await needsOf(catalog)).map((need) => need.action);
    expect(actions).toEqual(['pull', 'pull', 'pull', 'build', 'build']);
    const refs = await Promise.all(all.map((service) => ensure(catalog, service)));
    expect(refs.slice(0, 3)).toEqual(['postgres:17', 'redis:8', 'qdrant/qdrant:v1.16.3']);
    expect(engine.built.map(({ args }) => args)).toEqual([
      { PYTHON_IMAGE: 'python:3.13-slim' },
      { NODE_IMAGE: 'node:24-slim' },
    ]);
    expect(Object.values((await readState(environment)).images)).toEqual(expect.arrayContaining(refs));
    expect((await needsOf(catalog)).map((need) => need.action)).toEqual(Array(5).fill('none'));
  });

  it('never replaces a reference the person chose', async () => {
    await updateState(environment, (state) => ({ ...state, images: { QUAYSIDE_REDIS_IMAGE: 'mine/redis:1' } }));
    expect(await ensure(open(fakeEngine('answers').client), 'redis')).toBe('mine/redis:1');
    const engine = fakeEngine(unreachable);
    expect(await ensure(open(engine.client), 'redis').catch(toProblem)).toMatchObject({ code: 'registry-unreachable' });
    expect(engine.built).toEqual([]);
  });
});

describe('an optional service', () => {
  it('is built on the official nginx, or on the stand-in, once for the two that run it', async () => {
    const gateways = new Set(['gateway', 'nlp-gateway']);
    for (const [registry, base] of [
      ['answers', /^nginx:1\.28$/],
      [unreachable, /^quayside\/nginx:1\.26-/],
    ] as const) {
      const engine = fakeEngine(registry);
      const catalog = open(engine.client);
      const needs = await catalog.needed(anyProject, gateways);
      const refs = await Promise.all(
        needs.map((need) =>
          catalog.ensure(anyProject, need, { onPhase: () => undefined, onProgress: () => undefined }, never),
        ),
      );
      expect(new Set(refs).size).toBe(1);
      expect(engine.built.at(-1)?.args.NGINX_IMAGE).toMatch(base);
      expect((await readState(environment)).images).toEqual({ QUAYSIDE_GATEWAY_IMAGE: refs[0] });
      expect((await catalog.needed(anyProject, gateways)).map(({ action }) => action)).toEqual(['none', 'none']);
      await updateState(environment, (state) => ({ ...state, images: {} }));
    }
  });
});

describe('where no registry answers', () => {
  it('builds everything once, bases first, however many wait for it', async () => {
    const engine = fakeEngine(unreachable);
    const catalog = open(engine.client);
    const refs = await Promise.all([...all, ...all].map((service) => ensure(catalog, service)));
    const names = engine.names();
    expect([...names].sort()).toEqual(['backend', 'nlp', 'node', 'postgres', 'python', 'qdrant', 'redis']);
    expect(names.indexOf('python')).toBeLessThan(names.indexOf('node'));
    expect(names.indexOf('node')).toBeLessThan(names.indexOf('qdrant'));
    expect(refs.slice(0, 5)).toEqual(refs.slice(5));
    expect(refs[1]).toMatch(/^quayside\/redis:8-[0-9a-f]{12}$/);
    const again = open(engine.client);
    expect((await needsOf(again)).map((need) => need.action)).toEqual(Array(5).fill('none'));
  });

  it('asks a silent registry again only after five minutes', async () => {
    let nowMs = 0;
    const engine = fakeEngine(unreachable);
    const catalog = open(engine.client, { now: () => nowMs });
    await ensure(catalog, 'redis');
    await ensure(catalog, 'postgres');
    expect(engine.asked).toEqual(['redis:8']);
    nowMs = 6 * 60_000;
    await ensure(catalog, 'qdrant');
    expect(engine.asked).toEqual(['redis:8', 'qdrant/qdrant:v1.16.3']);
  });

  it('does not wait for a registry that gives no sign', async () => {
    const engine = fakeEngine('hangs');
    expect(await ensure(open(engine.client, { registrySilenceMs: 20 }), 'redis')).toMatch(/^quayside\/redis:/);
  });

  it('tells what is being done in words', async () => {
    const phases: string[] = [];
    await ensure(open(fakeEngine(unreachable).client), 'nlp', never, phases);
    expect(phases).toContain('Building python 3.13. Step 2 of 9: installing Node packages');
    expect(phases.at(-1)).toBe('Building nlp 1. Step 2 of 9: installing Node packages');
  });

  it('says how the missing base is made', async () => {
    for (const service of ['redis', 'nlp']) {
      const found = await ensure(open(fakeEngine(unreachable, []).client), service).catch(toProblem);
      expect(found).toMatchObject({ code: 'base-image-missing', service });
      expect((found as Problem).remedies[0]).toMatchObject({ action: 'copy-command', command: 'npm start' });
    }
  });

  it('builds a changed recipe and what stands on it anew, and chooses it', async () => {
    const engine = fakeEngine(unreachable);
    const before = await Promise.all([ensure(open(engine.client), 'qdrant'), ensure(open(engine.client), 'redis')]);
    await writeFile(join(composeDir, 'images', 'node', 'requirements.txt'), 'other\n');
    const needs = await needsOf(open(engine.client));
    expect(needs.find((need) => need.service === 'redis')?.action).toBe('none');
    expect(needs.find((need) => need.service === 'qdrant')).toMatchObject({ action: 'pull', present: false });
    const after = await ensure(open(engine.client), 'qdrant');
    expect(after).not.toBe(before[0]);
    expect((await readState(environment)).images.QUAYSIDE_QDRANT_IMAGE).toBe(after);
  });

  it('chooses in a new environment what another one built', async () => {
    const engine = fakeEngine(unreachable);
    const ref = await ensure(open(engine.client), 'redis');
    environment = await openEnvironment({ dataDir, name: 'second', composeDir });
    const need = (await needsOf(open(engine.client)))[1];
    expect(need).toMatchObject({ ref, present: true, action: 'build' });
    expect(await ensure(open(engine.client), 'redis')).toBe(ref);
    expect(engine.names()).toEqual(['redis']);
  });
});

describe('failures', () => {
  it.each([
    ['registry-denied', [], 'registry-denied'],
    ['image-not-found', [], 'image-not-found'],
    ['disk-full', [baseImage], 'disk-full'],
  ])('%s with %j on the engine is told as %s', async (code, present, expected) => {
    const engine = fakeEngine(problem(code, code, code), present);
    expect(await ensure(open(engine.client), 'redis').catch(toProblem)).toMatchObject({
      code: expected,
      service: 'redis',
    });
  });

  it('builds instead where a registry refuses and the base is there', async () => {
    const engine = fakeEngine(problem('registry-rate-limited', 'x', 'x'));
    expect(await ensure(open(engine.client), 'redis')).toMatch(/^quayside\/redis:/);
  });

  it('a failed build remembers nothing and is tried again', async () => {
    const engine = fakeEngine(unreachable);
    engine.failBuild = problem('build-failed', 'x', 'x', { evidence: ['line'] });
    const catalog = open(engine.client);
    expect(await ensure(catalog, 'redis').catch(toProblem)).toMatchObject({ code: 'build-failed', evidence: ['line'] });
    expect((await readState(environment)).images).toEqual({});
    engine.failBuild = null;
    expect(await ensure(catalog, 'redis')).toMatch(/^quayside\/redis:/);
  });
});

describe('cancelling', () => {
  it('leaves a shared build to the other, and stops it with the last', async () => {
    const engine = fakeEngine(unreachable);
    engine.held = true;
    const catalog = open(engine.client);
    const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
    const waiting = [first, second].map(({ signal }) =>
      ensure(catalog, 'redis', signal).catch((error: unknown) => error),
    );
    await expect.poll(() => engine.built.length).toBe(1);
    first.abort('first left');
    expect(await waiting[0]).toBe('first left');
    expect(engine.built[0]?.aborted).toBe(false);
    engine.release();
    expect(await waiting[1]).toMatch(/^quayside\/redis:/);

    const other = fakeEngine(unreachable);
    other.held = true;
    const alone = ensure(open(other.client), 'redis', third.signal).catch((error: unknown) => error);
    await expect.poll(() => other.built.length).toBe(1);
    third.abort('left');
    expect(await alone).toBe('left');
    await expect.poll(() => other.built[0]?.aborted).toBe(true);
  });
});
