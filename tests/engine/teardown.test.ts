/** The order of a stop, as the engine's own events tell it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineClient, EngineEvent } from '../../src/main/engine/engine-client.ts';
import { projectContainers, stopContainers } from '../../src/main/stack/teardown.ts';
import { projectLabel } from '../../src/shared/model/compose-labels.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

let engine: EngineClient;
let scratch: Scratch;
let image = '';

beforeAll(async () => {
  engine = openEngine();
  image = await ensureTinyImage(engine);
  scratch = await createScratch(engine);
});
afterAll(async () => {
  await scratch.close();
  engine.close();
});

const silent = {
  phase: () => undefined,
  detail: () => undefined,
  done: () => undefined,
  skip: () => undefined,
  fail: () => undefined,
};

/** Stops everything, and answers what the engine reported meanwhile: "c die", in its order. */
async function stopAndListen(): Promise<string[]> {
  const events: EngineEvent[] = [];
  const listening = new AbortController();
  await new Promise<void>((resolve) => {
    engine
      .events(
        { labels: [`${projectLabel}=${scratch.project}`], types: ['container'], onOpen: resolve },
        (event) => events.push(event),
        listening.signal,
      )
      .catch(() => undefined);
  });
  const teardown = { engine, project: scratch.project, report: () => silent, signal: listening.signal };
  await stopContainers(teardown, await projectContainers(engine, scratch.project), null);
  const stopped = (): number => events.filter(({ action }) => action === 'stop').length;
  await expect.poll(stopped, { timeout: 10_000 }).toBe(3);
  listening.abort();
  return events.map(({ action, attributes }) => `${attributes['com.docker.compose.service']} ${action}`);
}

describe('a stop', () => {
  it('reaches a service once the processes of its dependents are gone, before the engine has tidied up after them', async () => {
    const slow = `["sh", "-c", "trap 'sleep 0.2; exit 0' TERM; while :; do sleep 0.05; done"]`;
    await scratch.write(`
services:
  a: { image: '${image}', command: ${slow} }
  b: { image: '${image}', command: ${slow}, depends_on: [a] }
  c: { image: '${image}', command: ${slow}, depends_on: [b] }
`);
    await scratch.up();
    const order = await stopAndListen();
    expect(order.indexOf('b kill')).toBeGreaterThan(order.indexOf('c die'));
    expect(order.indexOf('a kill')).toBeGreaterThan(order.indexOf('b die'));
    expect(order.indexOf('b kill')).toBeLessThan(order.indexOf('c stop'));
    expect(order.indexOf('a kill')).toBeLessThan(order.indexOf('b stop'));
  });

  it('does not take a crash that the restart policy mends for the end of a dependent', async () => {
    await scratch.write(`
services:
  a: { image: '${image}', command: ["sleep", "1000"], init: true }
  b: { image: '${image}', command: ["sleep", "1000"], init: true, depends_on: [a] }
  c:
    image: '${image}'
    command: ["sh", "-c", "trap 'sleep 0.5; exit 0' TERM; sleep 0.1; exit 1"]
    restart: always
    depends_on: [b]
`);
    // A service that keeps crashing never counts as up; it is there, which is what this test needs.
    await scratch.up().catch(() => undefined);
    const order = await stopAndListen();
    const states = Object.values(await scratch.containers()).map(({ state }) => state);
    expect(states).toEqual(['exited', 'exited', 'exited']);
    // c was down for good: nothing of it started after b was told to stop.
    expect(order.slice(order.indexOf('b kill')).filter((line) => line === 'c start')).toEqual([]);
    expect(order.indexOf('a kill')).toBeGreaterThan(order.indexOf('b die'));
  });
});
