/** How far an operation is, and what it does right now, in one fraction and one sentence. */

import { formatBytes } from '../../shared/model/bytes.ts';
import type { Operation, OperationStep } from '../../shared/model/operation.ts';
import { secondsLeft } from '../../shared/model/time-left.ts';
import { formatDuration } from './format.ts';
import { phaseWord } from './words.ts';

/** How far along its rail a service is, 0 to 1: pulling and building fill the first part. */
const phaseShare: Readonly<Record<NonNullable<OperationStep['phase']>, number>> = {
  waiting: 0,
  pulling: 0.05,
  building: 0.05,
  creating: 0.5,
  starting: 0.6,
  checking: 0.7,
  ready: 1,
  stopping: 0.4,
  stopped: 1,
};

export function stepFraction(step: OperationStep): number {
  if (step.state === 'done' || step.state === 'skipped') return 1;
  if (step.state === 'waiting') return 0;
  const { progress } = step;
  const inner =
    progress === null || progress.total === null || progress.total === 0 ? 0 : progress.done / progress.total;
  if (step.phase === 'pulling' || step.phase === 'building') return 0.05 + 0.45 * Math.min(1, inner);
  return step.phase === null ? Math.min(1, inner) : phaseShare[step.phase];
}

/** 0 to 1 over all steps alike; null before there is a step. */
export function operationFraction(operation: Operation): number | null {
  if (operation.steps.length === 0) return null;
  const sum = operation.steps.reduce((total, step) => total + stepFraction(step), 0);
  return sum / operation.steps.length;
}

/** "43 MB of 120 MB, 3.2 MB/s, 24 s left", "2 of 5"; empty without figures. */
export function progressWords(progress: OperationStep['progress']): string {
  if (progress === null) return '';
  const inBytes = progress.unit === 'bytes';
  const show = (n: number): string => (inBytes ? formatBytes(n) : String(Math.round(n)));
  const done = progress.total === null ? show(progress.done) : `${show(progress.done)} of ${show(progress.total)}`;
  if (progress.stalled === true) return `${done}, nothing moved for 20 s`;
  const rate = progress.ratePerS ?? 0;
  if (!inBytes || rate <= 0) return done;
  const left = secondsLeft(progress);
  return `${done}, ${formatBytes(rate)}/s${left === null || left < 1 ? '' : `, ${formatDuration(left * 1000)} left`}`;
}

/** The step under way that says most: the one with a detail, the slowest service first. */
export function operationNow(operation: Operation): string {
  const running = operation.steps.filter((step) => step.state === 'running');
  const step = running.find((one) => one.progress !== null) ?? running.at(-1);
  if (step === undefined) return '';
  const what = step.detail ?? (step.phase === null ? '' : phaseWord(step.phase));
  return what === '' || what === step.label ? step.label : `${step.label}: ${what}`;
}
