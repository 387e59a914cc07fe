/** What a project's row and header say in words. */
import type { StackSummary } from '../../../shared/model/stacks.ts';
import { count } from '../../ui/format.ts';

/** "2 of 3 containers running" */
export function containerWords({ running, containers }: Pick<StackSummary, 'running' | 'containers'>): string {
  if (containers === 0) return 'No containers yet';
  return `${running === containers ? '' : `${running} of `}${count(containers, 'container')} running`;
}

/** The end of the first file's path, which tells projects apart: "shop/compose.yaml and 1 more". */
export function shortFiles(files: readonly string[]): string {
  const [first] = files;
  if (first === undefined) return 'Nobody knows its files';
  const short = first
    .split(/[\\/]/)
    .filter((part) => part !== '')
    .slice(-2)
    .join('/');
  return files.length === 1 ? short : `${short} and ${files.length - 1} more`;
}

/** Whether anything of it could be stopped. */
export function isUp({ status, running }: Pick<StackSummary, 'status' | 'running'>): boolean {
  return running > 0 || status === 'starting';
}
