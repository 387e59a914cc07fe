/** Where a service stands on its rail, as a pure function of the operation's step. */
import type { OperationKind, OperationStep, Phase } from '../../../shared/model/operation.ts';

export interface Stop {
  readonly key: string;
  /** One short word under the mark. */
  readonly label: string;
  readonly state: 'passed' | 'now' | 'ahead' | 'failed';
}

interface RailStop {
  readonly key: string;
  readonly label: string;
  readonly phases: readonly Phase[];
}

const up: readonly RailStop[] = [
  { key: 'wait', label: 'Wait', phases: ['waiting', 'stopping', 'stopped'] },
  { key: 'image', label: 'Image', phases: ['pulling', 'building'] },
  { key: 'create', label: 'Create', phases: ['creating'] },
  { key: 'start', label: 'Start', phases: ['starting'] },
  { key: 'check', label: 'Check', phases: ['checking'] },
  { key: 'ready', label: 'Ready', phases: ['ready'] },
];
const down: readonly RailStop[] = [
  { key: 'wait', label: 'Wait', phases: ['waiting'] },
  { key: 'stopping', label: 'Stopping', phases: ['stopping'] },
  { key: 'stopped', label: 'Stopped', phases: ['stopped'] },
];
const again: readonly RailStop[] = [
  { key: 'stop', label: 'Stop', phases: ['waiting', 'stopping', 'stopped'] },
  { key: 'start', label: 'Start', phases: ['pulling', 'building', 'creating', 'starting'] },
  { key: 'check', label: 'Check', phases: ['checking'] },
  { key: 'ready', label: 'Ready', phases: ['ready'] },
];

function railOf(kind: OperationKind): readonly RailStop[] {
  if (kind === 'stop' || kind === 'remove') return down;
  return kind === 'restart' ? again : up;
}

/** The stops of a service's rail. A finished step has passed them all; a failed one stands where it failed. */
export function railStops(kind: OperationKind, step: Pick<OperationStep, 'state' | 'phase'>): Stop[] {
  const rail = railOf(kind);
  const finished = step.state === 'done' || step.state === 'skipped';
  const phase = step.phase ?? 'waiting';
  const found = rail.findIndex((stop) => stop.phases.includes(phase));
  const at = found === -1 ? 0 : found;
  return rail.map((stop, index) => {
    const { key, label } = stop;
    if (finished || index < at) return { key, label, state: 'passed' };
    if (index > at) return { key, label, state: 'ahead' };
    if (step.state === 'failed') return { key, label, state: 'failed' };
    return { key, label, state: index === rail.length - 1 ? 'passed' : 'now' };
  });
}
