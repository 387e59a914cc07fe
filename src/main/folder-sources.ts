/** A folder of the person as a source: given to the backend, kept up with, and taken away again. Joins environment, stack and backend. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Source } from '../shared/model/knowledge.ts';
import { ProblemError } from '../shared/model/problem.ts';
import type { Environment } from './config/environment.ts';
import {
  checkedFolder,
  folderBehind,
  forgetFolder,
  mountedAt,
  rememberFolder,
  sourceFolders,
} from './config/source-folders.ts';
import type { Knowledge } from './knowledge/knowledge.ts';
import type { OperationContext, OperationRunner, StepHandle } from './operations/operation-runner.ts';
import type { Lifecycle } from './stack/lifecycle.ts';

export interface FolderRequest {
  /** Id or name of the knowledge base. */
  readonly kb: string;
  readonly path: string;
  readonly everySeconds: number | null;
}

export interface FolderSources {
  /** An operation. Answers its id. @throws {ProblemError} `folder-…` where the folder will not do, `stack-not-running` */
  add(request: FolderRequest): Promise<string>;
  /** Stops keeping up with a folder or a page; the backend loses a folder that no source needs at the next start. */
  remove(id: string, documents: 'keep' | 'delete'): Promise<void>;
}

export interface FolderSourcesOptions {
  readonly environment: Environment;
  readonly lifecycle: Lifecycle;
  readonly runner: OperationRunner;
  readonly knowledge: Knowledge;
}

/** The backend answers a moment after it is healthy. */
const settleMs = 30_000;
const pollMs = 500;
const passing: ReadonlySet<string> = new Set(['stack-not-running', 'backend-not-answering', 'source-unavailable']);

const isWithin = (mounted: string, slug: string): boolean =>
  mounted === mountedAt(slug) || mounted.startsWith(`${mountedAt(slug)}/`);

/** A source as the person knows it: with the folder on this machine. */
export async function shownSource(environment: Pick<Environment, 'root'>, source: Source): Promise<Source> {
  if (source.kind !== 'folder') return source;
  const uri = await folderBehind(environment, source.uri);
  return uri === null ? source : { ...source, uri: uri.slice(0, 2000) };
}

export function createFolderSources(options: FolderSourcesOptions): FolderSources {
  const { environment, lifecycle, runner, knowledge } = options;

  /** Starts the backend with its folders of now, as an operation of its own that this one follows. */
  async function give(step: StepHandle, signal: AbortSignal): Promise<void> {
    const id = await lifecycle.start({ services: ['backend'] });
    const cancel = (): void => runner.cancel(id);
    signal.addEventListener('abort', cancel, { once: true });
    const leave = runner.subscribe((operation) => {
      if (operation.id !== id) return;
      const now = operation.steps.find(({ state }) => state === 'running');
      step.detail(now === undefined ? null : [now.label, now.detail].filter(Boolean).join(': '));
    });
    try {
      const { state, problem } = await runner.wait(id);
      signal.throwIfAborted();
      if (state !== 'done' && problem !== null) throw new ProblemError(problem);
    } finally {
      leave();
      signal.removeEventListener('abort', cancel);
    }
  }

  async function made(request: FolderRequest, slug: string, signal: AbortSignal) {
    const until = Date.now() + settleMs;
    for (;;) {
      signal.throwIfAborted();
      try {
        const { kb, everySeconds } = request;
        return await knowledge.sources.addMounted({ kb, path: mountedAt(slug), everySeconds });
      } catch (error) {
        if (!(error instanceof ProblemError) || !passing.has(error.problem.code) || Date.now() > until) throw error;
        await pause(pollMs, undefined, { signal });
      }
    }
  }

  async function run(context: OperationContext, request: FolderRequest, path: string): Promise<string> {
    const { signal } = context;
    const [giving, making, reading] = [
      context.step('mount', 'Give the folder to the backend'),
      context.step('source', 'Keep up with it'),
      context.step('sync', 'Look at its files'),
    ];
    giving.start();
    const { slug, added } = await rememberFolder(environment, path);
    try {
      await give(giving, signal);
      giving.done();
      making.start();
      const { jobId } = await made(request, slug, signal);
      making.done();
      reading.start();
      const { added: files, failed } = await knowledge.sources.followSync(jobId, reading, signal);
      const words = `${files} ${files === 1 ? 'file is' : 'files are'} being read in`;
      return failed === 0 ? words : `${words}, ${failed} could not be taken`;
    } catch (error) {
      // What was not to be a source should not stay with the backend. A source that was made stays.
      const needed = await knowledge.sources.foldersInUse().then(
        (all) => all.some((mounted) => isWithin(mounted, slug)),
        () => !added,
      );
      if (!needed) await forgetFolder(environment, slug);
      throw error;
    }
  }

  return {
    async add(request) {
      const path = await checkedFolder(environment, request.path);
      // Also says so where the stack does not run.
      await knowledge.bases.get(request.kb);
      return runner.begin({
        kind: 'source',
        stack: environment.project,
        title: `Keep up with ${path}`.slice(0, 300),
        exclusive: false,
        cancellable: true,
        run: (context) => run(context, request, path),
      });
    },
    async remove(id, documents) {
      const gone = (await knowledge.sources.mounted()).find((one) => one.id === id);
      await knowledge.sources.remove(id, documents);
      if (gone === undefined) return;
      // Where it is not known who else needs it, it stays: a folder too many is read by nobody.
      const inUse = await knowledge.sources.foldersInUse().catch(() => null);
      if (inUse === null) return;
      for (const { slug } of await sourceFolders(environment))
        if (isWithin(gone.path, slug) && !inUse.some((path) => isWithin(path, slug)))
          await forgetFolder(environment, slug);
    },
  };
}
