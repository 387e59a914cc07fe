/** What is started and stopped: a Compose project that Quayside, Docker Compose and the floor all take from the same files. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadProject } from '../src/main/compose/load.ts';
import type { ComposeProject } from '../src/main/compose/model.ts';
import { openEnvironment } from '../src/main/config/environment.ts';
import { updateState } from '../src/main/config/environment-state.ts';
import { composeVariables, writeComposeEnv } from '../src/main/config/variables.ts';
import type { EngineClient } from '../src/main/engine/engine-client.ts';
import { createImageCatalog } from '../src/main/stack/images.ts';
import { nextFreePort } from '../src/main/stack/ports.ts';
import { createScratch } from '../tests/engine/scratch.ts';
import { ensureTinyImage } from '../tests/engine/tiny-image.ts';
import { clear } from './floor.ts';
import type { Sample } from './shapes.ts';

const run = promisify(execFile);

export interface Subject {
  readonly title: string;
  /** What this run must reach for a cold start, against Compose. */
  readonly goal: string;
  readonly rounds: number;
  /** Whether `down` is measured, which needs a second start. */
  readonly down: boolean;
  readonly project: string;
  readonly load: () => Promise<ComposeProject>;
  /** Docker Compose as a process, from its start to its exit. */
  readonly compose: (...words: string[]) => Promise<unknown>;
  /** `bin/quayside up` as a process, likewise. */
  readonly command: () => Promise<unknown>;
  readonly close: () => Promise<void>;
}

export async function sampleSubject(
  engine: EngineClient,
  sample: Sample,
  root: string,
  composePath: string,
): Promise<Subject> {
  const scratch = await createScratch(engine, composePath);
  await scratch.write(`name: ${scratch.project}\n${sample.yaml(await ensureTinyImage(engine))}`);
  return {
    ...sample,
    project: scratch.project,
    load: () => loadProject({ files: [scratch.file], projectName: scratch.project, variables: {}, envFiles: [] }),
    compose: scratch.compose,
    command: () =>
      run(process.execPath, [join(root, 'bin', 'quayside'), 'up', '--data', scratch.folder, '--file', scratch.file]),
    close: scratch.close,
  };
}

/** The product's own stack on a data folder of its own. Null where an image would first have to be pulled or built. */
export async function bundledSubject(
  engine: EngineClient,
  root: string,
  composePath: string,
  rounds: number,
): Promise<Subject | null> {
  const folder = await mkdtemp(join(tmpdir(), 'quayside-bench-'));
  const environment = await openEnvironment({ dataDir: folder, name: 'bench', composeDir: join(root, 'compose') });
  const images = createImageCatalog({ engine: () => engine, environment });
  const load = async (): Promise<ComposeProject> =>
    loadProject({
      files: environment.composeFiles,
      projectName: environment.project,
      variables: await composeVariables(environment),
      envFiles: [],
    });
  const model = await load();
  const needs = await images.needed(model, new Set(Object.keys(model.services)));
  if (needs.some(({ present }) => !present)) {
    await rm(folder, { recursive: true, force: true });
    return null;
  }
  const quiet = { onPhase: () => undefined, onProgress: () => undefined };
  for (const need of needs)
    if (need.action !== 'none') await images.ensure(model, need, quiet, new AbortController().signal);
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
    rounds,
    down: true,
    project: environment.project,
    load,
    compose,
    command: () =>
      run(process.execPath, [join(root, 'bin', 'quayside'), 'up', '--data', folder, '--env', environment.name]),
    async close() {
      await clear(engine, environment.project);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
