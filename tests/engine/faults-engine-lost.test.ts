/**
 * The engine is killed in the middle of every phase of a start, a replacement, a stop and a removal, and started again.
 * Each time: a Problem within seconds, no data and no container lost, and the same command again ends as if nothing had been.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import type { EngineClient } from '../../src/main/engine/engine-client.ts';
import { toProblem } from '../../src/shared/model/problem.ts';
import { type Call, createFaultyEngine, type FaultyEngine } from '../fakes/faulty-engine.ts';
import { type EndState, endState } from './end-state.ts';
import { faultStack, markOf, problemOf } from './fault-stack.ts';
import { type PrivateEngine, privateEngineMissing, startPrivateEngine } from './private-engine.ts';
import { createScratch, type Scratch } from './scratch.ts';

const missing = privateEngineMissing();
if (missing !== null) console.warn(`SKIPPED: faults of a private engine: ${missing}`);

/** Longest from the engine's end until the operation says so. */
const toldMs = 12_000;

interface Phase {
  readonly name: string;
  /** The call at which it happens. */
  readonly at: (call: Call) => boolean;
  /** Before the engine hears of the call, or once it has done it. */
  readonly kind: 'first' | 'then';
  /** So long after the call: in the middle of the waiting that follows. */
  readonly afterMs?: number;
}

const call =
  (method: string, path: RegExp) =>
  (made: Call): boolean =>
    made.method === method && path.test(made.path);
const starting: readonly Phase[] = [
  { name: 'the creation of a network', at: call('POST', /^\/networks\/create/), kind: 'then' },
  { name: 'the creation of a container', at: call('POST', /^\/containers\/create\?name=[^&]*web-1/), kind: 'then' },
  { name: 'the start of the first', at: call('POST', /^\/containers\/[^/]*\/start/), kind: 'first' },
  { name: 'the wait for its health', at: call('POST', /^\/containers\/[^/]*\/start/), kind: 'then', afterMs: 100 },
];
const replacing: readonly Phase[] = [
  { name: 'the creation of the new one', at: call('POST', /^\/containers\/create/), kind: 'then' },
  { name: 'the stop of the old one', at: call('POST', /^\/containers\/[^/]*\/stop/), kind: 'first' },
  { name: 'the removal of the old one', at: call('DELETE', /^\/containers\//), kind: 'first' },
  { name: 'the moment after that', at: call('DELETE', /^\/containers\//), kind: 'then' },
  { name: 'the renaming', at: call('POST', /^\/containers\/[^/]*\/rename/), kind: 'then' },
];
const ending: readonly Phase[] = [
  { name: 'a stop', at: call('POST', /^\/containers\/[^/]*\/stop/), kind: 'first' },
  { name: 'a removal', at: call('DELETE', /^\/containers\//), kind: 'then' },
  { name: 'the removal of a network', at: call('DELETE', /^\/networks\//), kind: 'first' },
];

describe.skipIf(missing !== null)('the engine is killed during', () => {
  let engine: PrivateEngine;
  let direct: EngineClient;
  let faulty: FaultyEngine;
  let through: EngineClient;
  let scratch: Scratch;
  let image: string;
  let undisturbed: EndState;
  let mark: string;
  let level = 1;

  beforeAll(async () => {
    engine = await startPrivateEngine();
    image = await engine.loadTinyImage();
    direct = createDockerEngine({ url: engine.url, foundBy: 'test' });
    faulty = await createFaultyEngine(engine.socket);
    through = createDockerEngine({ url: faulty.url, foundBy: 'test' });
    scratch = await createScratch(direct);
    await scratch.write(faultStack(image));
    await scratch.up();
    undisturbed = await endState(direct, scratch.project);
    mark = await markOf(direct, scratch.project);
  });
  afterAll(async () => {
    await scratch?.close();
    direct?.close();
    through?.close();
    await faulty?.close();
    await engine?.close();
  });
  beforeEach(() => faulty.rule(null));

  /** Kills the engine at the phase; answers the Problem's code, or null when the operation had ended well before. */
  async function disturb(phase: Phase, operation: () => Promise<unknown>): Promise<string | null> {
    let killedAtMs = Number.NaN;
    let killing: Promise<void> | undefined;
    const kill = async (): Promise<void> => {
      killedAtMs = performance.now();
      await engine.kill();
    };
    faulty.reset();
    faulty.rule((made) => {
      if (killing !== undefined || !phase.at(made)) return null;
      killing = Promise.resolve();
      const act = async (): Promise<void> => {
        if (phase.afterMs === undefined) await kill();
        else killing = new Promise((resolve) => setTimeout(() => void kill().then(resolve), phase.afterMs));
      };
      return { kind: phase.kind, act };
    });
    const code = await problemOf(operation());
    const tookMs = performance.now() - killedAtMs;
    expect(killing, 'the phase was reached').toBeDefined();
    await killing;
    expect(tookMs, `told ${code} after ${Math.round(tookMs)} ms`).toBeLessThan(toldMs);
    faulty.rule(null);
    await engine.start();
    return code;
  }

  async function converges(): Promise<EndState> {
    await scratch.up({ engine: through }).catch((error: unknown) => {
      throw new Error(`does not converge: ${JSON.stringify(toProblem(error))}`);
    });
    return endState(direct, scratch.project);
  }

  it.each(starting)('a start, at $name', async (phase) => {
    await scratch.down();
    expect(await disturb(phase, () => scratch.up({ engine: through }))).toMatch(/^(engine-|exec-)/);
    const after = await converges();
    expect(after).toEqual(undisturbed);
    mark = await markOf(direct, scratch.project);
  });

  it.each(replacing)('a replacement, at $name', async (phase) => {
    await scratch.write(faultStack(image));
    await scratch.up();
    mark = await markOf(direct, scratch.project);
    level += 1;
    await scratch.write(faultStack(image, `level-${level}`));
    expect(await disturb(phase, () => scratch.up({ engine: through }))).toMatch(/^(engine-|exec-)/);
    const left = await direct.listContainers([`com.docker.compose.project=${scratch.project}`]);
    for (const service of ['db', 'web', 'job']) {
      expect(left.some(({ labels }) => labels['com.docker.compose.service'] === service)).toBe(true);
    }
    await converges();
    await scratch.write(faultStack(image));
    expect(await converges()).toEqual(undisturbed);
    expect(await markOf(direct, scratch.project)).toBe(mark);
  });

  it.each(ending)('a removal, at $name', async (phase) => {
    await scratch.up();
    mark = await markOf(direct, scratch.project);
    expect(await disturb(phase, () => scratch.down({ engine: through, volumes: false }))).toMatch(/^engine-/);
    expect(await converges()).toEqual(undisturbed);
    expect(await markOf(direct, scratch.project)).toBe(mark);
  });

  it('a pause of the engine, which goes on', async () => {
    await scratch.down();
    let paused = false;
    faulty.rule((made) => {
      if (paused || !call('POST', /^\/containers\/[^/]*\/start/)(made)) return null;
      paused = true;
      const act = async (): Promise<void> => {
        engine.pause();
        setTimeout(() => engine.resume(), 4000);
      };
      return { kind: 'first', act };
    });
    await scratch.up({ engine: through });
    expect(paused).toBe(true);
    expect(await endState(direct, scratch.project)).toEqual(undisturbed);
  });
});
