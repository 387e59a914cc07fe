/** The clock is set while a stack starts: an hour on, an hour back. Nothing waits for it, nothing is given up for it. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { endState } from './end-state.ts';
import { faultStack } from './fault-stack.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const engine = openEngine();
const hourMs = 3_600_000;
let scratch: Scratch;

beforeAll(async () => {
  scratch = await createScratch(engine);
  await scratch.write(faultStack(await ensureTinyImage(engine)));
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await scratch.close();
  engine.close();
});

describe('the clock', () => {
  it.each([
    ['jumps an hour on and back all the time', (calls: number) => (calls % 2 === 0 ? hourMs : -hourMs)],
    ['is an hour behind the engine’s', () => -hourMs],
  ])('%s, and a start, a replacement and a removal take as long as ever', async (_what, offset) => {
    await scratch.up();
    const undisturbed = await endState(engine, scratch.project);
    await scratch.down();
    const real = Date.now.bind(Date);
    let calls = 0;
    vi.spyOn(Date, 'now').mockImplementation(() => real() + offset(calls++));
    const from = performance.now();
    await scratch.up({ lease: { title: 'Start' } });
    expect(await endState(engine, scratch.project)).toEqual(undisturbed);
    await scratch.up({ lease: { title: 'Start' } });
    await scratch.down();
    expect(performance.now() - from).toBeLessThan(60_000);
  });
});
