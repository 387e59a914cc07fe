/** Mirrors of the core's snapshots: engine, stack, the other stacks, operations, settings. Written by connection.ts only. */
import { create } from 'zustand';
import type { Output } from '../../shared/contract/contract.ts';
import type { EngineState } from '../../shared/model/engine.ts';
import type { Operation, OperationKind } from '../../shared/model/operation.ts';
import type { Problem } from '../../shared/model/problem.ts';
import type { Settings } from '../../shared/model/settings.ts';
import type { ServiceState, StackState } from '../../shared/model/stack.ts';
import type { StackSummary } from '../../shared/model/stacks.ts';

export interface LiveState {
  /** null until the core has answered once. */
  readonly info: Output<'app.info'> | null;
  readonly settings: Settings | null;
  readonly engine: EngineState | null;
  /** The bundled one. */
  readonly stack: StackState | null;
  /** Every stack the panel knows, the bundled one first; null until the core has answered once. */
  readonly stacks: readonly StackSummary[] | null;
  /** Newest first, of every stack; null until the core has answered once. */
  readonly operations: readonly Operation[] | null;
  /** Set while the stack's own stream is broken. */
  readonly stackProblem: Problem | null;
  /** Set while the list of stacks is broken. */
  readonly stacksProblem: Problem | null;
}

export const useLive = create<LiveState>(() => ({
  info: null,
  settings: null,
  engine: null,
  stack: null,
  stacks: null,
  operations: null,
  stackProblem: null,
  stacksProblem: null,
}));

/** Keeps the newer of two snapshots of one project; a different project always wins. */
export function newerStack(held: StackState | null, incoming: StackState): StackState {
  if (held === null || held.project !== incoming.project) return incoming;
  return incoming.revision >= held.revision ? incoming : held;
}

/** The Compose project of a stack; null (the bundled one) is looked up, and stays null until the core has named it. */
export function projectOf({ info, stack }: Pick<LiveState, 'info' | 'stack'>, id: string | null): string | null {
  return id ?? info?.project ?? stack?.project ?? null;
}

const stackKinds: readonly OperationKind[] = ['start', 'stop', 'restart', 'pull', 'build', 'scale', 'heal', 'remove'];

/** Whether the operation changes containers (and so belongs on its stack's page). */
export function changesStack(operation: Operation): boolean {
  return stackKinds.includes(operation.kind);
}

/** The operation that changes the project's containers right now, if any. */
export function runningStackOperation(
  operations: readonly Operation[] | null,
  project: string | null,
): Operation | null {
  return (
    operations?.find(
      (operation) => operation.state === 'running' && operation.stack === project && changesStack(operation),
    ) ?? null
  );
}

/** The same from the store; null is the bundled stack. */
export function useRunningOperation(stack: string | null): Operation | null {
  return useLive((state) => runningStackOperation(state.operations, projectOf(state, stack)));
}

export function serviceOf(stack: StackState | null, name: string): ServiceState | null {
  return stack?.services.find((service) => service.name === name) ?? null;
}

/** Whether the backend can be asked: documents, chat and its own figures need it. */
export function backendReady(stack: StackState | null): boolean {
  const backend = serviceOf(stack, 'backend');
  return backend !== null && (backend.status === 'healthy' || backend.status === 'running');
}
