/** Whether a service can run more than once; why not, in words, where it cannot. */
import { ProblemError, problem, type Remedy } from '../../shared/model/problem.ts';
import type { ComposeProject } from '../compose/model.ts';

/** Why more than one container of the service cannot run side by side; null when they can. */
export function scalingObstacle(model: ComposeProject, name: string): { cause: string; remedy: string } | null {
  const service = model.services[name];
  if (service?.container_name !== undefined) {
    return {
      cause: `The file gives ${name} the fixed name ${service.container_name}, which only one container can have.`,
      remedy: 'Remove `container_name` from the service',
    };
  }
  const said = service?.labels?.['quayside.single'];
  if (said !== undefined && said !== '') return { cause: said, remedy: 'Leave it at one' };
  const fixed = (service?.ports ?? []).find(({ published }) => /^\d+$/.test(published ?? ''));
  if (fixed !== undefined) {
    return {
      cause: `${name} publishes port ${fixed.published}, which only one container can hold.`,
      remedy: `Publish a range, or no port, and put a gateway before ${name}`,
    };
  }
  return null;
}

/** @throws {ProblemError} `not-scalable` */
export function assertScalable(model: ComposeProject, name: string, replicas: number): void {
  if (replicas <= 1) return;
  const obstacle = scalingObstacle(model, name);
  if (obstacle === null) return;
  const remedies: Remedy[] = [{ action: 'advice', label: obstacle.remedy }];
  throw new ProblemError(
    problem('not-scalable', `${name} cannot run more than once`, obstacle.cause, { remedies, service: name }),
  );
}
