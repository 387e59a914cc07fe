/** A stack's state as a heading and a line under it. */
import type { ServiceState, StackState } from '../../../shared/model/stack.ts';
import { count } from '../../ui/format.ts';
import { serviceClause } from '../../ui/words.ts';

const fine: readonly ServiceState['status'][] = ['healthy', 'running', 'done'];

export function isFine(service: ServiceState): boolean {
  return fine.includes(service.status);
}

/** "4 of 5 services are ready" */
export function readyWords(services: readonly ServiceState[]): string {
  const ready = services.filter(isFine).length;
  return `${ready} of ${count(services.length, 'service')} ${ready === 1 ? 'is' : 'are'} ready`;
}

/** "b has failed, c is stopped"; the first three by name. */
export function troubleWords(services: readonly ServiceState[]): string {
  const trouble = services.filter((service) => !isFine(service));
  const named = trouble.slice(0, 3).map((service) => `${service.name} ${serviceClause(service.status)}`);
  const more = trouble.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${count(more, 'more service')} need attention` : ''}`;
}

/** Of the bundled stack, which the person calls theirs. */
export function stackSentence(stack: StackState): { readonly heading: string; readonly text: string } {
  const { services } = stack;
  switch (stack.status) {
    case 'healthy':
      return { heading: 'Your stack is running', text: `All ${count(services.length, 'service')} are healthy` };
    case 'degraded':
      return { heading: 'Part of your stack needs attention', text: troubleWords(services) };
    case 'starting':
      return { heading: 'Your stack is starting', text: readyWords(services) };
    case 'stopping':
      return { heading: 'Your stack is stopping', text: 'Your documents and conversations are kept' };
    case 'stopped':
      return { heading: 'Your stack is stopped', text: 'Your documents and conversations are kept' };
    case 'absent':
      return {
        heading: 'Ready to cast off',
        text: `Start brings up ${count(services.length, 'service')}. The first time, their images are fetched or built`,
      };
    case 'unknown':
      return { heading: 'Looking at your stack', text: 'Asking the engine what is running' };
    default:
      return stack.status satisfies never;
  }
}
