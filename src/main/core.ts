/**
 * The composition root: builds every part of the panel from plain arguments and knows no window. The desktop, the
 * CLI and the tests each call it once. Besides handlers.ts this is the one place where the domains meet.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Operation } from '../shared/model/operation.ts';
import { ProblemError, problem } from '../shared/model/problem.ts';
import type { BackendAccess } from './backend/backend-access.ts';
import { type Backups, createBackups } from './backup/backups.ts';
import { type Chat, createChat } from './chat/chat.ts';
import { type Environment, openEnvironment } from './config/environment.ts';
import { readSecret, redactor, secretNames } from './config/secrets.ts';
import { createEngineMonitor, type EngineMonitor } from './engine/engine-monitor.ts';
import { createFolderSources, type FolderSources, shownSource } from './folder-sources.ts';
import { createKnowledge, type Knowledge } from './knowledge/knowledge.ts';
import type { OperationRunner } from './operations/operation-runner.ts';
import { createOperationRunner } from './operations/runner.ts';
import { bundledDefinition } from './stack/bundled-definition.ts';
import { serviceUrl } from './stack/derive.ts';
import { createEngineProjects } from './stack/engine-projects.ts';
import { createImageCatalog } from './stack/images.ts';
import { createLifecycle, type Lifecycle } from './stack/lifecycle.ts';
import { openOpenedStacks } from './stack/opened-stacks.ts';
import { createProjectImages } from './stack/project-images.ts';
import type { StackImages } from './stack/stack-images.ts';
import { createStackState, type StackStateHub } from './stack/stack-state.ts';
import { createStacks, type Stacks } from './stack/stacks.ts';
import { createStackHandles, type StackHandle, type StackHandles } from './stack-handles.ts';
import { type BackendMetricsHub, createBackendMetrics } from './telemetry/backend-metrics.ts';
import { createHealthBoard, type HealthBoard } from './telemetry/health-board.ts';
import { createLogHub, type LogHub } from './telemetry/log-hub.ts';
import { createStatsHub, type StatsHub } from './telemetry/stats-hub.ts';

export interface CoreOptions {
  readonly dataDir: string;
  /** The environment's name. */
  readonly environment: string;
  /** Engine endpoint; discovered when left out. */
  readonly engine?: string | undefined;
  readonly composeDir: string;
  readonly samplesDir: string;
  readonly appVersion: string;
  /** The environment the panel was started in: what `${}` in the person's own Compose files may refer to. None when left out. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

export interface Core {
  readonly appVersion: string;
  readonly samplesDir: string;
  readonly environment: Environment;
  readonly monitor: EngineMonitor;
  readonly runner: OperationRunner;
  readonly images: StackImages;
  readonly stack: StackStateHub;
  readonly lifecycle: Lifecycle;
  /** The bundled stack and every other Compose project. */
  readonly stacks: Stacks;
  /** One of them to work on. */
  readonly handles: StackHandles;
  readonly access: BackendAccess;
  readonly chat: Chat;
  readonly knowledge: Knowledge;
  /** The set of questions that comes with the sample documents. */
  readonly sampleQuestions: string;
  readonly folderSources: FolderSources;
  /** Where n8n's editor is. @throws {ProblemError} `editor-away` */
  editorUrl(): string;
  readonly logs: LogHub;
  readonly stats: StatsHub;
  readonly health: HealthBoard;
  readonly metrics: BackendMetricsHub;
  readonly backups: Backups;
  /** What an earlier panel left open when it was killed; already marked `interrupted`. */
  readonly interrupted: readonly Operation[];
  /** Takes this environment's secrets out of a text. Runs over everything that is shown, logged or exported. */
  redact(text: string): string;
  /**
   * Goes to another engine; empty means wherever Docker's own settings say.
   * @throws {ProblemError} `engine-address-refused`; `operation-running` while something is under way on the present one
   */
  switchEngine(address: string): Promise<void>;
  /** Cancels what is under way, waits until it reached a known state, lets go of the engine. Twice is harmless. */
  close(): Promise<void>;
}

/**
 * Opens the environment and starts looking for the engine; waits for neither engine nor stack.
 * @throws {ProblemError} when the data folder cannot be used (see openEnvironment).
 */
