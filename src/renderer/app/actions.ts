/**
 * What the person can make happen from more than one place (page, palette, remedy button), and what became of it:
 * a refused call is kept per area until it works or is dismissed, together with the same call to try again.
 */
import { create } from 'zustand';
import type { CallName, Input, Output } from '../../shared/contract/contract.ts';
import type { Answer } from '../../shared/contract/define.ts';
import type { Operation, OperationKind } from '../../shared/model/operation.ts';
import type { Problem } from '../../shared/model/problem.ts';
import type { Settings } from '../../shared/model/settings.ts';
import { call } from './bridge.ts';
import { projectOf, useLive } from './live-store.ts';

/** Where a problem is shown. `stack:shop` is the page of that project. */
export type Area =
  | 'stack'
  | 'stacks'
  | `stack:${string}`
  | 'engine'
  | 'documents'
  | 'knowledge'
  | 'sources'
  | 'search'
  | 'evaluation'
  | 'embedding'
  | 'chat'
  | 'workflows'
  | 'backups'
  | 'settings';

/** null is the bundled stack. */
export function areaOf(stack: string | null): Area {
  return stack === null ? 'stack' : `stack:${stack}`;
}

/** How a call names a stack: the bundled one by leaving it out. */
export function naming(stack: string | null): { stack?: string } {
  return stack === null ? {} : { stack };
}

export interface Refusal {
  readonly problem: Problem;
  /** The very same call again. */
  readonly retry: () => void;
}

interface ActionState {
  readonly refusals: Readonly<Partial<Record<Area, Refusal>>>;
  /** Ended operations whose problem the person has put away. */
  readonly dismissed: ReadonlySet<string>;
  /** Areas with a call under way, so that a button can say so. */
  readonly pending: ReadonlySet<Area>;
}

export const useActions = create<ActionState>(() => ({ refusals: {}, dismissed: new Set(), pending: new Set() }));

/** The call that began an operation, to begin it again; bounded by what one session starts. */
const beganBy = new Map<string, () => void>();

function setRefusal(area: Area, refusal: Refusal | null): void {
  useActions.setState(({ refusals }) => {
    const { [area]: _gone, ...others } = refusals;
    return { refusals: refusal === null ? others : { ...others, [area]: refusal } };
  });
}

function setPending(area: Area, pending: boolean): void {
  useActions.setState((state) => {
    const next = new Set(state.pending);
    if (pending) next.add(area);
    else next.delete(area);
    return { pending: next };
  });
}

/** Calls the core on the person's behalf; a Problem is kept for the area's page, success clears the last one. */
export async function perform<N extends CallName>(area: Area, name: N, input: Input<N>): Promise<Answer<Output<N>>> {
  const again = (): void => void perform(area, name, input);
  setPending(area, true);
  const answer = await call(name, input);
  setPending(area, false);
  if (!answer.ok) {
    setRefusal(area, { problem: answer.problem, retry: again });
    return answer;
  }
  setRefusal(area, null);
  const value: unknown = answer.value;
  if (typeof value === 'object' && value !== null && 'operationId' in value) {
    beganBy.set(String(value.operationId), again);
  }
  return answer;
}

/** Keeps a Problem that came about otherwise than by `perform`. */
export function refuse(area: Area, problem: Problem, retry: () => void): void {
  setRefusal(area, { problem, retry });
}

export function dismissRefusal(area: Area): void {
  setRefusal(area, null);
}

export function dismissOperation(id: string): void {
  useActions.setState(({ dismissed }) => ({ dismissed: new Set([...dismissed, id]) }));
}

const byKind: Partial<Record<OperationKind, (stack: string | null) => void>> = {
  start: (stack) => startStack(naming(stack)),
  stop: (stack) => stopStack(naming(stack)),
  backup: () => backUpNow(),
};

/** The stack an operation acts on, as calls name it: null is the bundled one. */
export function stackOf(operation: Operation): string | null {
  return operation.stack === projectOf(useLive.getState(), null) ? null : operation.stack;
}

/** The project an operation acts on, where neither its title nor the bundled stack says so; otherwise null. */
export function placeOfOperation(operation: Operation): string | null {
  const stack = stackOf(operation);
  return stack === null || operation.title.includes(stack) ? null : stack;
}

/** What trying an operation again means: the call that began it, or the plain form of its kind; null when neither is known. */
export function retryOf(operation: Operation): (() => void) | null {
  const began = beganBy.get(operation.id);
  if (began !== undefined) return began;
  const plain = byKind[operation.kind];
  return plain === undefined ? null : () => plain(stackOf(operation));
}

/** The project's newest ended operation of these kinds, when it failed and was not put away. A later success clears it. */
export function failedOperation(
  operations: readonly Operation[] | null,
  kinds: readonly OperationKind[],
  dismissed: ReadonlySet<string>,
  project: string | null,
): Operation | null {
  const newest = operations?.find((operation) => operation.stack === project && kinds.includes(operation.kind));
  if (newest === undefined || (newest.state !== 'failed' && newest.state !== 'interrupted')) return null;
  return newest.problem === null || dismissed.has(newest.id) ? null : newest;
}

export function startStack(input: Input<'stack.start'> = {}): void {
  void perform(areaOf(input.stack ?? null), 'stack.start', input);
}
export function stopStack(input: Input<'stack.stop'> = {}): void {
  void perform(areaOf(input.stack ?? null), 'stack.stop', input);
}
export function restartServices(services: string[], stack: string | null = null): void {
  void perform(areaOf(stack), 'stack.restart', { ...naming(stack), services });
}
export function startEngine(): void {
  void perform('engine', 'engine.start', {}).then((answer) => {
    if (answer.ok) useLive.setState({ engine: answer.value });
  });
}
export function backUpNow(): void {
  void perform('backups', 'backup.create', {});
}
export function cancelOperation(id: string): void {
  const operation = useLive.getState().operations?.find((one) => one.id === id);
  void perform(operation === undefined ? 'stack' : areaOf(stackOf(operation)), 'operations.cancel', { id });
}
/** Shows the choice at once and keeps what the core answers. */
export async function changeSettings(change: Partial<Settings>): Promise<void> {
  const before = useLive.getState().settings;
  if (before !== null) useLive.setState({ settings: { ...before, ...change } });
  const answer = await perform('settings', 'settings.set', change);
  useLive.setState({ settings: answer.ok ? answer.value : before });
}
