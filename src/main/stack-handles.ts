/** One stack as the window and the CLI work on it. Those beside the bundled one are put together when they are used, and let go of after. */
import { ProblemError, problem } from '../shared/model/problem.ts';
import type { EngineMonitor } from './engine/engine-monitor.ts';
import type { OperationRunner } from './operations/operation-runner.ts';
import { fileDefinition } from './stack/file-definition.ts';
import { createLifecycle, type Lifecycle } from './stack/lifecycle.ts';
import type { OpenedStacks } from './stack/opened-stacks.ts';
import type { StackImages } from './stack/stack-images.ts';
import { createStackState, type StackStateHub } from './stack/stack-state.ts';
import type { Stacks } from './stack/stacks.ts';
import { createLogHub, type LogHub } from './telemetry/log-hub.ts';
import { createStatsHub, type StatsHub } from './telemetry/stats-hub.ts';

export interface StackHandle {
  readonly project: string;
  readonly state: StackStateHub;
  readonly lifecycle: Lifecycle;
  readonly logs: LogHub;
  readonly stats: StatsHub;
}

export interface StackHandles {
  /** Reads and shows; `release` lets go, and calling it twice is harmless. No id means the bundled stack. */
  use(id: string | undefined): { readonly handle: StackHandle; release(): void };
  /**
   * Begins an operation, and keeps the stack's state for as long as it runs.
   * @throws {ProblemError} `stack-not-opened` for a stack that the person did not open, and what `begin` throws
   */
  change(id: string | undefined, begin: (lifecycle: Lifecycle) => Promise<string>): Promise<{ operationId: string }>;
  close(): void;
}

/** A page that is left and entered again finds its figures as they were. */
const lingerMs = 10_000;
const maxHandles = 100;

export interface StackHandlesOptions {
  readonly bundled: StackHandle;
  readonly environment: string;
  readonly monitor: EngineMonitor;
  readonly runner: OperationRunner;
  readonly stacks: Pick<Stacks, 'find' | 'assertOpened'>;
  readonly opened: OpenedStacks;
  readonly images: StackImages;
  readonly variables: Readonly<Record<string, string>>;
}

interface Kept {
  readonly handle: StackHandle;
  users: number;
  timer: NodeJS.Timeout | undefined;
}

export function createStackHandles(options: StackHandlesOptions): StackHandles {
  const { bundled, monitor, runner, stacks } = options;
  const others = new Map<string, Kept>();

  function make(project: string): StackHandle {
    const definition = fileDefinition({
      project,
      stacks: { find: (name) => stacks.find(name), change: (name, change) => options.opened.change(name, change) },
      images: options.images,
      variables: options.variables,
    });
    const state = createStackState({
      monitor,
      project,
      environment: options.environment,
      declared: () => lifecycle.declared(),
      bundled: false,
    });
    const lifecycle: Lifecycle = createLifecycle({ monitor, definition, stack: state, runner });
    return {
      project,
      state,
      lifecycle,
      logs: createLogHub({ monitor, stack: state }),
      stats: createStatsHub({ monitor, stack: state }),
    };
  }

  function use(id: string | undefined): { handle: StackHandle; release(): void } {
    if (id === undefined || id === bundled.project) return { handle: bundled, release: () => undefined };
    const known = others.get(id);
    if (known === undefined && others.size >= maxHandles) throw tooMany();
    const kept: Kept = known ?? { handle: make(id), users: 0, timer: undefined };
    others.set(id, kept);
    clearTimeout(kept.timer);
    kept.users += 1;
    let released = false;
    return {
      handle: kept.handle,
      release() {
        if (released) return;
        released = true;
        kept.users -= 1;
        if (kept.users > 0) return;
        kept.timer = setTimeout(() => {
          others.delete(id);
          kept.handle.state.close();
        }, lingerMs);
        kept.timer.unref();
      },
    };
  }

  return {
    use,
    async change(id, begin) {
      const { handle, release } = use(id);
      try {
        if (handle !== bundled) await stacks.assertOpened(handle.project);
        const operationId = await begin(handle.lifecycle);
        void runner.wait(operationId).then(release, release);
        return { operationId };
      } catch (error) {
        release();
        throw error;
      }
    },
    close() {
      for (const { handle, timer } of others.values()) {
        clearTimeout(timer);
        handle.state.close();
      }
      others.clear();
    },
  };
}

function tooMany(): ProblemError {
  return new ProblemError(
    problem('too-many-stacks', 'Too many stacks are being looked at', `At most ${maxHandles} at once.`, {
      remedies: [{ action: 'advice', label: 'Close some of them' }],
    }),
  );
}
