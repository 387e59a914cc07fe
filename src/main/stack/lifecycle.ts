/** Start, stop, remove and restart the stack of an environment, each as an operation that can be watched and cancelled. */
import { toProblem } from '../../shared/model/problem.ts';
import type { ServiceOutcome, ServiceReport } from '../compose/apply.ts';
import type { HashDialect } from '../compose/config-hash.ts';
import { loadProject } from '../compose/load.ts';
import type { ComposeProject } from '../compose/model.ts';
import { chooseServices, jobsOf } from '../compose/plan.ts';
import type { Environment } from '../config/environment.ts';
import { updateState } from '../config/environment-state.ts';
import { composeVariables, writeComposeEnv } from '../config/variables.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import type { OperationContext, OperationRunner, StepHandle } from '../operations/operation-runner.ts';
import { converge } from './converge.ts';
import { assertPortsFree, portOfEngineError, portTaken } from './ports.ts';
import { assertMemory, assertRoom, publishedPorts } from './preflight.ts';
import type { ImageNeed, StackImages } from './stack-images.ts';
import type { DeclaredService } from './stack-state.ts';
import { emptyFolders, projectContainers, removeNetworks, removeVolumes, stopContainers } from './teardown.ts';

export interface LifecycleOptions {
  /** Answers the engine once it is ready. @throws {ProblemError} the engine's own problem. */
  readonly monitor: { ready(timeoutMs?: number): Promise<EngineClient> };
  readonly environment: Environment;
  readonly images: StackImages;
  readonly stack: { refresh(): Promise<unknown> };
  readonly runner: OperationRunner;
  /** Whose config-hash new containers carry; by default that of the Compose which made the ones that are there, else the newest. */
  readonly dialect?: HashDialect;
}

export interface Lifecycle {
  /** Brings the stack (or the services and what they depend on) up. `ports` moves published ports and is remembered. */
  start(options: { services?: readonly string[]; ports?: Readonly<Record<string, number>> }): Promise<string>;
  /** Stops, keeps the containers. */
  stop(options: { services?: readonly string[] }): Promise<string>;
  /** Removes containers and networks; `volumes` deletes the data as well. */
  down(options: { volumes?: boolean }): Promise<string>;
  restart(options: { services: readonly string[] }): Promise<string>;
  /** The file with this environment's values. @throws {ProblemError} `compose-invalid` */
  project(): Promise<ComposeProject>;
  declared(): Promise<DeclaredService[]>;
}

