/**
 * Mutated and hostile projects end in a model or a Problem, each within 256 MiB and a bounded multiple of the CPU time
 * that the YAML library alone takes for a fixed file of 50 kB, measured beside it: no machine's own speed counts.
 * CPU time counts every thread of the process that loads.
 *
 * `QUAYSIDE_FUZZ_RUNS=100000` for the long run, `QUAYSIDE_FUZZ_SEED` for another one, `QUAYSIDE_FUZZ_RUN` to repeat one input.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildFuzzChild, runFuzzChild } from './compose-fuzz.ts';
import { type FuzzInput, fuzzInput, hostileKinds, largestInput } from './compose-fuzz-inputs.ts';

const runs = Number(process.env.QUAYSIDE_FUZZ_RUNS ?? 1000);
const seed = Number(process.env.QUAYSIDE_FUZZ_SEED ?? 20261123);
/** One of so many is hostile; 1 makes all of them so. */
const hostileEvery = Number(process.env.QUAYSIDE_FUZZ_HOSTILE ?? 50);
const only = process.env.QUAYSIDE_FUZZ_RUN === undefined ? undefined : Number(process.env.QUAYSIDE_FUZZ_RUN);
const bounds = {
  hostileEvery,
  /** Measured: the dearest needs 5 to 7 (`sameInclude`); what loops or grows with the square needs hundreds. */
  mostFloors: 16,
  mostMemoryMiB: 256,
};

let folder = '';
let bundle = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-fuzz-'));
  bundle = await buildFuzzChild(process.cwd());
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const told = (files: FuzzInput): string =>
  Object.entries(files)
    .map(([name, text]) => `--- ${name}, ${text.length} characters\n${text.slice(0, 600)}`)
    .join('\n');

it(`${runs} mutated projects end in a model or a Problem, in bounded time and 256 MiB each`, {
  timeout: 4 * 3_600_000,
}, async () => {
  const [from, to] = only === undefined ? [0, runs] : [only, only + 1];
  const report = await runFuzzChild(bundle, { folder: join(folder, 'random'), seed, from, to, ...bounds });
  const { models, problems, slowest, largest, peakMiB, floorMs } = report;
  console.info(
    `${models} models, ${problems} problems; dearest: ${(slowest.cpuMs / floorMs).toFixed(1)} floors of ${Math.round(floorMs)} ms of CPU (run ${slowest.run}), ` +
      `${Math.round(largest.grewMiB)} MiB (run ${largest.run}); the process at its peak: ${Math.round(peakMiB)} MiB`,
  );
  const findings = report.findings.map(
    ({ run, what }) => `seed ${seed}, run ${run}: ${what}\n${told(fuzzInput(seed, run, hostileEvery))}`,
  );
  expect(findings).toEqual([]);
  expect(models + problems).toBe(to - from);
  if (only !== undefined) return;
  // A mutator that only ever breaks, or never does, would test little.
  expect(models).toBeGreaterThan(runs / 50);
  expect(problems).toBeGreaterThan(runs / 50);
});

it('the largest of each hostile kind does too', { timeout: 600_000 }, async () => {
  const to = hostileKinds() * Number(process.env.QUAYSIDE_FUZZ_FORMS ?? 2);
  const report = await runFuzzChild(bundle, {
    folder: join(folder, 'largest'),
    seed: 'largest',
    from: 0,
    to,
    ...bounds,
  });
  console.info(
    `dearest: ${(report.slowest.cpuMs / report.floorMs).toFixed(1)} floors of ${Math.round(report.floorMs)} ms of CPU (${largestInput(report.slowest.run).name}), ` +
      `${Math.round(report.largest.grewMiB)} MiB (${largestInput(report.largest.run).name}); at its peak: ${Math.round(report.peakMiB)} MiB`,
  );
  const findings = report.findings.map(
    ({ run, what }) => `${largestInput(run).name}: ${what}\n${told(largestInput(run).input)}`,
  );
  expect(findings).toEqual([]);
  expect(report.models + report.problems).toBe(to);
});
