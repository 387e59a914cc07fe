/**
 * Start, start again (nothing to do) and stop against `docker compose` and against the floor: same files, same images,
 * one run, interleaved. Ratios are medians of ratios within a round, so that a machine's moods cancel out.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadProject } from '../src/main/compose/load.ts';
import { openEnvironment } from '../src/main/config/environment.ts';
import { updateState } from '../src/main/config/environment-state.ts';
import { composeVariables, writeComposeEnv } from '../src/main/config/variables.ts';
import type { EngineClient } from '../src/main/engine/engine-client.ts';
import { converge } from '../src/main/stack/converge.ts';
import { serviceImages } from '../src/main/stack/image-recipes.ts';
import { createImageCatalog } from '../src/main/stack/images.ts';
import { nextFreePort } from '../src/main/stack/ports.ts';
import { projectContainers, removeNetworks, stopContainers } from '../src/main/stack/teardown.ts';
import { createScratch, openEngine, type Shape, shapeYaml } from '../tests/engine/scratch.ts';
import { ensureTinyImage } from '../tests/engine/tiny-image.ts';
import { composeProject } from '../tests/fakes/compose-project.ts';
import { removeByHand, startByHand } from './floor.ts';
import { median, ratio } from './statistics.mjs';

const run = promisify(execFile);

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly note: string;
  /** The figures behind the rows, in ms, by `<file>/<action>/<who>`. */
  readonly figures: Readonly<Record<string, readonly number[]>>;
}

