/** Somebody else is at the same stack while it starts: removes, kills, pauses, renames; events are lost or lie. */
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import type { EngineClient } from '../../src/main/engine/engine-client.ts';
import { projectContainers } from '../../src/main/stack/teardown.ts';
import { toProblem } from '../../src/shared/model/problem.ts';
import { type Call, createFaultyEngine, type FaultyEngine } from '../fakes/faulty-engine.ts';
import { type EndState, endState } from './end-state.ts';
import { faultStack, markOf, problemOf } from './fault-stack.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const engine = openEngine();
let image: string;
let undisturbed: EndState;
let faulty: FaultyEngine;
let through: EngineClient;
let scratch: Scratch;

beforeAll(async () => {
  image = await ensureTinyImage(engine);
  faulty = await createFaultyEngine();
  through = createDockerEngine({ url: faulty.url, foundBy: 'test' });
  scratch = await createScratch(engine);
  await scratch.write(faultStack(image));
  await scratch.up();
  undisturbed = await endState(engine, scratch.project);
});
afterAll(async () => {
  await scratch.close();
  through.close();
  await faulty.close();
  engine.close();
});
beforeEach(async () => {
  await scratch.write(faultStack(image));
  await scratch.down();
});
afterEach(() => faulty.rule(null));

/** What any other client of the engine can do. */
async function somebody(method: string, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    request({ socketPath: '/var/run/docker.sock', method, path }, (response) => {
      response.resume().once('end', () => {
        if ((response.statusCode ?? 500) < 400) resolve();
        else reject(new Error(`${method} ${path}: ${response.statusCode}`));
      });
    })
      .once('error', reject)
      .end();
  });
}

const isStart = (made: Call): boolean => made.method === 'POST' && /^\/containers\/[^/]*\/start/.test(made.path);
const idIn = (path: string): string => path.split('/')[2]?.split('?')[0] ?? '';

/** Once, at the first call that fits. */
function once(
  fits: (made: Call) => boolean,
  kind: 'first' | 'then',
  act: (made: Call) => Promise<void>,
): () => boolean {
  let reached = false;
  faulty.rule((made) => {
    if (reached || !fits(made)) return null;
    reached = true;
    return { kind, act: () => act(made) };
  });
  return () => reached;
}

async function converges(): Promise<EndState> {
  faulty.rule(null);
  await scratch.up({ engine: through }).catch((error: unknown) => {
    throw new Error(`does not converge: ${JSON.stringify(toProblem(error))}`);
  });
  return endState(engine, scratch.project);
}

