/**
 * Ports that the engine chooses, out of a range of the file or out of all. It tells its own apart, but takes one that a
 * program outside it holds for free, and gives up when it is not (Docker 20.10; with Compose, so does the start). Asked
 * again it goes on to the next.
 */
import { type Problem, toProblem } from '../../shared/model/problem.ts';
import type { ComposeService } from './model.ts';

type Ports = Pick<ComposeService, 'ports'>;

/** Ports passed over in one start. */
const maxTries = 20;

/** True when the engine, not the file, chooses a published port. */
export function picksPorts({ ports }: Ports): boolean {
  return (ports ?? []).some(({ published }) => published === undefined || published.includes('-'));
}

/** How many ports the engine may try for the service: the widest range, at most 20; 1 where the file says which. */
function choices({ ports }: Ports): number {
  const widths = (ports ?? []).map(({ published }) => {
    if (published === undefined) return maxTries;
    const [first, last = first] = published.split('-').map(Number);
    return (last ?? 0) - (first ?? 0) + 1;
  });
  return Math.min(maxTries, Math.max(1, ...widths));
}

/**
 * Starts a container, and starts it again past a port of a range that is taken.
 * @throws what `start` throws: another failure, a taken port that the file itself names, or a range with none left
 */
export async function startPastTakenPorts(
  service: Ports,
  start: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (let left = choices(service) - 1; ; left -= 1) {
    try {
      return await start();
    } catch (error) {
      if (left <= 0 || !isOfRange(toProblem(error), service)) throw error;
      signal.throwIfAborted();
    }
  }
}

function isOfRange({ code, evidence }: Problem, { ports }: Ports): boolean {
  const named = (ports ?? []).flatMap(({ published }) => (published?.includes('-') ? [] : (published ?? [])));
  const words = evidence.join(' ');
  return code === 'port-taken' && !named.some((port) => new RegExp(`:${port}\\b`).test(words));
}