interface Subject {
  readonly title: string;
  /** What this run must reach for a cold start, against Compose. */
  readonly goal: string;
  readonly project: string;
  readonly load: () => Promise<Parameters<typeof converge>[0]['project']>;
  readonly compose: (...words: string[]) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

const silent = {
  phase: () => undefined,
  detail: () => undefined,
  done: () => undefined,
  skip: () => undefined,
  fail: () => undefined,
};

/** @param composePath the peer's binary @param composeDir the product's compose folder @param say told what is under way */
export async function stackStartBench(options: {
  composePath: string;
  composeDir: string;
  rounds?: number;
  shapes?: readonly Shape[];
  bundled?: boolean;
  say?: (words: string) => void;
}): Promise<Table> {
  const { composePath, rounds = 5, say = () => undefined } = options;
  const engine = openEngine();
  const figures: Record<string, number[]> = {};
  const subjects: Subject[] = [];
  let note = `${rounds} interleaved rounds; medians, ratios within a round. The floor is the same API calls by hand.`;
  try {
    const goals: Record<Shape, string> = { flat: '≤ 0.90', graph: '≤ 0.70', chain: '≤ 0.50' };
    for (const shape of options.shapes ?? (['flat', 'graph', 'chain'] as const)) {
      subjects.push(await shapeSubject(engine, shape, goals[shape], composePath));
    }
    const bundled = options.bundled === false ? null : await bundledSubject(engine, options.composeDir, composePath);
    if (bundled !== null) subjects.push(bundled);
    else note += ' The bundled stack was left out: its images are not here.';
    for (const subject of subjects) {
      for (let round = 0; round < rounds; round += 1) {
        const turns = [
          () => measureOurs(engine, subject, figures),
          () => measureCompose(subject, figures),
          () => measureFloor(engine, subject, figures),
        ];
        for (let turn = 0; turn < turns.length; turn += 1) {
          say(`${subject.title}, round ${round + 1} of ${rounds}, turn ${turn + 1}`);
          await turns[(turn + round) % turns.length]?.();
        }
      }
    }
  } finally {
    for (const subject of subjects) await subject.close();
    engine.close();
  }
  return {
    title: 'The stack against docker compose',
    columns,
    rows: subjects.flatMap((s) => rowsOf(s, figures)),
    note,
    figures,
  };
}

const columns = [
  '',
  'Quayside',
  'Compose 2.26',
  'floor',
  'ratio to Compose (min to max)',
  'ratio to floor',
  'to reach',
];

function rowsOf(subject: Subject, figures: Readonly<Record<string, readonly number[]>>): string[][] {
  const goals: Record<string, string> = { start: subject.goal, 'no-op': '≤ 0.15', stop: '≤ 0.90', down: '' };
  return ['start', 'no-op', 'stop', 'down'].map((action) => {
    const [ours = [], theirs = [], floor] = ['ours', 'compose', 'floor'].map(
      (who) => figures[`${subject.title}/${action}/${who}`],
    );
    const against = (other: readonly number[]): string =>
      ratio(ours.map((value, round) => value / (other[round] ?? Number.NaN)));
    return [
      `${subject.title}: ${action}`,
      `${Math.round(median(ours))} ms`,
      `${Math.round(median(theirs))} ms`,
      floor === undefined ? '' : `${Math.round(median(floor))} ms`,
      against(theirs),
      floor === undefined ? '' : against(floor),
      goals[action] ?? '',
    ];
  });
}

async function measureOurs(engine: EngineClient, subject: Subject, figures: Record<string, number[]>): Promise<void> {
  const signal = new AbortController().signal;
  const teardown = { engine, project: subject.project, report: () => silent, signal };
  const up = async (): Promise<void> => {
    await converge({
      engine,
      project: await subject.load(),
      dialect: 'D24',
      environmentFiles: [],
      report: () => silent,
      signal,
    });
  };
  await timed(figures, `${subject.title}/start/ours`, up);
  await timed(figures, `${subject.title}/no-op/ours`, up);
  await timed(figures, `${subject.title}/stop/ours`, async () => {
    await stopContainers(teardown, await projectContainers(engine, subject.project), null);
  });
  await up();
  await timed(figures, `${subject.title}/down/ours`, async () => {
    await stopContainers(teardown, await projectContainers(engine, subject.project), { volumes: false });
    await removeNetworks(engine, subject.project);
  });
}

async function measureCompose(subject: Subject, figures: Record<string, number[]>): Promise<void> {
  const up = () => subject.compose('up', '-d', '--wait');
  await timed(figures, `${subject.title}/start/compose`, up);
  await timed(figures, `${subject.title}/no-op/compose`, up);
  await timed(figures, `${subject.title}/stop/compose`, () => subject.compose('stop'));
  await up();
  await timed(figures, `${subject.title}/down/compose`, () => subject.compose('down'));
}

async function measureFloor(engine: EngineClient, subject: Subject, figures: Record<string, number[]>): Promise<void> {
  const project = await subject.load();
  await timed(figures, `${subject.title}/start/floor`, () => startByHand(engine, project));
  await timed(figures, `${subject.title}/down/floor`, () => removeByHand(engine, subject.project));
}

async function timed(figures: Record<string, number[]>, key: string, action: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await action();
  figures[key] ??= [];
  figures[key].push(performance.now() - startedAt);
}

async function shapeSubject(engine: EngineClient, shape: Shape, goal: string, composePath: string): Promise<Subject> {
  const scratch = await createScratch(engine, composePath);
  await scratch.write(shapeYaml(shape, await ensureTinyImage(engine)));
  return {
    title: `five services, ${shape}`,
    goal,
    project: scratch.project,
    load: () => loadProject({ files: [scratch.file], projectName: scratch.project, variables: {}, envFiles: [] }),
    compose: scratch.compose,
    close: scratch.close,
  };
}

/** The product's own stack on a data folder of its own. Null where an image would first have to be pulled or built. */
async function bundledSubject(engine: EngineClient, composeDir: string, composePath: string): Promise<Subject | null> {
  const folder = await mkdtemp(join(tmpdir(), 'quayside-bench-'));
  const environment = await openEnvironment({ dataDir: folder, name: 'bench', composeDir });
  const images = createImageCatalog({ engine: () => engine, environment });
  const anyProject = composeProject({});
  const needs = await images.needed(anyProject, new Set(serviceImages.map(({ service }) => service)));
  if (needs.some(({ present }) => !present)) {
    await rm(folder, { recursive: true, force: true });
    return null;
  }
  const quiet = { onPhase: () => undefined, onProgress: () => undefined };
  for (const need of needs)
    if (need.action !== 'none') await images.ensure(anyProject, need, quiet, new AbortController().signal);
  const port = await nextFreePort('127.0.0.1', 27_420);
  await updateState(environment, (state) => ({ ...state, ports: { ...state.ports, backend: port } }));
  await writeComposeEnv(environment);
  const files = environment.composeFiles.flatMap((file) => ['-f', file]);
  const compose = (...words: string[]) =>
    run(composePath, ['--env-file', environment.composeEnvFile, '-p', environment.project, ...files, ...words]);
  // The first start of all makes the databases; it is not what is compared.
  await compose('up', '-d', '--wait');
  await compose('down');
  return {
    title: 'the bundled stack',
    goal: '≤ 0.70',
    project: environment.project,
    load: async () =>
      loadProject({
        files: environment.composeFiles,
        projectName: environment.project,
        variables: await composeVariables(environment),
        envFiles: [],
      }),
    compose,
    async close() {
      await removeByHand(engine, environment.project);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
