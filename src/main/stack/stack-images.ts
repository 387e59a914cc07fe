/** The port through which a start gets its images: the bundled stack's own catalog, or those of any Compose project. */
import type { ComposeProject } from '../compose/model.ts';
import type { PullProgress } from '../engine/engine-client.ts';

export interface ImageNeed {
  readonly service: string;
  /** The reference in use, or the one that will be. */
  readonly ref: string;
  /** The image is on the engine, though `ensure` may still have to do something about it. */
  readonly present: boolean;
  /** What `ensure` is about to do: `pull` may become `build` where no registry has it. `none`: nothing to ensure. */
  readonly action: 'none' | 'pull' | 'build';
  /** Why, for a person; null where nothing is done. */
  readonly reason: string | null;
  /** Of the bundled stack only: the variable of its Compose file that names the image. */
  readonly variable?: string;
}

export interface ImageListener {
  onPhase(phase: 'pulling' | 'building', detail: string): void;
  onProgress(progress: PullProgress): void;
}

export interface StackImages {
  /** What `ensure` would do for each of these services; touches no registry. */
  needed(project: ComposeProject, services: ReadonlySet<string>, signal?: AbortSignal): Promise<ImageNeed[]>;
  /**
   * Gets the image; answers the reference to run. Calls at the same time share what they have in common.
   * @throws {ProblemError} of the pull or the build, with the service at fault. Throws the signal's reason on abort.
   */
  ensure(project: ComposeProject, need: ImageNeed, listener: ImageListener, signal: AbortSignal): Promise<string>;
}
