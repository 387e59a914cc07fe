/** What the pages of Compose projects stand on in unit tests: a bundled stack that is stopped, and a project `shop` beside it. */
import { act, fireEvent, screen } from '@testing-library/react';
import type { Operation, OperationStep } from '../../shared/model/operation.ts';
import type { PlanView } from '../../shared/model/plan.ts';
import type { Problem } from '../../shared/model/problem.ts';
import type { ServiceState, StackState } from '../../shared/model/stack.ts';
import type { StackSummary } from '../../shared/model/stacks.ts';
import { engine, openScene, type Scene } from './backend-scene.ts';
import { go } from './navigation.ts';

/** A project as the list tells it: all there, nothing running. */
export const summary = (
  id: string,
  origin: StackSummary['origin'],
  change: Partial<StackSummary> = {},
): StackSummary => ({
  id,
  origin,
  files: [`/srv/${id}/compose.yaml`],
  filesHere: true,
  status: 'absent',
  running: 0,
  containers: 0,
  services: [],
  problem: null,
  ...change,
});
export const bundled = summary('quayside-dev', 'bundled');
/** A service that has no container yet. */
export const service = (name: string, change: Partial<ServiceState> = {}): ServiceState => ({
  name,
  role: 'service',
  purpose: '',
  image: 'nginx:1',
  status: 'absent',
  containers: [],
  ports: [],
  dependsOn: [],
  ...change,
});
/** A healthy container of the project `shop`. */
export const running = (name: string, number: number): ServiceState['containers'][number] => ({
  id: `${name}${number}`,
  name: `shop-${name}-${number}`,
  number,
  state: 'running',
  health: 'healthy',
  startedAtMs: 1,
  finishedAtMs: null,
  exitCode: null,
  oomKilled: false,
  restartCount: 0,
  image: 'nginx:1',
});
const stateOf = (project: string, status: StackState['status'], services: ServiceState[]): StackState => ({
  revision: 1,
  project,
  environment: 'dev',
  status,
  services,
  staleSinceMs: null,
  backendUrl: null,
});
/** A port that is taken, or whatever it is changed to. */
export const problemOf = (change: Partial<Problem>): Problem => ({
  code: 'port-taken',
  title: 'Port 80 is taken',
  cause: 'Another program listens there.',
  evidence: [],
  remedies: [],
  ...change,
});
/** The step of an operation that pulls the image of a service. */
export const step = (name: string, change: Partial<OperationStep> = {}): OperationStep => ({
  id: `service/${name}`,
  label: name,
  state: 'running',
  service: name,
  phase: 'pulling',
  detail: 'Downloading',
  progress: null,
  startedAtMs: 1,
  endedAtMs: null,
  problem: null,
  ...change,
});
/** A start that is under way. */
export const operationOf = (stack: string, change: Partial<Operation> = {}): Operation => ({
  id: `o-${stack}`,
  kind: 'start',
  environment: 'dev',
  stack,
  title: `Start ${stack}`,
  state: 'running',
  cancellable: true,
  cancelling: false,
  startedAtMs: 1,
  endedAtMs: null,
  steps: [],
  outcome: null,
  problem: null,
  ...change,
});
/** A plan of the project `shop` that replaces one container. */
export const planOf = (change: Partial<PlanView> = {}): PlanView => ({
  project: 'shop',
  writes: true,
  images: [],
  networks: [],
  volumes: [],
  services: [
    {
      name: 'web',
      job: false,
      dependsOn: [],
      containers: [
        {
          name: 'shop-web-1',
          number: 1,
          action: 'recreate',
          reason: 'its settings changed',
          diff: ['environment.WORKERS: "1" -> "2"'],
        },
      ],
    },
  ],
  removals: [],
  orphans: [],
  warnings: [],
  ...change,
});

export interface StacksScene extends Pick<Scene, 'scripted' | 'asked' | 'end'> {
  /** What is told of the engine, the bundled stack, the projects and what is under way. */
  readonly send: (stacks: StackSummary[], operations?: Operation[]) => void;
  /** What is told of the project `shop` alone. */
  readonly sendShop: (status: StackState['status'], services: ServiceState[]) => void;
}

/** Every start, stop, restart, scaling and removal is taken on, and the page is the one of the projects. */
export function openStacks(): StacksScene {
  const { scripted, asked, end } = openScene();
  for (const name of ['stack.start', 'stack.stop', 'stack.restart', 'stack.scale', 'stack.remove'] as const) {
    scripted.answer(name, () => ({ ok: true, value: { operationId: 'o1' } }));
  }
  scripted.answer('stack.plan', () => ({ ok: true, value: planOf() }));
  go('stacks');
  return {
    scripted,
    asked,
    end,
    send: (stacks, operations = []) =>
      act(() => {
        scripted.send('engine.watch', engine);
        scripted.send('stack.watch', stateOf('quayside-dev', 'stopped', [service('backend')]), {});
        scripted.send('stacks.watch', { stacks });
        scripted.send('operations.watch', { operations });
      }),
    sendShop: (status, services) =>
      act(() => scripted.send('stack.watch', stateOf('shop', status, services), { stack: 'shop' })),
  };
}

/** Follows the link to the project `shop` in the list. */
export const openShop = (): void => void fireEvent.click(screen.getByRole('link', { name: 'shop' }));
