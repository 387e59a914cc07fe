/** What each remedy of a Problem does in this window. */
import type { Remedy } from '../../shared/model/problem.ts';
import { announce } from '../ui/announce.ts';
import { copyText } from '../ui/clipboard.ts';
import { startEngine, startStack } from './actions.ts';
import { go, isPage } from './navigation.ts';

/** Whether a button for it would do something; the others are advice in words. */
export function canRun(remedy: Remedy, retry: (() => void) | null): boolean {
  switch (remedy.action) {
    case 'retry':
      return retry !== null;
    case 'start-engine':
    case 'start-stack':
      return true;
    case 'use-port':
      return remedy.service !== undefined && remedy.port !== undefined;
    case 'open-page':
      return remedy.page !== undefined && isPage(remedy.page);
    case 'copy-command':
      return remedy.command !== undefined;
    case 'free-space':
    case 'advice':
      return false;
    default:
      return remedy.action satisfies never;
  }
}

/** Does it. `retry` is the call that met the Problem, once more. */
export function runRemedy(remedy: Remedy, retry: (() => void) | null): void {
  switch (remedy.action) {
    case 'retry':
      retry?.();
      return;
    case 'start-engine':
      startEngine();
      return;
    case 'start-stack':
      startStack();
      return;
    case 'use-port':
      if (remedy.service !== undefined && remedy.port !== undefined) {
        startStack({ ports: { [remedy.service]: remedy.port } });
      }
      return;
    case 'open-page':
      if (remedy.page !== undefined && isPage(remedy.page)) go(remedy.page);
      return;
    case 'copy-command':
      void copyText(remedy.command ?? '').then((done) => announce(done ? 'Command copied' : 'Copying did not work'));
      return;
    case 'free-space':
    case 'advice':
      return;
    default:
      remedy.action satisfies never;
  }
}