export function createLifecycle(options: LifecycleOptions): Lifecycle {
  const { monitor, environment, images, stack, runner } = options;

  async function project(): Promise<ComposeProject> {
    return loadProject({
      files: environment.composeFiles,
      projectName: environment.project,
      variables: await composeVariables(environment),
      envFiles: [],
    });
  }

  async function up(context: OperationContext, services: readonly string[] | undefined): Promise<string> {
    const { signal } = context;
    const check = context.step('preflight', 'Check the engine, room and ports');
    check.start();
    let engine: EngineClient;
    let model: ComposeProject;
    let needs: ImageNeed[];
    let apiVersion: string;
    try {
      await writeComposeEnv(environment);
      engine = await monitor.ready();
      model = await project();
      const wanted = chooseServices(model, services);
      needs = await images.needed(model, wanted, signal);
      for (const name of wanted) context.step(`service/${name}`, name, { service: name, phase: 'waiting' });
      needs = needs.filter((need) => need.action !== 'none');
      const version = await engine.version(signal);
      apiVersion = version.apiVersion;
      assertMemory(version);
      await assertRoom(environment.root, needs.length > 0);
      await assertPortsFree(engine, environment.project, publishedPorts(model, wanted));
      check.done();
    } catch (error) {
      if (!signal.aborted) check.fail(error);
      throw error;
    }
    signal.throwIfAborted();
    if (needs.length > 0) {
      await getImages(context, model, needs);
      await writeComposeEnv(environment);
      model = await project();
    }
    await context.note({ doing: 'start', project: environment.project });
    const outcomes = await converge({
      engine,
      project: model,
      ...(services === undefined ? {} : { services }),
      ...(options.dialect === undefined ? {} : { dialect: options.dialect }),
      environmentFiles: [],
      apiVersion,
      report: (name) => reportOf(context, name),
      signal,
      explainStart: (planned, error) => explainStart(engine, model, planned.name, error),
    });
    return outcomeSentence(outcomes);
  }

  /** The engine's late refusal of a port means the same as the check before the start. */
  async function explainStart(
    engine: EngineClient,
    model: ComposeProject,
    service: string,
    error: unknown,
  ): Promise<{ error: unknown; remove: boolean }> {
    const { title, cause, evidence } = toProblem(error);
    const message = [title, cause, ...evidence, error instanceof Error ? error.message : ''].join('\n');
    const port = portOfEngineError(message);
    if (port === null) return { error, remove: false };
    const published = publishedPorts(model, [service]);
    const wanted = published.find((candidate) => candidate.port === port) ?? published[0];
    if (wanted === undefined) return { error, remove: true };
    const known = await assertPortsFree(engine, environment.project, [wanted]).then(
      () => null,
      (found: unknown) => found,
    );
    return { error: known ?? (await portTaken(wanted, { kind: 'unknown' })), remove: true };
  }

  async function getImages(
    context: OperationContext,
    model: ComposeProject,
    needs: readonly ImageNeed[],
  ): Promise<void> {
    const results = await Promise.allSettled(
      needs.map(async (need) => {
        const step = context.step(`service/${need.service}`, need.service, { service: need.service });
        try {
          await images.ensure(
            model,
            need,
            {
              onPhase: (phase, detail) => step.phase(phase, detail),
              onProgress: (progress) => showPull(step, progress),
            },
            context.signal,
          );
          step.progress(null);
          step.phase('waiting', 'Its image is here');
        } catch (error) {
          if (!context.signal.aborted) step.fail(error);
          throw error;
        }
      }),
    );
    context.signal.throwIfAborted();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async function begin(
    spec: { kind: 'start' | 'stop' | 'remove' | 'restart'; title: string; cancellable?: boolean },
    run: (context: OperationContext) => Promise<string>,
  ): Promise<string> {
    return runner.begin({
      ...spec,
      exclusive: true,
      async run(context) {
        try {
          return await run(context);
        } finally {
          // Who reads the state right after the end sees what the operation did.
          await stack.refresh().catch(() => undefined);
        }
      },
    });
  }

  return {
    project,
    async declared() {
      const model = await project();
      const jobs = jobsOf(model);
      return Object.entries(model.services).map(([name, service]) => ({
        name,
        role: jobs.has(name) || service.labels?.['quayside.role'] === 'job' ? ('job' as const) : ('service' as const),
        purpose: service.labels?.['quayside.purpose'] ?? '',
        image: service.image ?? '',
        dependsOn: Object.keys(service.depends_on ?? {}),
      }));
    },
    async start({ services, ports }) {
      const few = services !== undefined && services.length > 0 ? services : undefined;
      return begin(
        { kind: 'start', title: few === undefined ? 'Start the stack' : `Start ${few.join(', ')}` },
        async (context) => {
          if (ports !== undefined && Object.keys(ports).length > 0) {
            await updateState(environment, (state) => ({ ...state, ports: { ...state.ports, ...ports } }));
          }
          return up(context, few);
        },
      );
    },
    async stop({ services }) {
      const few = services !== undefined && services.length > 0 ? services : undefined;
      return begin(
        { kind: 'stop', title: few === undefined ? 'Stop the stack' : `Stop ${few.join(', ')}` },
        async (context) => {
          const engine = await monitor.ready();
          const all = await projectContainers(engine, environment.project);
          const chosen = few === undefined ? all : all.filter(({ service }) => few.includes(service));
          const count = await stopContainers(teardown(engine, context), chosen, null);
          return count === 0 ? 'Nothing was running' : `${count} containers are stopped; their data is kept`;
        },
      );
    },
    async down({ volumes = false }) {
      const title = volumes ? 'Remove the stack and its data' : 'Remove the stack';
      return begin({ kind: 'remove', title }, async (context) => {
        const engine = await monitor.ready();
        const all = await projectContainers(engine, environment.project);
        if (volumes) await context.note({ doing: 'remove-data', project: environment.project });
        const count = await stopContainers(teardown(engine, context), all, { volumes });
        context.signal.throwIfAborted();
        await removeNetworks(engine, environment.project);
        if (!volumes) return `${count} containers and the network are removed; the data is kept`;
        const step = context.step('data', 'Delete the data');
        step.start();
        await removeVolumes(engine, environment.project);
        await emptyFolders(environment.volumesDir);
        step.done();
        return `${count} containers, the network and the data are removed`;
      });
    },
    async restart({ services }) {
      return begin({ kind: 'restart', title: `Restart ${services.join(', ')}` }, async (context) => {
        const engine = await monitor.ready();
        const model = await project();
        chooseServices(model, services);
        const all = await projectContainers(engine, environment.project);
        const chosen = all.filter(({ service }) => services.includes(service));
        await stopContainers(teardown(engine, context), chosen, null);
        return up(context, services);
      });
    },
  };

  function teardown(engine: EngineClient, context: OperationContext) {
    return {
      engine,
      project: environment.project,
      report: (name: string) => reportOf(context, name),
      signal: context.signal,
    };
  }
}

function reportOf(context: OperationContext, service: string): ServiceReport {
  return context.step(`service/${service}`, service, { service, phase: 'waiting' });
}

function showPull(step: StepHandle, progress: { status: string; doneBytes: number; totalBytes: number | null }): void {
  step.detail(progress.status);
  if (progress.doneBytes > 0 || progress.totalBytes !== null) {
    step.progress({ done: progress.doneBytes, total: progress.totalBytes, unit: 'bytes' });
  }
}

function outcomeSentence(outcomes: ReadonlyMap<string, ServiceOutcome>): string {
  const jobs = [...outcomes.values()].filter((outcome) => outcome === 'done').length;
  const services = outcomes.size - jobs;
  const up = `${services} of ${services} services are up`;
  return jobs === 0 ? up : `${up}, ${jobs} ${jobs === 1 ? 'job' : 'jobs'} completed`;
}
