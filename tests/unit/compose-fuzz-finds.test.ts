/** What fuzzing found to take seconds; each may take a few times what the YAML library takes for a fixed file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serviceHashes } from '../../src/main/compose/config-hash.ts';
import { loadProject } from '../../src/main/compose/load.ts';
import { ProblemError } from '../../src/shared/model/problem.ts';
import { cpuOf, floorMs } from './yaml-floor.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-finds-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('');

/** The CPU time of a load and of all hashes, in ms. */
async function cost(compose: string, env = ''): Promise<number> {
  await Promise.all([writeFile(join(folder, 'compose.yaml'), compose), writeFile(join(folder, '.env'), env)]);
  const before = process.cpuUsage();
  try {
    const project = await loadProject({ files: [join(folder, 'compose.yaml')], projectName: 'find', variables: {} });
    for (const name of Object.keys(project.services)) serviceHashes(project, name);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
  }
  return cpuOf(before);
}

/** Measured: 2.6 to 4.6. Before they were mended, by the times below and a floor of 150 ms: 48, 17, 29; the last 3. */
const mostFloors = 8;

const head = 'services:\n  web:\n   image: x\n   labels:\n';
it.each([
  // Was 7.6 s: every reset copied the whole mapping.
  [
    'thousands of resets',
    `${head}${lines(9000, (i) => `    K${i}: v\n`)}---\n${head}${lines(9000, (i) => `    K${i}: !reset null\n`)}`,
    '',
  ],
  // Was 2.6 s: what an env file brings into each service was not counted, and was encoded anew for each dialect.
  [
    'an env file of many services',
    `services:\n${lines(18, (i) => ` s${i}: {image: x, env_file: .env}\n`)}`,
    lines(4800, (i) => `A${i}=1\n`),
  ],
  // Was 1.1 s at half as many: every address copied those before it.
  [
    'many addresses of one host',
    `services: {a: {image: x, extra_hosts: [${lines(32_000, (i) => `"h:1.2.3.${i}",`)}]}}`,
    '',
  ],
  // Was 0.5 s on a quiet machine: each mistake came with a stack.
  ['nothing but mistakes', '""'.repeat(70_000), ''],
])('%s', async (_what, compose, env) => {
  await cost('services: {a: {image: x}}');
  const floors: number[] = [];
  // The least disturbed of a few: the other files' tests and whoever else uses the machine come and go.
  while (floors.length < 3 && !floors.some((taken) => taken < mostFloors))
    floors.push((await cost(compose, env)) / floorMs());
  expect(Math.min(...floors)).toBeLessThan(mostFloors);
});

it('a path that is a mapping, where nobody reads it, is no exception', async () => {
  const watch = '{path: {}, action: rebuild}';
  await cost(`services: {a: {image: x, develop: {watch: [${watch}]}}}`);
});
