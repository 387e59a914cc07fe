/** Every stack the panel knows, as one list: the bundled one, those the person opened, and those seen on the engine. */
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { ProblemError, problem, toProblem } from '../../shared/model/problem.ts';
import type { ServiceState, StackState } from '../../shared/model/stack.ts';
import type { StackSummary } from '../../shared/model/stacks.ts';
import type { ActualContainer } from '../compose/actual.ts';
import { baseFileNames, discoverComposeFiles } from '../compose/discover-files.ts';
import { dependsLabel, environmentFileLabel, parseDependsLabel } from '../compose/labels.ts';
import { loadProject } from '../compose/load.ts';
import { serviceStatus, stackStatus } from './derive.ts';
import type { EngineProject, EngineProjects } from './engine-projects.ts';
import { loadOpened, unreadable } from './file-definition.ts';
import type { OpenedStack, OpenedStacks } from './opened-stacks.ts';

export interface StacksOptions {
  readonly projects: EngineProjects;
  readonly opened: OpenedStacks;
  /** The bundled stack, which is kept up to date by itself. */
  readonly bundled: {
    snapshot(): StackState;
    subscribe(listener: () => void): () => void;
    readonly files: readonly string[];
  };
  /** As of FileDefinitionOptions. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface Stacks {
  /** Reads engine and disk now. While the engine is away its part is missing and what was opened is `unknown`. */
  list(): Promise<StackSummary[]>;
  /** The present list, then a new one after each change. */
  watch(listener: (stacks: StackSummary[]) => void): () => void;
  /**
   * Opens the project of these files, or of the one folder that holds them as Docker Compose would find them.
   * @throws {ProblemError} `compose-not-found`, `compose-invalid`, `stack-is-bundled`
   */
  open(paths: readonly string[], options?: OpenOptions): Promise<StackSummary>;
  /** Opens one that is seen on the engine. @throws {ProblemError} `stack-unknown` */
  adopt(project: string): Promise<StackSummary>;
  /** Its containers stay as they are. */
  forget(project: string): Promise<void>;
  /** What is known of a project: as it was opened, else as its containers' labels tell. */
  find(project: string): Promise<OpenedStack | null>;
  /** @throws {ProblemError} `stack-not-opened` for one that the person did not open */
  assertOpened(project: string): Promise<void>;
}

export interface OpenOptions {
  /** As `-p`. */
  readonly project?: string | undefined;
  readonly envFiles?: readonly string[] | undefined;
  readonly profiles?: readonly string[] | undefined;
  /** Base of relative paths. */
  readonly cwd?: string;
}

export function createStacks({ projects, opened, bundled, variables }: StacksOptions): Stacks {
  async function onEngine(): Promise<EngineProject[] | null> {
    return projects.read().catch(() => null);
  }

  async function list(): Promise<StackSummary[]> {
    const [found, known] = await Promise.all([onEngine(), opened.all()]);
    const own = bundled.snapshot();
    const others = await Promise.all([
      ...known.map((stack) => openedSummary(stack, found)),
      ...(found ?? [])
        .filter(({ project }) => project !== own.project && !known.some((stack) => stack.project === project))
        .map(engineSummary),
    ]);
    return [bundledSummary(own, bundled.files), ...others].slice(0, 500);
  }

  async function openedSummary(stack: OpenedStack, found: readonly EngineProject[] | null): Promise<StackSummary> {
    const there = found?.find(({ project }) => project === stack.project);
    const failure = await loadOpened(stack, variables).then(
      () => null,
      (error: unknown) => toProblem(error),
    );
    return {
      id: stack.project,
      origin: 'opened',
      files: stack.files.map((file) => file.slice(0, 1000)),
      filesHere: stack.files.length > 0 && failure?.code !== 'compose-files-missing',
      ...counts(there?.containers ?? []),
      status: found === null ? 'unknown' : statusOf(there?.containers ?? []),
      problem: failure,
    };
  }

  async function put(stack: Omit<OpenedStack, 'ports' | 'scale'>): Promise<StackSummary> {
    if (stack.project === bundled.snapshot().project) throw isBundled(stack.project);
    const kept = await opened.put(stack);
    return openedSummary(kept, await onEngine());
  }

  async function find(project: string): Promise<OpenedStack | null> {
    const known = await opened.find(project);
    if (known !== null) return known;
    const there = (await onEngine())?.find((candidate) => candidate.project === project);
    return there === undefined ? null : { ...asOpened(there), ports: {}, scale: {} };
  }

  return {
    list,
    watch(listener) {
      let closed = false;
      let reading = false;
      let again = false;
      let last = '';
      const tell = async (): Promise<void> => {
        if (reading) {
          again = true;
          return;
        }
        reading = true;
        do {
          again = false;
          const stacks = await list().catch(() => null);
          if (stacks === null) continue;
          const text = JSON.stringify(stacks);
          if (!closed && text !== last) {
            last = text;
            listener(stacks);
          }
        } while (again && !closed);
        reading = false;
      };
      const onChange = (): void => void tell();
      const stops = [projects.watch(onChange), opened.subscribe(onChange), bundled.subscribe(onChange)];
      onChange();
      return () => {
        closed = true;
        for (const stop of stops) stop();
      };
    },
    async open(paths, options = {}) {
      return put(await locateProject(paths, options, variables));
    },
    async adopt(project) {
      const there = (await projects.read()).find((candidate) => candidate.project === project);
      if (there === undefined) throw unknown(project);
      return put(asOpened(there));
    },
    forget: (project) => opened.remove(project),
    find,
    async assertOpened(project) {
      if ((await opened.find(project)) !== null) return;
      if ((await find(project)) === null) throw unknown(project);
      throw notOpened(project);
    },
  };
}

