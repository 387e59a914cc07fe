/** Mirrors of the core's snapshots: engine, stack, operations, settings. Written by connection.ts only. */
import { create } from 'zustand';
import type { Output } from '../../shared/contract/contract.ts';
import type { EngineState } from '../../shared/model/engine.ts';
import type { Operation, OperationKind } from '../../shared/model/operation.ts';
import type { Problem } from '../../shared/model/problem.ts';
import type { Settings } from '../../shared/model/settings.ts';
import type { ServiceState, StackState } from '../../shared/model/stack.ts';

export interface LiveState {
  /** null until the core has answered once. */
  readonly info: Output<'app.info'> | null;
  readonly settings: Settings | null;
  readonly engine: EngineState | null;
  readonly stack: StackState | null;
  /** Newest first; null until the core has answered once. */
  readonly operations: readonly Operation[] | null;
  /** Set while the stack's own stream is broken. */
  readonly stackProblem: Problem | null;
}

export const useLive = create<LiveState>(() => ({
  info: null,
  settings: null,
  engine: null,
  stack: null,
  operations: null,
  stackProblem: null,
}));

/** Keeps the newer of two snapshots of one project; a different project always wins. */
export function newerStack(held: StackState | null, incoming: StackState): StackState {
  if (held === null || held.project !== incoming.project) return incoming;
  return incoming.revision >= held.revision ? incoming : held;
}

const stackKinds: readonly OperationKind[] = ['start', 'stop', 'restart', 'pull', 'build', 'scale', 'heal', 'remove'];

/** Whether the operation changes the stack (and so belongs on the Stack page). */
export function changesStack(operation: Operation): boolean {
  return stackKinds.includes(operation.kind);
}

/** The operation that changes the stack right now, if any. */
export function runningStackOperation(operations: readonly Operation[] | null): Operation | null {
  return operations?.find((operation) => operation.state === 'running' && changesStack(operation)) ?? null;
}

export function serviceOf(stack: StackState | null, name: string): ServiceState | null {
  return stack?.services.find((service) => service.name === name) ?? null;
}

/** Whether the backend can be asked: documents, chat and its own figures need it. */
export function backendReady(stack: StackState | null): boolean {
  const backend = serviceOf(stack, 'backend');
  return backend !== null && (backend.status === 'healthy' || backend.status === 'running');
}