describe('somebody else', () => {
  it.each([
    ['removes a container that is about to start', 'first', 'container-gone', 'DELETE', '?force=1'],
    ['removes one while its health is waited for', 'then', 'container-gone', 'DELETE', '?force=1'],
    ['kills one while its health is waited for', 'then', 'service-exited', 'POST', '/kill'],
    ['pauses one while its health is waited for', 'then', 'service-paused', 'POST', '/pause'],
  ] as const)('%s', async (_what, kind, code, method, tail) => {
    const reached = once(isStart, kind, (made) => somebody(method, `/containers/${idIn(made.path)}${tail}`));
    expect(await problemOf(scratch.up({ engine: through }))).toBe(code);
    expect(reached()).toBe(true);
    expect(await converges()).toEqual(undisturbed);
  });

  it('left a task behind, so that a container can never start: another takes its place', async () => {
    let stuck: string | null = null;
    faulty.rule((made) => {
      if (!isStart(made)) return null;
      stuck ??= idIn(made.path);
      if (idIn(made.path) !== stuck) return null;
      return { kind: 'answer', status: 500, body: JSON.stringify({ message: `task ${stuck}: already exists` }) };
    });
    await scratch.up({ engine: through });
    faulty.rule(null);
    expect((await projectContainers(engine, scratch.project)).map(({ id }) => id)).not.toContain(stuck);
    expect(await endState(engine, scratch.project)).toEqual(undisturbed);
  });

  it('renames a container that is about to start', async () => {
    once(isStart, 'first', (made) =>
      somebody('POST', `/containers/${idIn(made.path)}/rename?name=${scratch.project}-odd`),
    );
    await scratch.up({ engine: through });
    const before = (await projectContainers(engine, scratch.project)).map(({ id }) => id).sort();
    await converges();
    const after = (await projectContainers(engine, scratch.project)).map(({ id }) => id).sort();
    expect(after).toEqual(before);
  });

  it('removes the old container in the middle of its replacement', async () => {
    await scratch.up();
    const mark = await markOf(engine, scratch.project);
    await scratch.write(faultStack(image, 'two'));
    const isStop = (made: Call) => /^\/containers\/[^/]*\/stop/.test(made.path);
    const reached = once(isStop, 'then', (made) => somebody('DELETE', `/containers/${idIn(made.path)}?force=1`));
    await scratch.up({ engine: through });
    expect(reached()).toBe(true);
    await scratch.write(faultStack(image));
    expect(await converges()).toEqual(undisturbed);
    expect(await markOf(engine, scratch.project)).toBe(mark);
  });

  it('removes the new container before it gets its name', async () => {
    await scratch.up();
    const mark = await markOf(engine, scratch.project);
    await scratch.write(faultStack(image, 'two'));
    const isRename = (made: Call) => /^\/containers\/[^/]*\/rename/.test(made.path);
    const reached = once(isRename, 'first', (made) => somebody('DELETE', `/containers/${idIn(made.path)}?force=1`));
    expect(await problemOf(scratch.up({ engine: through }))).toBe('container-gone');
    expect(reached()).toBe(true);
    await scratch.write(faultStack(image));
    expect(await converges()).toEqual(undisturbed);
    expect(await markOf(engine, scratch.project)).toBe(mark);
  });

  it('removes a network that was just made', async () => {
    const isCreate = (made: Call) => made.path.startsWith('/containers/create');
    once(isCreate, 'first', () => somebody('DELETE', `/networks/${scratch.project}_front`));
    expect(await problemOf(scratch.up({ engine: through }))).toBe('engine-refused');
    expect(await converges()).toEqual(undisturbed);
  });

  it('removes the image before a container is made of it', async () => {
    const [repo, tag] = ['quayside-test/vanishing', scratch.project];
    const ref = `${repo}:${tag}`;
    const back = () => somebody('POST', `/images/${image}/tag?repo=${repo}&tag=${tag}`);
    await back();
    try {
      await scratch.write(faultStack(ref));
      const isCreate = (made: Call) => made.path.startsWith('/containers/create');
      once(isCreate, 'first', () => somebody('DELETE', `/images/${ref}`));
      expect(await problemOf(scratch.up({ engine: through }))).toBe('image-not-found');
      faulty.rule(null);
      expect(await problemOf(scratch.up({ engine: through }))).toBe('image-missing');
      await back();
      expect((await converges()).containers).toHaveLength(undisturbed.containers.length);
    } finally {
      await scratch.down();
      await somebody('DELETE', `/images/${ref}`).catch(() => undefined);
    }
  });
});

describe('the event stream', () => {
  const isEvents = (made: Call): boolean => made.path.startsWith('/events');
  it.each([
    ['is refused each time', { kind: 'reset' }],
    ['never begins', { kind: 'hang' }],
    ['opens and stays silent', { kind: 'bytes', bytes: 'HTTP/1.1 200 OK\r\n\r\n', forEver: '\n' }],
    ['breaks off each time', { kind: 'cut-body', afterBytes: 1 }],
    ['is not what it says', { kind: 'bytes', bytes: 'HTTP/1.1 200 OK\r\n\r\n<html>\n' }],
  ] as const)('%s, and the start succeeds all the same', async (_what, fault) => {
    faulty.rule((made) => (isEvents(made) ? fault : null));
    const from = performance.now();
    await scratch.up({ engine: through });
    // The safety look comes every two seconds, and this stack has three levels.
    expect(performance.now() - from).toBeLessThan(20_000);
    expect(await endState(engine, scratch.project)).toEqual(undisturbed);
  });
});