export async function createCore(options: CoreOptions): Promise<Core> {
  const environment = await openEnvironment({
    dataDir: options.dataDir,
    name: options.environment,
    composeDir: options.composeDir,
  });
  const redact = redactor(await Promise.all(secretNames.map((name) => readSecret(environment, name))));
  const runner = createOperationRunner({ journalDir: environment.journalDir, environment: environment.name, redact });
  const recovered = await runner.recover();

  const monitor = createEngineMonitor({
    ...(options.engine === undefined ? {} : { engine: options.engine }),
    busy: () => runner.list().some((operation) => operation.state === 'running'),
  });
  const images = createImageCatalog({ engine: () => monitor.client(), environment });
  const stack = createStackState({
    monitor,
    project: environment.project,
    environment: environment.name,
    // The stack's state needs what the files declare, starting it needs the state: the knot is tied here.
    declared: () => lifecycle.declared(),
  });
  const definition = bundledDefinition(environment, images);
  const lifecycle: Lifecycle = createLifecycle({ monitor, definition, stack, runner });
  const bundled: StackHandle = {
    project: environment.project,
    state: stack,
    lifecycle,
    logs: createLogHub({ monitor, stack }),
    stats: createStatsHub({ monitor, stack }),
  };
  const variables = Object.fromEntries(
    Object.entries(options.variables ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  const opened = openOpenedStacks(join(environment.dataDir, 'stacks.json'));
  const stacks = createStacks({
    projects: createEngineProjects(monitor),
    opened,
    bundled: {
      snapshot: () => stack.snapshot(),
      subscribe: (listener) => stack.subscribe(listener),
      files: environment.composeFiles,
    },
    variables,
  });
  const handles = createStackHandles({
    bundled,
    environment: environment.name,
    monitor,
    runner,
    stacks,
    opened,
    images: createProjectImages({ engine: () => monitor.client(), dockerConfigDir: dockerConfigDir(variables) }),
    variables,
  });

  const access: BackendAccess = {
    url: () => stack.snapshot().backendUrl,
    token: () => readSecret(environment, 'backend_token'),
  };
  const chat = createChat({ access, runner, stack: environment.project });
  const editorUrl = (): string | null => serviceUrl(stack.snapshot().services, ['n8n']);
  const knowledge = createKnowledge({
    access,
    runner,
    stack: environment.project,
    shown: (source) => shownSource(environment, source),
    editorUrl,
  });
  const backups = createBackups({ monitor, environment, stack, runner, appVersion: options.appVersion });

  let closing: Promise<void> | undefined;
  return {
    appVersion: options.appVersion,
    samplesDir: options.samplesDir,
    environment,
    monitor,
    runner,
    images,
    stack,
    lifecycle,
    stacks,
    handles,
    access,
    chat,
    knowledge,
    sampleQuestions: join(options.samplesDir, 'evaluation', 'questions.json'),
    folderSources: createFolderSources({ environment, lifecycle, runner, knowledge }),
    editorUrl() {
      const url = editorUrl();
      if (url === null) throw editorAway();
      return url;
    },
    logs: bundled.logs,
    stats: bundled.stats,
    health: createHealthBoard({ monitor, stack, access }),
    metrics: createBackendMetrics({ access }),
    backups,
    interrupted: recovered.map(({ operation }) => operation),
    redact,
    async switchEngine(address) {
      const running = runner.list().find((operation) => operation.state === 'running');
      if (running !== undefined) throw stillRunning(running.title);
      await monitor.use(address === '' ? undefined : address);
    },
    close() {
      closing ??= (async () => {
        await runner.close();
        handles.close();
        stack.close();
        monitor.close();
      })();
      return closing;
    },
  };
}

/** Where Docker keeps whom to log in as. */
function dockerConfigDir(variables: Readonly<Record<string, string>>): string {
  return variables.DOCKER_CONFIG || join(variables.HOME ?? homedir(), '.docker');
}

function editorAway(): ProblemError {
  return new ProblemError(
    problem('editor-away', 'The editor of n8n is not there', 'n8n is off, or it does not run.', {
      remedies: [
        {
          action: 'copy-command',
          label: 'Switch n8n on, then start the stack',
          command: 'quayside capability enable n8n',
        },
      ],
    }),
  );
}

function stillRunning(title: string): ProblemError {
  return new ProblemError(
    problem(
      'operation-running',
      `"${title}" is still under way`,
      'It works on the present engine, which cannot be left in the middle of it.',
      { remedies: [{ action: 'advice', label: 'Wait until it has ended, or cancel it first' }] },
    ),
  );
}
