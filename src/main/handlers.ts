/** One function per entry of the contract: what each means in terms of the core. No logic of its own beyond joining two parts. */
import { join } from 'node:path';
import type { HealthReport } from '../shared/model/health.ts';
import { ProblemError, problem } from '../shared/model/problem.ts';
import type { LogBatch } from '../shared/model/telemetry.ts';
import type { Capability } from '../shared/model/workflows.ts';
import { listCapabilities, setCapability } from './config/capabilities.ts';
import type { Core } from './core.ts';
import { defined } from './defined.ts';
import type { DesktopPort } from './desktop-port.ts';
import type { Handlers, Sink } from './dispatch.ts';
import { chatHandlers } from './handlers-chat.ts';
import { knowledgeHandlers } from './handlers-knowledge.ts';
import type { StackHandle } from './stack-handles.ts';

export function createHandlers(core: Core, desktop: DesktopPort): Handlers {
  const nothing = {};
  return {
    'app.info': () => ({
      version: core.appVersion,
      environment: core.environment.name,
      dataDir: core.environment.dataDir,
      project: core.environment.project,
      electron: desktop.electron,
      node: process.versions.node,
    }),
    'settings.get': () => desktop.settings.get(),
    'settings.set': async (change) => {
      const { engine } = change;
      if (engine !== undefined && engine !== desktop.settings.get().engine) await core.switchEngine(engine);
      return desktop.settings.set(change);
    },

    'engine.watch': (_input, sink) => {
      sink.item(core.monitor.state);
      return core.monitor.subscribe(() => sink.item(core.monitor.state));
    },
    'engine.start': () => core.monitor.startEngine(),

    'stacks.watch': (_input, sink) => core.stacks.watch((stacks) => sink.item({ stacks })),
    'stacks.pick': async () => ({ files: await desktop.files.offer(await desktop.pickComposeFiles()) }),
    'stacks.open': ({ tokens, project }) => {
      const paths = desktop.files.resolve(tokens).map(({ path }) => path);
      return core.stacks.open(paths, { project });
    },
    'stacks.adopt': ({ stack }) => core.stacks.adopt(stack),
    'stacks.forget': async ({ stack }) => {
      await core.stacks.forget(stack);
      return nothing;
    },

    'stack.watch': ({ stack }, sink) =>
      held(core, stack, ({ state }) => {
        sink.item(state.snapshot());
        return state.subscribe((next) => sink.item(next));
      }),
    'stack.plan': async ({ stack, ...how }) => {
      const { handle, release } = core.handles.use(stack);
      return handle.lifecycle.plan(defined(how)).finally(release);
    },
    'stack.start': ({ stack, ...how }) => core.handles.change(stack, (lifecycle) => lifecycle.start(defined(how))),
    'stack.stop': ({ stack, ...how }) => core.handles.change(stack, (lifecycle) => lifecycle.stop(defined(how))),
    'stack.restart': ({ stack, ...how }) => core.handles.change(stack, (lifecycle) => lifecycle.restart(how)),
    'stack.scale': ({ stack, ...how }) => core.handles.change(stack, (lifecycle) => lifecycle.scale(how)),
    'stack.remove': ({ stack, ...how }) => core.handles.change(stack, (lifecycle) => lifecycle.down(defined(how))),

    'operations.watch': (_input, sink) => {
      const tell = () => sink.item({ operations: core.runner.list().slice(0, 100) });
      tell();
      return core.runner.subscribe(tell);
    },
    'operations.cancel': ({ id }) => {
      core.runner.cancel(id);
      return nothing;
    },

    'logs.follow': ({ stack, ...request }, sink) =>
      held(core, stack, ({ logs }) => logs.follow(request, (batch) => sink.item(redactLogs(batch, core.redact)))),
    'stats.watch': ({ stack }, sink) => held(core, stack, ({ stats }) => stats.watch((batch) => sink.item(batch))),
    'metrics.watch': (_input, sink) => core.metrics.watch((batch) => sink.item(batch)),
    'health.watch': (_input, sink) => core.health.watch((report) => sink.item(redactHealth(report, core.redact))),

    ...chatHandlers(core, desktop),
    ...knowledgeHandlers(core, desktop),

    'capabilities.list': async () => ({ capabilities: await capabilitiesOf(core) }),
    'capabilities.set': async ({ name, on }) => {
      await setCapability(core.environment, name, on);
      return { capabilities: await capabilitiesOf(core) };
    },

    'backup.create': async () => ({ operationId: await core.backups.create() }),
    'backup.watch': (_input, sink) => watchBackups(core, sink),
    'backup.verify': async ({ id }) => ({ operationId: await core.backups.verify(id) }),
    'backup.reveal': async ({ id }) => {
      await desktop.reveal(id === undefined ? core.backups.folder : await backupPath(core, id));
      return nothing;
    },
  };
}

/** Keeps the stack in use until the stream is closed. */
function held(core: Core, stack: string | undefined, open: (handle: StackHandle) => () => void): () => void {
  const { handle, release } = core.handles.use(stack);
  const stop = open(handle);
  return () => {
    stop();
    release();
  };
}

function watchBackups(
  core: Core,
  sink: Sink<{ folder: string; backups: Awaited<ReturnType<Core['backups']['list']>> }>,
): () => void {
  const tell = () => {
    core.backups.list().then(
      (backups) => sink.item({ folder: core.backups.folder, backups }),
      (error: unknown) => sink.end(error),
    );
  };
  tell();
  return core.backups.watch(tell);
}

/** The path of a backup this panel knows; an id is never taken as part of a path. */
async function backupPath(core: Core, id: string): Promise<string> {
  const found = (await core.backups.list()).find((backup) => backup.id === id);
  if (found !== undefined) return join(core.backups.folder, found.fileName);
  throw new ProblemError(problem('backup-unknown', 'This backup is gone', 'There is no backup of that name any more.'));
}

/** What is switched on, and whether the stack that is there has it. */
async function capabilitiesOf(core: Core): Promise<Capability[]> {
  const there = new Set(
    core.stack.snapshot().services.flatMap(({ name, containers }) => (containers.length > 0 ? [name] : [])),
  );
  // Each is named for the service that it adds.
  return (await listCapabilities(core.environment)).map(({ name, on, summary }) => ({
    name,
    on,
    summary,
    applied: there.has(name),
  }));
}

/** Services print what they like, their own passwords too. */
export function redactLogs(batch: LogBatch, redact: (text: string) => string): LogBatch {
  return { ...batch, lines: batch.lines.map((line) => ({ ...line, text: redact(line.text) })) };
}

/** Probe outputs are texts of the services as well. */
export function redactHealth(report: HealthReport, redact: (text: string) => string): HealthReport {
  return {
    ...report,
    services: report.services.map((service) => ({
      ...service,
      probes: service.probes.map((probe) => ({ ...probe, output: redact(probe.output) })),
    })),
  };
}
