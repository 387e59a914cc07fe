/** Mutated projects end in a model or a Problem. `QUAYSIDE_FUZZ_RUNS=100000` for the long run, `QUAYSIDE_FUZZ_SEED` to repeat one. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serviceHashes } from '../../src/main/compose/config-hash.ts';
import { loadProject } from '../../src/main/compose/load.ts';
import { ProblemError, problemSchema } from '../../src/shared/model/problem.ts';
import { fieldCases } from '../fixtures/compose/fields.ts';
import { fileCases } from '../fixtures/compose/files.ts';

const runs = Number(process.env.QUAYSIDE_FUZZ_RUNS ?? 400);
const seed = Number(process.env.QUAYSIDE_FUZZ_SEED ?? 20261123);
/** No input may take longer; generous, as the machine may be busy. */
const slowestMs = 5_000;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-fuzz-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Small random numbers that repeat for a seed (mulberry32). */
function random(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: pieces of Compose files.
const pieces = [
  '\n',
  '  ',
  '\t',
  ':',
  ': ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '&a ',
  '*a',
  '<<: *a',
  '!reset null',
  '!override ',
  '!!str ',
  '!x ',
  '|',
  '>',
  '#',
  '?',
  '%',
  '@',
  '`',
  '\\',
  '\0',
  '\u2028',
  '\ud800',
  '💥',
  '${',
  '}',
  '${A',
  '$$',
  '${A:-',
  '${A:?b}',
  'null',
  '~',
  'true',
  '0x',
  '1e999',
  '-1',
  '.inf',
  '.nan',
  '99999999999999999999',
  '0440',
  '2001-12-14',
  '---\n',
  '...\n',
  'services:',
  'web:',
  'image: x',
  'extends: web',
  'include: [compose.yaml]',
  'depends_on: [web]',
  'ports: ["1-65535"]',
  'network_mode: "service:web"',
  'volumes: [/a]',
  'env_file: .env',
  'profiles: [p]',
  'deploy: {}',
  'build: .',
  '__proto__: {}',
  'constructor: x',
  'x-a: &a {b: *a}',
  'healthcheck: {disable: true}',
  'secrets: [s]',
  'configs: [{source: c}]',
  'name: ""',
  'version: 3',
  '=',
  'A=',
  "A='",
  'export ',
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: pieces of Compose files.

function mutate(text: string, next: () => number): string {
  let made = text;
  for (let count = 1 + Math.floor(next() * 4); count > 0; count--) {
    const at = Math.floor(next() * (made.length + 1));
    const to = Math.min(made.length, at + Math.floor(next() * 12));
    const kind = next();
    if (kind < 0.45) made = made.slice(0, at) + (pieces[Math.floor(next() * pieces.length)] ?? '') + made.slice(at);
    else if (kind < 0.65) made = made.slice(0, at) + made.slice(to);
    else if (kind < 0.8)
      made = made.slice(0, at) + made.slice(at, to).repeat(1 + Math.floor(next() * 5)) + made.slice(to);
    else if (kind < 0.9) made = made.slice(0, at) + String.fromCharCode(Math.floor(next() * 256)) + made.slice(at + 1);
    else {
      const lines = made.split('\n');
      const [line = ''] = lines.splice(Math.floor(next() * lines.length), 1);
      lines.splice(Math.floor(next() * (lines.length + 1)), 0, line);
      made = lines.join('\n');
    }
  }
  return made.slice(0, 20_000);
}

it(`${runs} mutated projects end in a model or a Problem`, { timeout: 3_600_000 }, async () => {
  const next = random(seed);
  const cases = [...fieldCases, ...fileCases];
  let models = 0;
  let problems = 0;
  for (let run = 0; run < runs; run++) {
    const one = cases[Math.floor(next() * cases.length)];
    if (one === undefined) continue;
    const source = one.files['compose.yaml'] ?? 'services: {a: {image: x}}';
    const text = mutate(source, next);
    const env = mutate(one.files['.env'] ?? 'A=1\nB="x $A"\n', next);
    await Promise.all([writeFile(join(folder, 'compose.yaml'), text), writeFile(join(folder, '.env'), env)]);
    const started = performance.now();
    try {
      const project = await loadProject({
        files: [join(folder, 'compose.yaml')],
        projectName: 'fuzz',
        variables: { B: 'b' },
      });
      for (const name of Object.keys(project.services)) serviceHashes(project, name);
      models++;
    } catch (error) {
      if (!(error instanceof ProblemError))
        throw new Error(`run ${run}: ${JSON.stringify({ text, env })}`, { cause: error });
      problemSchema.parse(error.problem);
      expect(error.problem.code).toBe('compose-invalid');
      problems++;
    }
    expect(performance.now() - started, JSON.stringify({ text, env })).toBeLessThan(slowestMs);
  }
  // A mutator that only ever breaks, or never does, would test little.
  expect(models).toBeGreaterThan(runs / 50);
  expect(problems).toBeGreaterThan(runs / 50);
});