/** The project that files, or the one folder given, make up; read once, so that what cannot be read is told at once. */
export async function locateProject(
  paths: readonly string[],
  options: OpenOptions,
  variables: Readonly<Record<string, string>>,
): Promise<Omit<OpenedStack, 'ports' | 'scale'>> {
  const cwd = options.cwd ?? process.cwd();
  const given = paths.map((path) => resolve(cwd, path));
  const [only] = given;
  const folder = await folderOf(given);
  const named = options.envFiles?.map((file) => resolve(cwd, file));
  let files = given;
  let workingDir = dirname(only ?? cwd);
  let envFiles: string[] | null = named ?? null;
  let environmentFiles: string[] = named ?? [];
  if (folder !== null) {
    const discovered = await discoverComposeFiles(folder, variables);
    files = [...discovered.files];
    workingDir = discovered.workingDir;
    if (named === undefined) {
      envFiles = discovered.envFiles === undefined ? null : [...discovered.envFiles];
      environmentFiles = [...discovered.environmentFiles];
    }
  }
  const model = await loadProject({
    files,
    workingDir,
    variables,
    ...(options.project === undefined ? {} : { projectName: options.project }),
    ...(envFiles === null ? {} : { envFiles }),
    ...(options.profiles === undefined ? {} : { profiles: options.profiles }),
  });
  const profiles = options.profiles?.slice() ?? null;
  return { project: model.name, files, workingDir: model.workingDir, envFiles, environmentFiles, profiles };
}

/** A folder, or a file of one of the usual names (whose override belongs to it): found as Docker Compose finds it. */
async function folderOf(paths: readonly string[]): Promise<string | null> {
  const [only] = paths;
  if (only === undefined || paths.length > 1) return null;
  const found = await stat(only).catch(() => null);
  if (found?.isDirectory() === true) return only;
  return baseFileNames.includes(basename(only)) ? dirname(only) : null;
}

function asOpened(there: EngineProject): Omit<OpenedStack, 'ports' | 'scale'> {
  const { project, workingDir } = there;
  const named = (there.containers[0]?.labels[environmentFileLabel] ?? '').split(',').filter((file) => file !== '');
  const envFiles = named.length > 0 ? named : null;
  return { project, files: there.files.slice(0, 50), workingDir, envFiles, environmentFiles: named, profiles: null };
}

function bundledSummary(state: StackState, files: readonly string[]): StackSummary {
  const containers = state.services.flatMap((service) => service.containers);
  return {
    id: state.project,
    origin: 'bundled',
    files: [...files],
    filesHere: true,
    status: state.staleSinceMs === null ? state.status : 'unknown',
    running: containers.filter((container) => container.state === 'running').length,
    containers: containers.length,
    services: state.services.filter((service) => service.containers.length > 0).map(({ name }) => name),
    problem: null,
  };
}

async function engineSummary(there: EngineProject): Promise<StackSummary> {
  return {
    id: there.project,
    origin: 'engine',
    files: there.files.slice(0, 50).map((file) => file.slice(0, 1000)),
    filesHere: there.files.length > 0 && (await unreadable(there.files)).length === 0,
    ...counts(there.containers),
    status: statusOf(there.containers),
    problem: null,
  };
}

function counts(containers: readonly ActualContainer[]): Pick<StackSummary, 'running' | 'containers' | 'services'> {
  return {
    running: containers.filter(({ state }) => state === 'running').length,
    containers: containers.length,
    services: [...new Set(containers.map(({ service }) => service))].sort().slice(0, 500),
  };
}

/** From the list alone, without an inspect of each container. */
function statusOf(containers: readonly ActualContainer[]): StackSummary['status'] {
  const jobs = new Set(
    containers.flatMap(({ labels }) =>
      parseDependsLabel(labels[dependsLabel]).flatMap(({ service, condition }) =>
        condition === 'service_completed_successfully' ? [service] : [],
      ),
    ),
  );
  const services = [...new Set(containers.map(({ service }) => service))].map((name): ServiceState => {
    const role = jobs.has(name) ? ('job' as const) : ('service' as const);
    const own = containers.filter(({ service }) => service === name).map(asState);
    return {
      name,
      role,
      purpose: '',
      image: '',
      status: serviceStatus(role, own),
      containers: own,
      ports: [],
      dependsOn: [],
    };
  });
  return services.length === 0 ? 'absent' : stackStatus(services);
}

function asState(container: ActualContainer): ServiceState['containers'][number] {
  const known = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const;
  return {
    id: container.id,
    name: container.name,
    number: container.number,
    state: known.find((state) => state === container.state) ?? 'dead',
    health: container.health === 'unknown' ? 'none' : container.health,
    startedAtMs: null,
    finishedAtMs: null,
    exitCode: container.exitCode,
    oomKilled: false,
    restartCount: 0,
    image: '',
  };
}

function unknown(project: string): ProblemError {
  return new ProblemError(
    problem('stack-unknown', `There is no stack named ${project}`, 'It was not opened, and no container names it.', {
      remedies: [{ action: 'advice', label: 'Open its Compose file' }],
    }),
  );
}

function notOpened(project: string): ProblemError {
  return new ProblemError(
    problem(
      'stack-not-opened',
      `${project} is not managed by Quayside`,
      'It was made by someone else and is only shown. Quayside changes nothing that you did not open.',
      { remedies: [{ action: 'advice', label: 'Choose to manage it first' }] },
    ),
  );
}

function isBundled(project: string): ProblemError {
  return new ProblemError(
    problem('stack-is-bundled', `${project} is Quayside’s own stack`, 'It is on the list already.', {
      remedies: [{ action: 'open-page', label: 'Show it', page: 'stack' }],
    }),
  );
}
