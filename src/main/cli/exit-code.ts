/** What the shell learns from a command. Scripts rest on these; they do not change. */
import type { Problem } from '../../shared/model/problem.ts';

export const exit = {
  done: 0,
  failed: 1,
  usage: 2,
  noEngine: 3,
  nothingToActOn: 4,
  cancelled: 130,
} as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

const usageCodes: ReadonlySet<string> = new Set([
  'usage',
  'bad-input',
  'environment-name',
  'service-unknown',
  'eval-file',
]);
const nothingCodes: ReadonlySet<string> = new Set([
  'nothing-to-act-on',
  'stack-not-running',
  'no-documents',
  'no-backups',
  'backup-unknown',
  'file-missing',
  'not-found',
  'person-gone',
  'folder-missing',
]);

/** Engine problems all begin with `engine-`; what is left is a failure. */
export function exitCodeOf(problem: Problem): ExitCode {
  if (problem.code === 'cancelled') return exit.cancelled;
  if (usageCodes.has(problem.code)) return exit.usage;
  if (problem.code.startsWith('engine-')) return exit.noEngine;
  if (nothingCodes.has(problem.code)) return exit.nothingToActOn;
  return exit.failed;
}
