/**
 * Loading and planning without an engine: 500 services, and a file of 40 MB that is refused. Each in a process of its
 * own (this very module, started again), so that the memory is that of nothing else.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type ActualState, actualContainer } from '../src/main/compose/actual.ts';
import { serviceHashes } from '../src/main/compose/config-hash.ts';
import { containerName, hashLabel, imageLabel, networkLabel } from '../src/main/compose/labels.ts';
import { loadProject } from '../src/main/compose/load.ts';
import type { ComposeProject } from '../src/main/compose/model.ts';
import { makePlan } from '../src/main/compose/plan.ts';
import { numberLabel, projectLabel, serviceLabel } from '../src/shared/model/compose-labels.ts';
import { ProblemError } from '../src/shared/model/problem.ts';
import { median } from './statistics.mjs';

const run = promisify(execFile);
const services = 500;
const hugeBytes = 40_000_000;
const rounds = 9;
const imageId = `sha256:${'0'.repeat(64)}`;

/** What a process of its own is asked to do. */
const jobs = ['nothing', 'load', 'refuse', 'plan-empty', 'plan-current'] as const;
type Job = (typeof jobs)[number];

interface Measured {
  /** Each round's, in ms. */
  readonly times: readonly number[];
  /** Highest resident memory of the process, in MiB. */
  readonly peakMiB: number;
}

/** Five hundred services with what a service usually has. */
function yaml(): string {
  const one = (index: number): string => `  s${index}:
    image: example/app:1
    command: ["serve", "--port", "80"]
    environment: { A: "\${HOME:-x}", B: "1", C: "two", D: "three", E: "4", F: "\${F:-five}", G: g, H: h }
    ports: ["${10_000 + index}:80"]
    volumes: ["data${index % 50}:/data", "./conf:/conf:ro"]
    labels: { com.example.part: "${index}" }
    healthcheck: { test: ["CMD", "true"], interval: 5s, retries: 3 }
    restart: unless-stopped
    networks: [n${index % 20}]
${index % 10 === 0 ? '' : `    depends_on: { s${index - 1}: { condition: service_healthy } }\n`}`;
  const list = (count: number, name: string): string =>
    Array.from({ length: count }, (_, i) => `  ${name}${i}:\n`).join('');
  return `services:\n${Array.from({ length: services }, (_, i) => one(i)).join('')}networks:\n${list(20, 'n')}volumes:\n${list(50, 'data')}`;
}

const loaded = (file: string): Promise<ComposeProject> =>
  loadProject({ files: [file], projectName: 'bench', variables: { HOME: '/root' }, envFiles: [] });

const hashesOf =
  (project: ComposeProject) =>
  (service: string, ids: ReadonlyMap<string, string>): string[] =>
    Object.values(serviceHashes(project, service, ids));

/** The engine's answers when it holds nothing, or all of it. */
function actual(project: ComposeProject, full: boolean): ActualState {
  const images = { 'example/app:1': imageId };
  if (!full) return { containers: [], networks: [], volumes: [], images };
  const own = { [projectLabel]: project.name };
  const containers = Object.entries(project.services).flatMap(([name, service], index) => {
    const hash = serviceHashes(project, name).D5;
    const labels = { ...own, [serviceLabel]: name, [numberLabel]: '1', [hashLabel]: hash, [imageLabel]: imageId };
    const id = index.toString(16).padStart(64, '0');
    const networks = Object.keys(service.networks ?? {}).map((key) => [project.networks[key]?.name ?? '', {}]);
    const made = actualContainer({
      id,
      name: containerName(project.name, name, 1),
      image: 'example/app:1',
      imageId,
      labels,
      state: 'running',
      createdAtMs: 0,
      raw: { Status: 'Up 5 minutes (healthy)', NetworkSettings: { Networks: Object.fromEntries(networks) } },
    });
    return made === null ? [] : [made];
  });
  const objects = (all: Readonly<Record<string, { readonly name: string }>>, label: string) =>
    Object.entries(all).map(([key, { name }]) => ({ id: name, name, key, labels: { ...own, [label]: key } }));
  return {
    containers,
    networks: objects(project.networks, networkLabel),
    volumes: objects(project.volumes, 'com.docker.compose.volume'),
    images,
  } as unknown as ActualState;
}

async function refuse(file: string): Promise<void> {
  const outcome = await loaded(file).catch((error: unknown) => error);
  if (!(outcome instanceof ProblemError)) throw new Error(`40 MB were not refused: ${String(outcome)}`);
}

async function measure(job: Job, small: string, huge: string): Promise<Measured> {
  const project = job.startsWith('plan') ? await loaded(small) : null;
  const state = project === null ? null : actual(project, job === 'plan-current');
  const work: Readonly<Record<Job, () => unknown>> = {
    nothing: () => undefined,
    load: () => loaded(small),
    refuse: () => refuse(huge),
    'plan-empty': () => planned(project, state, true),
    'plan-current': () => planned(project, state, false),
  };
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedAt = performance.now();
    await work[job]();
    times.push(performance.now() - startedAt);
  }
  return { times, peakMiB: process.resourceUsage().maxRSS / 1024 };
}

function planned(project: ComposeProject | null, state: ActualState | null, writes: boolean): void {
  if (project === null || state === null) throw new Error('nothing to plan');
  const plan = makePlan(project, state, { hashes: hashesOf(project) });
  if (plan.writes !== writes) throw new Error(`a plan that ${plan.writes ? 'writes' : 'does not write'}`);
}

/** @returns a table as stackStartBench does */
export async function loaderBench() {
  const folder = await mkdtemp(join(tmpdir(), 'quayside-bench-loader-'));
  try {
    const small = join(folder, 'compose.yaml');
    const huge = join(folder, 'huge.yaml');
    await writeFile(small, yaml());
    await writeFile(huge, `services:\n  a: { image: x }\nx-a: "${'y'.repeat(hugeBytes)}"\n`);
    const told = {} as Record<Job, Measured>;
    for (const job of jobs) {
      const { stdout } = await run(process.execPath, [fileURLToPath(import.meta.url), 'measure', job, small, huge]);
      told[job] = JSON.parse(stdout) as Measured;
    }
    const row = (what: string, job: Job, goal: string): string[] => {
      const { times, peakMiB } = told[job];
      const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
      const more = Math.max(0, Math.round(peakMiB - told.nothing.peakMiB));
      return [what, ms(times[0] ?? 0), ms(median(times)), `${more} MiB`, goal];
    };
    return {
      title: `Loading and planning ${services} services`,
      columns: ['', 'the first time', 'median of nine', 'memory', 'to reach'],
      rows: [
        row('load the file', 'load', ''),
        row('plan, nothing there yet', 'plan-empty', '< 100 ms'),
        row('plan, everything as it should be', 'plan-current', '< 100 ms'),
        row('refuse a file of 40 MB', 'refuse', ''),
      ],
      note: 'Hashes of all six dialects are part of a plan. The memory is the peak of a process that does it nine times, less that of one that does nothing.',
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (process.argv[2] === 'measure') {
  const [job, small = '', huge = ''] = process.argv.slice(3);
  console.log(JSON.stringify(await measure(job as Job, small, huge)));
}
