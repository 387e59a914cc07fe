/** Question sets, their runs and results. Lives outside the page, so that a run is followed while you look elsewhere. */
import { create } from 'zustand';
import type { EvalItem, EvalRun, EvalRunSummary, EvalSet } from '../../../shared/model/evaluation.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { perform } from '../../app/actions.ts';
import { call } from '../../app/bridge.ts';
import { announce } from '../../ui/announce.ts';
import { change } from './retrieval-store.ts';

export interface EvalState {
  /** null until they were asked for once. */
  readonly sets: readonly EvalSet[] | null;
  /** Newest first, of every set. */
  readonly runs: readonly EvalRunSummary[];
  /** Results that were looked at, by run. */
  readonly results: Readonly<Record<string, EvalRun>>;
  /** The operation that follows a run begun here. */
  readonly operations: Readonly<Record<string, string>>;
  /** Why sets or runs cannot be shown. */
  readonly problem: Problem | null;
}

export const useEval = create<EvalState>(() => ({ sets: null, runs: [], results: {}, operations: {}, problem: null }));

export const isUnderWay = ({ state }: Pick<EvalRunSummary, 'state'>): boolean =>
  state === 'queued' || state === 'running';

export async function loadSets(): Promise<void> {
  const answer = await call('eval.sets', {});
  if (answer.ok) useEval.setState({ sets: answer.value.sets, problem: null });
  else useEval.setState({ problem: answer.problem });
}

export async function loadRuns(): Promise<void> {
  const answer = await call('eval.runs', {});
  if (!answer.ok) {
    useEval.setState({ problem: answer.problem });
    return;
  }
  const { runs: before } = useEval.getState();
  const { runs } = answer.value;
  useEval.setState({ runs });
  for (const run of runs) {
    const was = before.find(({ id }) => id === run.id);
    if (was !== undefined && isUnderWay(was) && run.state === 'done') announce(`Evaluation of ${run.setName} is done`);
  }
}

/** A result does not change once its run has ended: it is asked for once. */
export async function loadResult(id: string): Promise<void> {
  const held = useEval.getState().results[id];
  if (held !== undefined && !isUnderWay(held)) return;
  const answer = await perform('evaluation', 'eval.result', { id });
  if (answer.ok) useEval.setState(({ results }) => ({ results: { ...results, [id]: answer.value } }));
}

/** Shows a set that has just come about. */
async function show(set: EvalSet): Promise<void> {
  change({ setId: set.id });
  await loadSets();
}

export async function addSampleSet(): Promise<void> {
  const answer = await perform('evaluation', 'eval.addSamples', {});
  if (answer.ok) await show(answer.value);
}

export async function importSet(): Promise<void> {
  const answer = await perform('evaluation', 'eval.importSet', {});
  if (answer.ok && answer.value.set !== null) await show(answer.value.set);
}

export async function saveSet(set: {
  readonly id?: string;
  readonly name: string;
  readonly description: string;
  readonly items: EvalItem[];
}): Promise<boolean> {
  const answer = await perform('evaluation', 'eval.saveSet', set);
  if (answer.ok) await show(answer.value);
  return answer.ok;
}

export async function deleteSet(id: string): Promise<void> {
  const answer = await perform('evaluation', 'eval.deleteSet', { id });
  if (!answer.ok) return;
  change({ setId: null });
  await Promise.all([loadSets(), loadRuns()]);
}

/** Asks every question of the set in every way. Empty `kbIds`: in the default knowledge base. */
export async function startRun(setId: string, kbIds: readonly string[]): Promise<void> {
  const answer = await perform('evaluation', 'eval.run', { setId, ...(kbIds.length === 0 ? {} : { kbs: [...kbIds] }) });
  if (!answer.ok) return;
  const { runId, operationId } = answer.value;
  useEval.setState(({ operations }) => ({ operations: { ...operations, [runId]: operationId } }));
  await loadRuns();
}
