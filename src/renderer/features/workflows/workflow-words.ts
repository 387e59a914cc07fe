/** A workflow's runs in words. */
import type { Workflow } from '../../../shared/model/workflows.ts';
import { count } from '../../ui/format.ts';
import type { Said } from '../../ui/words.ts';

const states = {
  success: { word: 'Done', tone: 'good' },
  error: { word: 'Failed', tone: 'bad' },
  running: { word: 'Running', tone: 'busy' },
} as const satisfies Readonly<Record<NonNullable<Workflow['lastRun']>['status'], Said>>;

export function lastRunSaid({ active, lastRun }: Pick<Workflow, 'active' | 'lastRun'>): Said {
  if (lastRun !== null) return states[lastRun.status];
  return active ? { word: 'Not run yet', tone: 'idle' } : { word: 'Not published', tone: 'warn' };
}

/** "12 runs, 2 failed" */
export function runsWords({ success, error }: Workflow['runs']): string {
  const all = count(success + error, 'run');
  return error === 0 ? all : `${all}, ${error.toLocaleString('en')} failed`;
}
