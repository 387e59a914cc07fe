import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineState } from '../../shared/model/engine.ts';
import type { Operation, OperationStep } from '../../shared/model/operation.ts';
import type { PlanView } from '../../shared/model/plan.ts';
import type { Problem } from '../../shared/model/problem.ts';
import type { ServiceState, StackState } from '../../shared/model/stack.ts';
import type { StackSummary } from '../../shared/model/stacks.ts';
import { StackPage } from '../features/stack/stack-page.tsx';
import { StacksPage } from '../features/stacks/stacks-page.tsx';
import { useActions } from './actions.ts';
import { commandsFor } from './commands.ts';
import { connect } from './connection.ts';
import { useLive } from './live-store.ts';
import { go, placeOf, useNavigation } from './navigation.ts';
import { createScriptedBridge, type ScriptedBridge } from './scripted-bridge.ts';

const engine: EngineState = {
  state: 'ready',
  endpoint: 'unix:///var/run/docker.sock',
  foundBy: 'default socket',
  serverVersion: '28.0',
  apiVersion: '1.48',
  platform: 'linux/amd64',
  cpus: 2,
  memBytes: 1,
  problem: null,
};
const summary = (id: string, origin: StackSummary['origin'], change: Partial<StackSummary> = {}): StackSummary => ({
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
const bundled = summary('quayside-dev', 'bundled');
const service = (name: string, change: Partial<ServiceState> = {}): ServiceState => ({
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
const running = (name: string, number: number): ServiceState['containers'][number] => ({
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
const problemOf = (change: Partial<Problem>): Problem => ({
  code: 'port-taken',
  title: 'Port 80 is taken',
  cause: 'Another program listens there.',
  evidence: [],
  remedies: [],
  ...change,
});
const step = (name: string, change: Partial<OperationStep> = {}): OperationStep => ({
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
const operationOf = (stack: string, change: Partial<Operation> = {}): Operation => ({
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
const planOf = (change: Partial<PlanView> = {}): PlanView => ({
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

let scripted: ScriptedBridge;
let disconnect: () => void;

beforeEach(() => {
  scripted = createScriptedBridge();
  window.quayside = scripted.bridge;
  scripted.answer('app.info', () => ({
    ok: true,
    value: { version: '0.1.0', environment: 'dev', dataDir: '/d', project: 'quayside-dev', electron: null, node: '20' },
  }));
  scripted.answer('settings.get', () => ({
    ok: true,
    value: { theme: 'system', engine: '', logTail: 1000, metricsWindowS: 300, reduceMotion: false },
  }));
  for (const name of ['stack.start', 'stack.stop', 'stack.restart', 'stack.scale', 'stack.remove'] as const) {
    scripted.answer(name, () => ({ ok: true, value: { operationId: 'o1' } }));
  }
  scripted.answer('stack.plan', () => ({ ok: true, value: planOf() }));
  disconnect = connect();
  go('stacks');
});
afterEach(() => {
  cleanup();
  disconnect();
  useLive.setState({
    info: null,
    settings: null,
    engine: null,
    stack: null,
    stacks: null,
    operations: null,
    stackProblem: null,
    stacksProblem: null,
  });
  useActions.setState({ refusals: {}, dismissed: new Set(), pending: new Set() });
  delete window.quayside;
});

function send(stacks: StackSummary[], operations: Operation[] = []): void {
  act(() => {
    scripted.send('engine.watch', engine);
    scripted.send('stack.watch', stateOf('quayside-dev', 'stopped', [service('backend')]), {});
    scripted.send('stacks.watch', { stacks });
    scripted.send('operations.watch', { operations });
  });
}
function sendShop(status: StackState['status'], services: ServiceState[]): void {
  act(() => scripted.send('stack.watch', stateOf('shop', status, services), { stack: 'shop' }));
}
const inputsOf = (name: string): unknown[] => scripted.calls.filter((one) => one.name === name).map((one) => one.input);
const openShop = (): void => void fireEvent.click(screen.getByRole('link', { name: 'shop' }));

describe('the list of projects', () => {
  it('opens what was picked and goes there; nothing is started', async () => {
    const shop = summary('shop', 'opened');
    scripted.answer('stacks.pick', () => ({ ok: true, value: { files: [{ token: 't1', name: 'c.yaml', bytes: 1 }] } }));
    scripted.answer('stacks.open', () => ({ ok: true, value: shop }));
    render(<StacksPage />);
    send([bundled]);
    expect(screen.getByText('No other project is open yet')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Open a project' }));
    await waitFor(() => expect(inputsOf('stacks.open')).toEqual([{ tokens: ['t1'] }]));
    send([bundled, shop]);
    await screen.findByRole('heading', { name: 'shop' });
    expect(window.location.hash).toBe('#/stacks/shop');
    expect(inputsOf('stack.start')).toEqual([]);
  });

  it('opens a dropped folder', async () => {
    scripted.offer([{ token: 't2', name: 'shop', bytes: 0 }]);
    scripted.answer('stacks.open', () => ({ ok: true, value: summary('shop', 'opened') }));
    const { container } = render(<StacksPage />);
    send([bundled]);
    const zone = container.firstElementChild;
    if (zone === null) throw new Error('nothing was drawn');
    const dataTransfer = { types: ['Files'], files: [new File([], 'shop')] };
    fireEvent.dragEnter(zone, { dataTransfer });
    expect(screen.getByText('Drop to open the project')).toBeTruthy();
    fireEvent.drop(zone, { dataTransfer });
    await waitFor(() => expect(inputsOf('stacks.open')).toEqual([{ tokens: ['t2'] }]));
  });

  it('does nothing when the dialog was cancelled', async () => {
    scripted.answer('stacks.pick', () => ({ ok: true, value: { files: [] } }));
    render(<StacksPage />);
    send([bundled]);
    fireEvent.click(screen.getByRole('button', { name: 'Open a project' }));
    await waitFor(() => expect(inputsOf('stacks.pick')).toHaveLength(1));
    expect(inputsOf('stacks.open')).toEqual([]);
  });

  it('shows why a project cannot be loaded, and offers no start of it', () => {
    const why = problemOf({ code: 'compose-invalid', title: 'compose.yaml, line 4: `ports` is 80' });
    render(<StacksPage />);
    send([bundled, summary('shop', 'opened', { problem: why })]);
    expect(screen.getByRole('alert').textContent).toContain('line 4');
    expect(screen.getByRole('button', { name: 'Start shop' })).toHaveProperty('disabled', true);
  });

  it('starts and stops in place, and keeps its hands off what it only sees', async () => {
    render(<StacksPage />);
    send([
      bundled,
      summary('shop', 'opened', { status: 'healthy', running: 2, containers: 3 }),
      summary('wiki', 'engine', { status: 'healthy', running: 1, containers: 1 }),
    ]);
    const shop = screen.getByRole('listitem', { name: 'shop' });
    expect(shop.textContent).toContain('2 of 3 containers running');
    fireEvent.click(within(shop).getByRole('button', { name: 'Stop shop' }));
    await waitFor(() => expect(inputsOf('stack.stop')).toEqual([{ stack: 'shop' }]));
    const also = screen.getByRole('region', { name: 'Also on this engine' });
    expect(within(also).getByRole('listitem', { name: 'wiki' })).toBeTruthy();
    expect(within(also).queryByRole('button')).toBeNull();
  });
});

describe('a project', () => {
  const shop = summary('shop', 'opened', { status: 'healthy', running: 1, containers: 1 });

  it('begins its start, stop and restart for itself alone', async () => {
    render(<StacksPage />);
    send([bundled, shop]);
    openShop();
    sendShop('healthy', [service('web', { status: 'healthy', containers: [running('web', 1)] })]);
    fireEvent.click(screen.getByRole('button', { name: 'Restart' }));
    await waitFor(() => expect(inputsOf('stack.restart')).toEqual([{ stack: 'shop', services: [] }]));
    fireEvent.click(screen.getByRole('button', { name: 'Stop web' }));
    await waitFor(() => expect(inputsOf('stack.stop')).toEqual([{ stack: 'shop', services: ['web'] }]));
  });

  it('runs remedies on the project the operation belongs to', async () => {
    const taken = problemOf({
      remedies: [
        { action: 'use-port', label: 'Use port 8080 instead', service: 'web', port: 8080 },
        { action: 'retry', label: 'Retry web', service: 'web' },
        { action: 'open-page', label: 'Read its log', page: 'logs' },
      ],
      service: 'web',
    });
    render(<StacksPage />);
    send([bundled, shop], [operationOf('shop', { state: 'failed', endedAtMs: 2, problem: taken })]);
    openShop();
    fireEvent.click(screen.getByRole('button', { name: 'Use port 8080 instead' }));
    await waitFor(() => expect(inputsOf('stack.start')).toEqual([{ stack: 'shop', ports: { web: 8080 } }]));
    fireEvent.click(screen.getByRole('button', { name: 'Retry web' }));
    await waitFor(() => expect(inputsOf('stack.start')).toHaveLength(2));
    expect(inputsOf('stack.start')[1]).toEqual({ stack: 'shop', services: ['web'] });
    fireEvent.click(screen.getByRole('button', { name: 'Read its log' }));
    expect(useNavigation.getState()).toMatchObject({ stack: 'shop', section: 'logs', service: 'web' });
  });

  it('tells the problem of each service that failed', () => {
    const first = problemOf({ title: 'web is unhealthy', service: 'web' });
    const second = problemOf({
      title: 'db ended',
      service: 'db',
      remedies: [{ action: 'retry', label: 'Retry db', service: 'db' }],
    });
    const steps = [step('web', { state: 'failed', problem: first }), step('db', { state: 'failed', problem: second })];
    render(<StacksPage />);
    send([bundled, shop], [operationOf('shop', { state: 'failed', problem: first, steps })]);
    openShop();
    expect(screen.getAllByRole('alert').map((alert) => alert.querySelector('h3')?.textContent)).toEqual([
      'web is unhealthy',
      'db ended',
    ]);
    expect(screen.getByRole('button', { name: 'Retry db' })).toBeTruthy();
  });

  it('shows bytes, rate and time left of a pull, and says when it stalls', () => {
    const progress = { done: 40 * 2 ** 20, total: 100 * 2 ** 20, unit: 'bytes' as const, ratePerS: 5 * 2 ** 20 };
    render(<StacksPage />);
    send([bundled, shop], [operationOf('shop', { steps: [step('web', { progress })] })]);
    openShop();
    sendShop('starting', [service('web')]);
    const card = screen.getByRole('article', { name: 'web' });
    expect(card.textContent).toContain('40 MB of 100 MB, 5.0 MB/s, 12 s left');
    send(
      [bundled, shop],
      [operationOf('shop', { steps: [step('web', { progress: { ...progress, stalled: true } })] })],
    );
    expect(card.textContent).toContain('nothing moved for 20 s');
  });

  it('scales after a second press, and shows why that was refused', async () => {
    scripted.answer('stack.scale', () => ({
      ok: false,
      problem: problemOf({ code: 'not-scalable', title: 'web cannot run more than once' }),
    }));
    render(<StacksPage />);
    send([bundled, shop]);
    openShop();
    sendShop('healthy', [
      service('web', { status: 'healthy', containers: [running('web', 1)] }),
      service('migrate', { role: 'job', status: 'done' }),
    ]);
    expect(screen.queryByRole('button', { name: 'More containers of migrate' })).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'More containers of web' }));
    expect(inputsOf('stack.scale')).toEqual([]);
    fireEvent.click(screen.getByRole('button', { name: 'Scale to 2' }));
    await screen.findByText('web cannot run more than once');
    expect(inputsOf('stack.scale')).toEqual([{ stack: 'shop', service: 'web', replicas: 2 }]);
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Scale to 2' })).toBeNull());
  });

  it('deletes data only after its name was typed', async () => {
    render(<StacksPage />);
    send([bundled, shop]);
    openShop();
    fireEvent.click(screen.getByRole('button', { name: 'More about shop' }));
    fireEvent.click(await screen.findByRole('menuitem', { name: 'Remove its containers' }));
    const question = await screen.findByRole('alertdialog');
    fireEvent.click(within(question).getByRole('checkbox'));
    const remove = within(question).getByRole('button', { name: 'Remove with all data' });
    expect(remove).toHaveProperty('disabled', true);
    fireEvent.change(within(question).getByRole('textbox'), { target: { value: 'shop' } });
    fireEvent.click(remove);
    await waitFor(() => expect(inputsOf('stack.remove')).toEqual([{ stack: 'shop', volumes: true }]));
  });

  it('is only looked at until it is adopted', async () => {
    scripted.answer('stacks.adopt', () => ({ ok: true, value: shop }));
    render(<StacksPage />);
    send([bundled, { ...shop, origin: 'engine' }]);
    openShop();
    sendShop('healthy', [service('web', { status: 'healthy', containers: [running('web', 1)] })]);
    expect(screen.queryByRole('button', { name: 'Stop' })).toBeNull();
    expect(screen.queryByRole('button', { name: 'Restart web' })).toBeNull();
    expect(screen.getByRole('button', { name: 'Logs of web' })).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Manage with Quayside' }));
    await waitFor(() => expect(inputsOf('stacks.adopt')).toEqual([{ stack: 'shop' }]));
    send([bundled, shop]);
    expect(screen.getByRole('button', { name: 'Stop' })).toBeTruthy();
  });

  it('says so when an address names a project that is not there', () => {
    useNavigation.setState(placeOf('#/stacks/gone/logs'));
    render(<StacksPage />);
    send([bundled]);
    expect(screen.getByText('There is no project called gone')).toBeTruthy();
    expect(screen.getByRole('link', { name: 'All projects' })).toBeTruthy();
  });
});

describe('the plan', () => {
  const shop = summary('shop', 'opened', { status: 'healthy', running: 1, containers: 1 });
  const show = (): void => {
    useNavigation.setState(placeOf('#/stacks/shop/plan'));
    render(<StacksPage />);
    send([bundled, shop]);
  };

  it('shows what is replaced and why, and starts with exactly its options', async () => {
    scripted.answer('stack.plan', ({ removeOrphans }) => ({
      ok: true,
      value: planOf({
        orphans: [{ name: 'shop-old-1', service: 'old', files: '/srv/old/compose.yaml' }],
        removals: removeOrphans === true ? [{ name: 'shop-old-1', service: 'old', reason: 'no file names it' }] : [],
      }),
    }));
    show();
    const web = await screen.findByRole('listitem', { name: 'web' });
    expect(web.textContent).toContain('Replace');
    expect(within(web).getByRole('deletion').textContent).toContain('"1"');
    expect(within(web).getByRole('insertion').textContent).toContain('"2"');
    expect(screen.getByText('Left alone')).toBeTruthy();
    expect(screen.getByText(/Made from \/srv\/old\/compose.yaml/)).toBeTruthy();
    fireEvent.click(screen.getByRole('checkbox', { name: /^Also remove 1 container/ }));
    await screen.findByText('Remove');
    expect(inputsOf('stack.plan').at(-1)).toEqual({ stack: 'shop', removeOrphans: true });
    fireEvent.click(screen.getByRole('button', { name: 'Start now' }));
    await waitFor(() => expect(inputsOf('stack.start')).toEqual([{ stack: 'shop', removeOrphans: true }]));
  });

  it('is good when there is nothing to do', async () => {
    scripted.answer('stack.plan', () => ({ ok: true, value: planOf({ writes: false, services: [] }) }));
    show();
    await screen.findByText('Nothing to do');
    expect(screen.getByRole('button', { name: 'Start now' })).toHaveProperty('disabled', true);
  });

  it('reads the files again when the person comes back to the window', async () => {
    show();
    await screen.findByRole('listitem', { name: 'web' });
    const before = inputsOf('stack.plan').length;
    act(() => void window.dispatchEvent(new Event('focus')));
    await waitFor(() => expect(inputsOf('stack.plan').length).toBe(before + 1));
  });

  it('is a quiet button beside the Start of the bundled stack', async () => {
    render(<StackPage />);
    send([bundled]);
    fireEvent.click(screen.getByRole('button', { name: 'Preview what Start would do' }));
    await screen.findByRole('listitem', { name: 'web' });
    expect(inputsOf('stack.plan')).toEqual([{}]);
    fireEvent.click(screen.getByRole('button', { name: 'Start now' }));
    await waitFor(() => expect(inputsOf('stack.start')).toEqual([{}]));
  });
});

it('keeps operations of other projects off the bundled stack’s page', () => {
  render(<StackPage />);
  send([bundled], [operationOf('shop')]);
  expect(screen.getByRole('button', { name: 'Start' })).toHaveProperty('disabled', false);
  send([bundled], [operationOf('shop', { state: 'failed', problem: problemOf({}) })]);
  expect(screen.queryByRole('alert')).toBeNull();
  send([bundled], [operationOf('quayside-dev')]);
  expect(screen.queryByRole('button', { name: 'Start' })).toBeNull();
});

it.each([
  ['#/stacks/shop/plan', { page: 'stacks', stack: 'shop', section: 'plan' }],
  ['#/stacks/shop', { page: 'stacks', stack: 'shop', section: 'services' }],
  ['#/stacks/..%2Fshop', { page: 'stacks', stack: null }],
  ['#/logs/shop', { page: 'logs', stack: null }],
  ['#/nowhere', { page: 'stack', stack: null }],
])('reads the address %s', (hash, place) => {
  expect(placeOf(hash)).toMatchObject(place);
});

it('offers projects by name in the palette, and only what would work', () => {
  const labels = commandsFor({
    stack: null,
    stacks: [bundled, summary('shop', 'opened'), summary('wiki', 'engine', { status: 'healthy' })],
    operations: [],
    engineReady: true,
  }).map((command) => command.label);
  expect(labels).toEqual(expect.arrayContaining(['Go to shop', 'Start shop', 'Go to wiki']));
  expect(labels).not.toContain('Stop wiki');
});
