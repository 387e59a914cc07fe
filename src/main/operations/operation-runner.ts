/**
 * The port every long action runs through: steps, progress, cancel, journal. One operation at a time changes
 * a stack; a second is refused with `operation-running`, which names the first.
 */
import type { Operation, OperationKind, Phase, Progress } from '../../shared/model/operation.ts';

/** What a running operation writes to. All of it is shown live, throttled by the runner, never by the caller. */
export interface StepHandle {
  readonly id: string;
  start(detail?: string): void;
  phase(phase: Phase, detail?: string): void;
  detail(detail: string | null): void;
  progress(progress: Progress | null): void;
  done(detail?: string): void;
  skip(detail?: string): void;
  /** Marks the step failed; the operation goes on until its body throws or returns. */
  fail(error: unknown): void;
}

export interface OperationContext {
  readonly id: string;
  /** Aborted when the person cancels or the panel quits. */
  readonly signal: AbortSignal;
  /** Adds a step at the end. */
  step(id: string, label: string, options?: { service?: string; phase?: Phase }): StepHandle;
  /** Written to the journal at once and kept across a kill: what a next start needs to finish or undo. */
  note(record: Readonly<Record<string, string | number | boolean>>): Promise<void>;
}

export interface OperationSpec {
  readonly kind: OperationKind;
  readonly title: string;
  /** The Compose project it acts on. */
  readonly stack: string;
  /** Changes the stack: excludes every other such operation on it, in this process and in another panel on the same data. */
  readonly exclusive: boolean;
  readonly cancellable?: boolean;
  /** Answers the outcome sentence. Throws ProblemError on failure. On abort it reaches a known state, then throws. */
  run(context: OperationContext): Promise<string>;
}

export interface OperationRunner {
  /** Answers as soon as it is under way. @throws {ProblemError} `operation-running` */
  begin(spec: OperationSpec): Promise<string>;
  /** Resolves with the ended operation, whatever its outcome; never rejects for a failed one. */
  wait(id: string): Promise<Operation>;
  get(id: string): Operation | undefined;
  /** Newest first: all under way and the last 50 ended. */
  list(): Operation[];
  cancel(id: string): void;
  /** Called after each change, at most 10 times a second per operation, and at once when a step or the operation changes state. */
  subscribe(listener: (operation: Operation) => void): () => void;
  /** At start-up: operations that a killed panel left open become `interrupted`; answers their notes, oldest first. */
  recover(): Promise<
    readonly { operation: Operation; notes: readonly Readonly<Record<string, string | number | boolean>>[] }[]
  >;
  close(): Promise<void>;
}
