/** What the command palette offers, given what is possible right now. */
import type { Operation } from '../../shared/model/operation.ts';
import type { StackState } from '../../shared/model/stack.ts';
import type { StackSummary } from '../../shared/model/stacks.ts';
import {
  backUpNow,
  cancelOperation,
  changeSettings,
  restartServices,
  startEngine,
  startStack,
  stopStack,
} from './actions.ts';
import { runningStackOperation } from './live-store.ts';
import { go, goStack, pageKey, pages, pageTitles } from './navigation.ts';

export interface Command {
  readonly label: string;
  /** What kind of thing, or its key. */
  readonly hint: string;
  readonly run: () => void;
}

export interface Possible {
  readonly stack: StackState | null;
  /** Every project; the bundled stack is left out of what is offered for them. */
  readonly stacks: readonly StackSummary[] | null;
  readonly operations: readonly Operation[] | null;
  readonly engineReady: boolean;
}

/** Actions that would be refused right now are left out, so that what is listed works. */
export function commandsFor({ stack, stacks, operations, engineReady }: Possible): Command[] {
  const commands: Command[] = pages.map((page) => {
    const key = pageKey(page);
    return {
      label: `Go to ${pageTitles[page]}`,
      hint: key === null ? 'Page' : `Ctrl ${key}`,
      run: () => go(page),
    };
  });
  const add = (label: string, hint: string, run: () => void): void => void commands.push({ label, hint, run });
  const running = runningStackOperation(operations, stack?.project ?? null);
  const status = stack?.status ?? 'unknown';
  if (!engineReady) add('Start the engine', 'Action', startEngine);
  if (engineReady && running === null) {
    if (status === 'absent' || status === 'stopped' || status === 'degraded')
      add('Start the stack', 'Action', () => startStack());
    if (status === 'healthy' || status === 'degraded' || status === 'starting') {
      add('Back up now', 'Action', () => {
        go('backups');
        backUpNow();
      });
      for (const service of stack?.services ?? []) {
        if (service.containers.length > 0) {
          add(`Restart ${service.name}`, 'Service', () => restartServices([service.name]));
        }
      }
      add('Stop the stack', 'Action', () => stopStack());
    }
  }
  for (const service of stack?.services ?? []) {
    add(`Logs of ${service.name}`, 'Service', () => go('logs', service.name));
  }
  for (const { id, origin, status } of stacks ?? []) {
    if (origin === 'bundled') continue;
    add(`Go to ${id}`, 'Project', () => goStack(id));
    add(`Logs of project ${id}`, 'Project', () => goStack(id, 'logs'));
    if (origin !== 'opened' || !engineReady || runningStackOperation(operations, id) !== null) continue;
    if (status === 'absent' || status === 'stopped' || status === 'degraded')
      add(`Start ${id}`, 'Project', () => startStack({ stack: id }));
    if (status === 'healthy' || status === 'degraded' || status === 'starting')
      add(`Stop ${id}`, 'Project', () => stopStack({ stack: id }));
  }
  for (const operation of operations ?? []) {
    if (operation.state === 'running' && operation.cancellable) {
      add(`Cancel: ${operation.title}`, 'Action', () => cancelOperation(operation.id));
    }
  }
  add('Use the light theme', 'Appearance', () => void changeSettings({ theme: 'light' }));
  add('Use the dark theme', 'Appearance', () => void changeSettings({ theme: 'dark' }));
  add('Follow the system theme', 'Appearance', () => void changeSettings({ theme: 'system' }));
  return commands;
}

/** Commands whose label holds every typed word, in any order; those that start with the text first. */
export function matching(commands: readonly Command[], typed: string): Command[] {
  const words = typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const found = commands.filter((command) => words.every((word) => command.label.toLowerCase().includes(word)));
  const start = typed.trim().toLowerCase();
  return found.sort(
    (a, b) => Number(b.label.toLowerCase().startsWith(start)) - Number(a.label.toLowerCase().startsWith(start)),
  );
}
