/** The Compose projects that have containers on the engine, whoever made them: one list, read again after what changes it. */
import { projectLabel } from '../../shared/model/compose-labels.ts';
import { type ActualContainer, actualContainer } from '../compose/actual.ts';
import { configFilesLabel, workingDirLabel } from '../compose/labels.ts';
import type { EngineSource } from './stack-state.ts';

export interface EngineProject {
  readonly project: string;
  /** As the labels name them, absolute where Compose made them. */
  readonly files: readonly string[];
  readonly workingDir: string;
  readonly containers: readonly ActualContainer[];
}

export interface EngineProjects {
  /** Reads the engine now. @throws {ProblemError} while it is not ready */
  read(): Promise<EngineProject[]>;
  /** Called when the list may have changed, at most four times a second, for as long as somebody listens. */
  watch(listener: () => void): () => void;
}

const coalesceMs = 250;
const retryMs = 1000;
/** An event can be lost, and an answer too: a look now and then, and none that waits for long. */
const safetyLookMs = 3000;
const answerMs = 4000;
/** More than anyone runs on one machine; an engine that tells of more is not believed. */
const maxContainers = 5000;

export function createEngineProjects(monitor: EngineSource): EngineProjects {
  const listeners = new Set<() => void>();
  let unsubscribe: () => void = () => undefined;
  let safety: NodeJS.Timeout | undefined;
  let watching: AbortController | null = null;
  let timer: NodeJS.Timeout | undefined;

  function tell(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const listener of [...listeners]) listener();
    }, coalesceMs);
  }

  /** One stream after another; while the engine is away its own change of state is what tells. */
  async function follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await monitor.client().events(
          {
            labels: [projectLabel],
            types: ['container'],
            actions: ['create', 'start', 'die', 'destroy', 'pause', 'unpause', 'health_status', 'rename'],
            onOpen: tell,
          },
          tell,
          signal,
        );
      } catch {
        // Told by the engine monitor.
      }
      if (signal.aborted) return;
      await new Promise<void>((resolve) => {
        const wait = setTimeout(resolve, retryMs);
        signal.addEventListener('abort', () => {
          clearTimeout(wait);
          resolve();
        });
      });
    }
  }

  return {
    async read() {
      const listed = (await monitor.client().listContainers([projectLabel], AbortSignal.timeout(answerMs))).slice(
        0,
        maxContainers,
      );
      const projects = new Map<string, ActualContainer[]>();
      for (const summary of listed) {
        const container = actualContainer(summary);
        const project = summary.labels[projectLabel];
        if (container === null || project === undefined || !/^[a-z0-9][a-z0-9_-]{0,127}$/.test(project)) continue;
        projects.set(project, [...(projects.get(project) ?? []), container]);
      }
      return [...projects].map(([project, containers]) => {
        const newest = containers.reduce((a, b) => (b.createdAtMs > a.createdAtMs ? b : a));
        return {
          project,
          files: (newest.labels[configFilesLabel] ?? '').split(',').filter((file) => file !== ''),
          workingDir: newest.labels[workingDirLabel] ?? '',
          containers,
        };
      });
    },
    watch(listener) {
      listeners.add(listener);
      if (watching === null) {
        watching = new AbortController();
        void follow(watching.signal);
        // A list read while the engine was away is empty of what runs there; it is read again once the engine is back.
        unsubscribe = monitor.subscribe(tell);
        safety = setInterval(tell, safetyLookMs);
        safety.unref();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        watching?.abort();
        watching = null;
        unsubscribe();
        clearInterval(safety);
        clearTimeout(timer);
        timer = undefined;
      };
    },
  };
}
