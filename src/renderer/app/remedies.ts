/** What each remedy of a Problem does in this window, on the stack the Problem belongs to. */
import type { Remedy } from '../../shared/model/problem.ts';
import { announce } from '../ui/announce.ts';
import { copyText } from '../ui/clipboard.ts';
import { naming, startEngine, startStack } from './actions.ts';
import { go, goStack, isPage, type Page, stackSections } from './navigation.ts';

/** Whether a button for it would do something; the others are advice in words. */
export function canRun(remedy: Remedy, retry: (() => void) | null): boolean {
  switch (remedy.action) {
    case 'retry':
      return retry !== null || remedy.service !== undefined;
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

/**
 * Does it. `retry` is the call that met the Problem, once more; a retry that names a service starts that one (and what it
 * needs) alone. `stack` is null for the bundled one, `service` the one at fault.
 */
export function runRemedy(
  remedy: Remedy,
  retry: (() => void) | null,
  stack: string | null,
  service: string | null = null,
): void {
  switch (remedy.action) {
    case 'retry':
      if (remedy.service !== undefined) startStack({ ...naming(stack), services: [remedy.service] });
      else retry?.();
      return;
    case 'start-engine':
      startEngine();
      return;
    case 'start-stack':
      startStack(naming(stack));
      return;
    case 'use-port':
      if (remedy.service !== undefined && remedy.port !== undefined) {
        startStack({ ...naming(stack), ports: { [remedy.service]: remedy.port } });
      }
      return;
    case 'open-page':
      if (remedy.page !== undefined && isPage(remedy.page)) openPage(remedy.page, stack, service);
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

/** Logs and figures of another project are a section of its own page. */
function openPage(page: Page, stack: string | null, service: string | null): void {
  const section = page === 'metrics' ? 'stats' : page === 'stack' ? 'services' : page;
  const own = stackSections.find((one) => one === section);
  if (stack !== null && own !== undefined) goStack(stack, own, service);
  else go(page, service);
}
