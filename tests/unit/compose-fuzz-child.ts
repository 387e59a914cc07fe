/**
 * The process that loads the fuzz test's inputs, with a heap of 256 MiB at most: a bundle of this runs as a child, so
 * that a hang or a full memory is a finding about one input instead of the end of the test run.
 *
 * Its only argument is a file with its work as JSON; it says how far it is, and ends with a report, as lines of JSON.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { serviceHashes } from '../../src/main/compose/config-hash.ts';
import { loadProject } from '../../src/main/compose/load.ts';
import { ProblemError, problemSchema } from '../../src/shared/model/problem.ts';
import { type FuzzInput, fuzzInput, largestInput } from './compose-fuzz-inputs.ts';
import { cpuOf, floorMs } from './yaml-floor.ts';

export interface FuzzWork {
  /** Scratch, of this process alone; `project` in it holds the input under way. */
  readonly folder: string;
  /** Inputs `from` to `to` (without it) of this seed, or of the largest there are. */
  readonly seed: number | 'largest';
  readonly from: number;
  readonly to: number;
  readonly hostileEvery: number;
  /** Bounds of each input; the first in multiples of the floor. */
  readonly mostFloors: number;
  readonly mostMemoryMiB: number;
}

interface Cost {
  readonly run: number;
  /** Of all threads of the process: parsing, compiling, collecting garbage. */
  readonly cpuMs: number;
  /** By how much the process's highest resident memory grew. */
  readonly grewMiB: number;
}

export interface FuzzReport {
  readonly models: number;
  readonly problems: number;
  readonly findings: readonly (Cost & { readonly what: string })[];
  readonly slowest: Cost;
  readonly largest: Cost;
  readonly peakMiB: number;
  /** What the YAML library takes on this machine, now, for a fixed file. */
  readonly floorMs: number;
}

async function work({
  folder,
  seed,
  from,
  to,
  hostileEvery,
  mostFloors,
  mostMemoryMiB,
}: FuzzWork): Promise<FuzzReport> {
  const project = join(folder, 'project');
  const none: Cost = { run: -1, cpuMs: 0, grewMiB: 0 };
  let slowest = none;
  let largest = none;
  let models = 0;
  let problems = 0;
  const findings: (Cost & { what: string })[] = [];
  // What is compiled and loaded once is no input's cost.
  write(project, {
    'compose.yaml': 'services: {a: {image: x, ports: ["80:80"], environment: {A: "$B"}}}',
    '.env': 'A=b',
  });
  await load(project);
  let floor = floorMs();
  let toldAt = 0;
  for (let run = from; run < to && findings.length < 20; run += 1) {
    write(project, seed === 'largest' ? largestInput(run).input : fuzzInput(seed, run, hostileEvery));
    // Read by the parent when this process does not come back from the input.
    writeFileSync(join(folder, 'run'), String(run));
    const memoryBefore = peakMiB();
    const cpuBefore = process.cpuUsage();
    let what = await load(project);
    let cpuMs = cpuOf(cpuBefore);
    const grewMiB = peakMiB() - memoryBefore;
    // A processor that others use too, or that is slow just now, makes the floor dearer as well: measured beside it.
    for (let again = 0; again < 2 && cpuMs > mostFloors * floor; again += 1) {
      floor = floorMs();
      const since = process.cpuUsage();
      what = await load(project);
      cpuMs = Math.min(cpuMs, cpuOf(since));
    }
    const cost: Cost = { run, cpuMs, grewMiB };
    if (what === 'model') models += 1;
    if (what === 'problem') problems += 1;
    if (cost.cpuMs > slowest.cpuMs) slowest = cost;
    if (cost.grewMiB > largest.grewMiB) largest = cost;
    if (cost.cpuMs > mostFloors * floor)
      what = `took ${Math.round(cost.cpuMs)} ms of CPU time, the floor ${Math.round(floor)} ms (${what})`;
    else if (cost.grewMiB > mostMemoryMiB) what = `took ${Math.round(cost.grewMiB)} MiB (${what})`;
    if (what !== 'model' && what !== 'problem') findings.push({ ...cost, what });
    if (Date.now() - toldAt > 1000) {
      toldAt = Date.now();
      process.stdout.write(`${JSON.stringify({ run })}\n`);
    }
  }
  return { models, problems, findings, slowest, largest, peakMiB: peakMiB(), floorMs: floor };
}

const peakMiB = (): number => process.resourceUsage().maxRSS / 1024;

function write(project: string, files: FuzzInput): void {
  rmSync(project, { recursive: true, force: true });
  for (const [name, text] of Object.entries(files)) {
    const file = join(project, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** @returns "model", "problem", or what else came of it */
async function load(folder: string): Promise<string> {
  try {
    const project = await loadProject({
      files: [join(folder, 'compose.yaml')],
      projectName: 'fuzz',
      variables: { B: 'b' },
    });
    for (const name of Object.keys(project.services)) serviceHashes(project, name);
    return 'model';
  } catch (error) {
    if (!(error instanceof ProblemError))
      return `threw ${error instanceof Error ? (error.stack ?? error.message) : error}`;
    const parsed = problemSchema.safeParse(error.problem);
    if (!parsed.success) return `made a problem that is none: ${parsed.error.message}`;
    return error.problem.code === 'compose-invalid' ? 'problem' : `made a problem ${error.problem.code}`;
  }
}

const report = await work(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as FuzzWork);
process.stdout.write(`${JSON.stringify({ report })}\n`);
