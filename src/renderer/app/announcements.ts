/** Which changes between two snapshots are worth a sentence to someone who does not see the screen. */
import type { Operation } from '../../shared/model/operation.ts';
import type { StackState } from '../../shared/model/stack.ts';
import { phaseWord, serviceClause } from '../ui/words.ts';

/** Services that changed their word between two snapshots, as one sentence; empty when none did. */
export function stackChanges(before: StackState | null, after: StackState): string {
  if (before === null) return '';
  const said: string[] = [];
  for (const service of after.services) {
    const old = before.services.find((one) => one.name === service.name);
    if (old !== undefined && old.status !== service.status) {
      said.push(`${service.name} ${serviceClause(service.status)}`);
    }
  }
  return said.join(', ');
}

/** Phases that changed and endings, as one sentence; empty when nothing a person waits for happened. */
export function operationChanges(before: readonly Operation[] | null, after: readonly Operation[]): string {
  if (before === null) return '';
  const said: string[] = [];
  for (const operation of after) {
    const old = before.find((one) => one.id === operation.id);
    if (operation.state !== 'running') {
      if (old?.state === 'running')
        said.push(operation.outcome ?? operation.problem?.title ?? `${operation.title}: ended`);
      continue;
    }
    if (old === undefined) said.push(`${operation.title}: started`);
    for (const step of operation.steps) {
      const was = old?.steps.find((one) => one.id === step.id);
      if (was !== undefined && step.phase !== null && was.phase !== step.phase) {
        said.push(`${step.label}: ${phaseWord(step.phase).toLowerCase()}`);
      }
    }
  }
  return said.join(', ');
}
