/** One Compose project: what is done to it and told of it, and nothing of it on the page of the bundled stack. */
import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StackPage } from '../features/stack/stack-page.tsx';
import { StacksPage } from '../features/stacks/stacks-page.tsx';
import { placeOf, useNavigation } from './navigation.ts';
import {
  bundled,
  openShop,
  openStacks,
  operationOf,
  problemOf,
  running,
  type StacksScene,
  service,
  step,
  summary,
} from './stacks-scene.ts';

let scene: StacksScene;
beforeEach(() => {
  scene = openStacks();
});
afterEach(() => scene.end());

describe('a project', () => {
  const shop = summary('shop', 'opened', { status: 'healthy', running: 1, containers: 1 });

  it('begins its start, stop and restart for itself alone', async () => {
    render(<StacksPage />);
    scene.send([bundled, shop]);
    openShop();
    scene.sendShop('healthy', [service('web', { status: 'healthy', containers: [running('web', 1)] })]);
    fireEvent.click(screen.getByRole('button', { name: 'Restart' }));
    await waitFor(() => expect(scene.asked('stack.restart')).toEqual([{ stack: 'shop', services: [] }]));
    fireEvent.click(screen.getByRole('button', { name: 'Stop web' }));
    await waitFor(() => expect(scene.asked('stack.stop')).toEqual([{ stack: 'shop', services: ['web'] }]));
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
    scene.send([bundled, shop], [operationOf('shop', { state: 'failed', endedAtMs: 2, problem: taken })]);
    openShop();
    fireEvent.click(screen.getByRole('button', { name: 'Use port 8080 instead' }));
    await waitFor(() => expect(scene.asked('stack.start')).toEqual([{ stack: 'shop', ports: { web: 8080 } }]));
    fireEvent.click(screen.getByRole('button', { name: 'Retry web' }));
    await waitFor(() => expect(scene.asked('stack.start')).toHaveLength(2));
    expect(scene.asked('stack.start')[1]).toEqual({ stack: 'shop', services: ['web'] });
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
    scene.send([bundled, shop], [operationOf('shop', { state: 'failed', problem: first, steps })]);
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
    scene.send([bundled, shop], [operationOf('shop', { steps: [step('web', { progress })] })]);
    openShop();
    scene.sendShop('starting', [service('web')]);
    const card = screen.getByRole('article', { name: 'web' });
    expect(card.textContent).toContain('40 MB of 100 MB, 5.0 MB/s, 12 s left');
    scene.send(
      [bundled, shop],
      [operationOf('shop', { steps: [step('web', { progress: { ...progress, stalled: true } })] })],
    );
    expect(card.textContent).toContain('nothing moved for 20 s');
  });

  it('scales after a second press, and shows why that was refused', async () => {
    scene.scripted.answer('stack.scale', () => ({
      ok: false,
      problem: problemOf({ code: 'not-scalable', title: 'web cannot run more than once' }),
    }));
    render(<StacksPage />);
    scene.send([bundled, shop]);
    openShop();
    scene.sendShop('healthy', [
      service('web', { status: 'healthy', containers: [running('web', 1)] }),
      service('migrate', { role: 'job', status: 'done' }),
    ]);
    expect(screen.queryByRole('button', { name: 'More containers of migrate' })).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'More containers of web' }));
    expect(scene.asked('stack.scale')).toEqual([]);
    fireEvent.click(screen.getByRole('button', { name: 'Scale to 2' }));
    await screen.findByText('web cannot run more than once');
    expect(scene.asked('stack.scale')).toEqual([{ stack: 'shop', service: 'web', replicas: 2 }]);
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Scale to 2' })).toBeNull());
  });

  it('deletes data only after its name was typed', async () => {
    render(<StacksPage />);
    scene.send([bundled, shop]);
    openShop();
    fireEvent.click(screen.getByRole('button', { name: 'More about shop' }));
    fireEvent.click(await screen.findByRole('menuitem', { name: 'Remove its containers' }));
    const question = await screen.findByRole('alertdialog');
    fireEvent.click(within(question).getByRole('checkbox'));
    const remove = within(question).getByRole('button', { name: 'Remove with all data' });
    expect(remove).toHaveProperty('disabled', true);
    fireEvent.change(within(question).getByRole('textbox'), { target: { value: 'shop' } });
    fireEvent.click(remove);
    await waitFor(() => expect(scene.asked('stack.remove')).toEqual([{ stack: 'shop', volumes: true }]));
  });

  it('is only looked at until it is adopted', async () => {
    scene.scripted.answer('stacks.adopt', () => ({ ok: true, value: shop }));
    render(<StacksPage />);
    scene.send([bundled, { ...shop, origin: 'engine' }]);
    openShop();
    scene.sendShop('healthy', [service('web', { status: 'healthy', containers: [running('web', 1)] })]);
    expect(screen.queryByRole('button', { name: 'Stop' })).toBeNull();
    expect(screen.queryByRole('button', { name: 'Restart web' })).toBeNull();
    expect(screen.getByRole('button', { name: 'Logs of web' })).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Manage with Quayside' }));
    await waitFor(() => expect(scene.asked('stacks.adopt')).toEqual([{ stack: 'shop' }]));
    scene.send([bundled, shop]);
    expect(screen.getByRole('button', { name: 'Stop' })).toBeTruthy();
  });

  it('says so when an address names a project that is not there', () => {
    useNavigation.setState(placeOf('#/stacks/gone/logs'));
    render(<StacksPage />);
    scene.send([bundled]);
    expect(screen.getByText('There is no project called gone')).toBeTruthy();
    expect(screen.getByRole('link', { name: 'All projects' })).toBeTruthy();
  });
});

it('keeps operations of other projects off the bundled stack’s page', () => {
  render(<StackPage />);
  scene.send([bundled], [operationOf('shop')]);
  expect(screen.getByRole('button', { name: 'Start' })).toHaveProperty('disabled', false);
  scene.send([bundled], [operationOf('shop', { state: 'failed', problem: problemOf({}) })]);
  expect(screen.queryByRole('alert')).toBeNull();
  scene.send([bundled], [operationOf('quayside-dev')]);
  expect(screen.queryByRole('button', { name: 'Start' })).toBeNull();
});
