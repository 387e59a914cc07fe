/** Two real command lines with data folders of their own start one stack at the same moment: one does, the other is told. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaseLabel } from '../../src/main/engine/label-guard.ts';
import type { Problem } from '../../src/shared/model/problem.ts';
import { type EndState, endState } from './end-state.ts';
import { faultStack, markOf } from './fault-stack.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'quayside');
/** Ten with QUAYSIDE_FAULTS=all: each costs some seconds. */
const rounds = process.env.QUAYSIDE_FAULTS === 'all' ? 10 : 4;
const engine = openEngine();
let scratch: Scratch;
let folders: string[] = [];
let undisturbed: EndState;

beforeAll(async () => {
  folders = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'quayside-panel-'))));
  scratch = await createScratch(engine);
  await scratch.write(`name: ${scratch.project}\n${faultStack(await ensureTinyImage(engine))}`);
});
afterAll(async () => {
  await scratch.close();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  engine.close();
});

async function panel(folder: string, ...words: string[]): Promise<string> {
  const args = [program, ...words, '--file', scratch.file, '--data', folder, '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return 'done';
  const problem = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as Problem;
  expect(problem.remedies.length).toBeGreaterThan(0);
  return problem.code;
}
const both = (...words: string[]) => Promise.all(folders.map((folder) => panel(folder, ...words)));
const claims = () => engine.listVolumes([`${leaseLabel}=${scratch.project}`]);

describe('two panels at once', () => {
  it('start a stack: one works, the other is refused or has nothing left to do', async () => {
    await scratch.up({ dialect: 'D5' });
    undisturbed = await endState(engine, scratch.project);
    const counts = new Map<string, number>();
    for (let round = 0; round < rounds; round += 1) {
      await scratch.down();
      const ends = await both('up');
      const key = ends.sort().join(' + ');
      counts.set(key, (counts.get(key) ?? 0) + 1);
      expect(['done + stack-busy', 'done + done']).toContain(key);
      expect(await endState(engine, scratch.project)).toEqual(undisturbed);
      expect(await claims()).toEqual([]);
    }
    console.log(`two panels, ${rounds} rounds: ${[...counts].map(([key, count]) => `${key} ${count}`).join(', ')}`);
    // They do meet: otherwise this would show nothing.
    expect(counts.get('done + stack-busy') ?? 0).toBeGreaterThan(0);
  });

  it('look at a stack that is up: both are content, and nothing is written', async () => {
    const before = await scratch.containers();
    expect(await both('up')).toEqual(['done', 'done']);
    expect(await scratch.containers()).toEqual(before);
    expect(await markOf(engine, scratch.project)).not.toBe('');
  });

  it('remove it: one does, the other is refused or finds nothing', async () => {
    const ends = (await both('down')).sort();
    expect(ends[0]).toBe('done');
    expect(['done', 'stack-busy', 'nothing-to-remove']).toContain(ends[1]);
    expect((await endState(engine, scratch.project)).containers).toEqual([]);
    expect(await claims()).toEqual([]);
  });
});
