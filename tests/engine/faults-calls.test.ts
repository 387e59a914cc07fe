/**
 * Every changing call of a start, a replacement and a removal goes wrong once: refused, cut before the engine heard of
 * it, or done with the answer lost. Each time it ends in a Problem, and the same command again ends as if nothing had been.
 * QUAYSIDE_FAULTS=all tries every kind at every call instead of one kind at each.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import type { EngineClient } from '../../src/main/engine/engine-client.ts';
import { toProblem } from '../../src/shared/model/problem.ts';
import { createFaultyEngine, engineSays, type Fault, type FaultyEngine } from '../fakes/faulty-engine.ts';
import { type EndState, endState } from './end-state.ts';
import { faultStack, markOf, problemOf } from './fault-stack.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const kinds: Readonly<Record<string, Fault>> = {
  refused: engineSays(500, 'the plug-in is on fire'),
  reset: { kind: 'reset' },
  'lost answer': { kind: 'lost-answer' },
};
const everyKind = process.env.QUAYSIDE_FAULTS === 'all';

const engine = openEngine();
let image: string;
let faulty: FaultyEngine;
let through: EngineClient;
let scratch: Scratch;
let undisturbed: EndState;

beforeAll(async () => {
  image = await ensureTinyImage(engine);
});
afterAll(() => engine.close());

beforeEach(async () => {
  faulty = await createFaultyEngine();
  through = createDockerEngine({ url: faulty.url, foundBy: 'test' });
  scratch = await createScratch(engine);
});
afterEach(async () => {
  faulty.rule(null);
  await scratch.close();
  through.close();
  await faulty.close();
});

/** Calls `round` with each position and kind of fault until a position comes that no call reaches; answers how many there were. */
async function eachCall(round: (armed: () => void, where: string) => Promise<void>): Promise<number> {
  const names = Object.keys(kinds);
  for (let position = 1; ; position += 1) {
    for (const name of everyKind ? names : [names[position % names.length] ?? '']) {
      let hit: string | null = null;
      faulty.rule(null);
      await round(() => {
        faulty.reset();
        faulty.rule((call) => {
          if (call.change !== position) return null;
          hit = `${call.method} ${call.path}`;
          return kinds[name] ?? null;
        });
      }, `${name} at change ${position}`);
      if (hit === null) return position - 1;
    }
  }
}

/** @throws what went wrong, where, and with which words: a Problem's title alone tells too little */
async function again(where: string): Promise<void> {
  await scratch.up({ engine: through }).catch((error: unknown) => {
    throw new Error(`${where}: does not converge: ${JSON.stringify(toProblem(error))}`);
  });
}

describe('one changing call goes wrong', () => {
  it('of a first start', async () => {
    await scratch.write(faultStack(image));
    await scratch.up();
    undisturbed = await endState(engine, scratch.project);
    const codes: (string | null)[] = [];
    const tried = await eachCall(async (arm, where) => {
      await scratch.down();
      arm();
      codes.push(await problemOf(scratch.up({ engine: through })));
      faulty.rule(null);
      await again(where);
      expect(await endState(engine, scratch.project), where).toEqual(undisturbed);
    });
    console.log(`first start: ${tried} changing calls, ended with ${summary(codes)}`);
    expect(tried).toBeGreaterThan(12);
  }, 600_000);

  it('of a replacement', async () => {
    await scratch.write(faultStack(image, 'two'));
    await scratch.up();
    undisturbed = await endState(engine, scratch.project);
    const mark = await markOf(engine, scratch.project);
    let level = 2;
    const codes: (string | null)[] = [];
    const tried = await eachCall(async (arm, where) => {
      level += 1;
      await scratch.write(faultStack(image, `level-${level}`));
      arm();
      codes.push(await problemOf(scratch.up({ engine: through })));
      faulty.rule(null);
      const between = await engine.listContainers([`com.docker.compose.project=${scratch.project}`]);
      for (const service of ['db', 'web', 'job']) {
        expect(
          between.some(({ labels }) => labels['com.docker.compose.service'] === service),
          `${where}: ${service} is not lost`,
        ).toBe(true);
      }
      await again(where);
      const state = JSON.parse(
        JSON.stringify(await endState(engine, scratch.project)).replaceAll(`level-${level}`, 'two'),
      ) as EndState;
      expect(withoutHash(state), where).toEqual(withoutHash(undisturbed));
      expect(await markOf(engine, scratch.project), where).toBe(mark);
    });
    console.log(`replacement: ${tried} changing calls, ended with ${summary(codes)}`);
    expect(tried).toBeGreaterThan(8);
  }, 600_000);
});

/** The hash stands for the level, which differs on purpose. */
function withoutHash(state: EndState): unknown {
  return JSON.parse(JSON.stringify(state).replace(/"com\.docker\.compose\.config-hash":"[0-9a-f]+"/g, '"hash":""'));
}

function summary(codes: readonly (string | null)[]): string {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code ?? 'success', (counts.get(code ?? 'success') ?? 0) + 1);
  return [...counts].map(([code, count]) => `${code} ${count}`).join(', ');
}
