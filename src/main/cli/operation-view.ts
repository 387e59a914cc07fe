/** An Operation as a person reads it on a terminal. Pure: the same operation and time give the same lines. */

import { formatBytes } from '../../shared/model/bytes.ts';
import type { Operation, OperationStep } from '../../shared/model/operation.ts';
import { secondsLeft } from '../../shared/model/time-left.ts';
import { clip, duration } from './format.ts';
import { printable } from './printable.ts';

const marks: Readonly<Record<OperationStep['state'], string>> = {
  waiting: '·',
  running: '▸',
  done: '✔',
  failed: '✖',
  cancelled: '-',
  skipped: '-',
};

/** Live view: the title with its time, then a line per step. Never wider than `columns`. */
export function liveLines(operation: Operation, nowMs: number, columns: number, rows: number): string[] {
  const elapsed = duration((operation.endedAtMs ?? nowMs) - operation.startedAtMs);
  const state = operation.cancelling && operation.state === 'running' ? ', cancelling' : '';
  const width = Math.min(36, Math.max(4, ...operation.steps.map((step) => step.label.length)));
  const lines = operation.steps.map((step) => {
    const time =
      step.startedAtMs === null ? '' : duration((step.endedAtMs ?? operation.endedAtMs ?? nowMs) - step.startedAtMs);
    return `  ${marks[step.state]} ${clip(step.label, width).padEnd(width)}  ${time.padStart(9)}  ${stepWords(step)}`;
  });
  // A screenful at most: what is under way or wrong first, the rest is counted.
  const room = Math.max(3, rows - 3);
  const shown = lines.length <= room ? lines : pickLines(operation.steps, lines, room);
  return [`${operation.title} (${elapsed}${state})`, ...shown].map((line) => clip(printable(line, false), columns));
}

function pickLines(steps: readonly OperationStep[], lines: readonly string[], room: number): string[] {
  const order = ['failed', 'running', 'waiting', 'done', 'skipped', 'cancelled'];
  const chosen = new Set(
    steps
      .map((step, index) => ({ index, rank: order.indexOf(step.state) }))
      .sort((a, b) => a.rank - b.rank || a.index - b.index)
      .slice(0, room - 1)
      .map(({ index }) => index),
  );
  return [...lines.filter((_line, index) => chosen.has(index)), `  … and ${lines.length - chosen.size} more`];
}

/** Log view: a line for each step whose state, phase or failure changed since `previous`. */
export function changeLines(previous: Operation | undefined, operation: Operation, nowMs: number): string[] {
  const lines: string[] = [];
  const stamp = `[${duration(nowMs - operation.startedAtMs).padStart(9)}]`;
  if (previous === undefined) lines.push(`${stamp} ${operation.title}`);
  if (operation.cancelling && previous?.cancelling !== true) lines.push(`${stamp} Cancelling`);
  for (const step of operation.steps) {
    const before = previous?.steps.find(({ id }) => id === step.id);
    if (before?.state === step.state && before.phase === step.phase) continue;
    if (before === undefined && step.state === 'waiting') continue;
    lines.push(`${stamp} ${step.label}: ${stepWords(step) || step.state}`);
  }
  return lines.map((line) => printable(line, false));
}

function stepWords(step: OperationStep): string {
  if (step.problem !== null) return step.problem.title;
  const words = [step.phase ?? (step.state === 'running' ? '' : step.state)];
  const figures = progressWords(step);
  const detail = step.detail ?? '';
  words.push(detail);
  // Of bytes the figures say more than any sentence; of the rest the sentence holds them.
  if (detail === '' || (step.state === 'running' && step.progress?.unit === 'bytes')) words.push(figures);
  if (step.progress?.stalled === true) words.push('nothing moved for 20 s');
  return words.filter((word) => word !== '').join(', ');
}

function progressWords({ progress }: OperationStep): string {
  if (progress === null) return '';
  const figure = (value: number) => (progress.unit === 'bytes' ? formatBytes(value) : String(value));
  const total = progress.total === null ? '' : ` of ${figure(progress.total)}`;
  const rate =
    progress.ratePerS === undefined || progress.ratePerS === null || progress.unit !== 'bytes'
      ? ''
      : ` (${formatBytes(progress.ratePerS)}/s${timeLeft(secondsLeft(progress))})`;
  return `${figure(progress.done)}${total}${progress.unit === 'items' ? ' items' : ''}${rate}`;
}

/** ", 12 s left", ", 4 min left": rounded up, so that it is not over later than it says. Empty for null. */
function timeLeft(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 60) return `, ${Math.max(1, Math.ceil(seconds))} s left`;
  return seconds < 3600 ? `, ${Math.ceil(seconds / 60)} min left` : `, ${Math.ceil(seconds / 3600)} h left`;
}

/** The last word: the outcome, or what stopped it. */
export function outcomeLine(operation: Operation): string {
  const took = duration((operation.endedAtMs ?? operation.startedAtMs) - operation.startedAtMs);
  if (operation.state === 'done') return `✔ ${operation.outcome ?? operation.title} (${took})`;
  if (operation.state === 'cancelled') return `- ${operation.outcome ?? `${operation.title}: cancelled`} (${took})`;
  return `✖ ${operation.title}: ${operation.problem?.title ?? operation.state} (${took})`;
}
