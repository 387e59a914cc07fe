/** The list of Compose projects, and the other ways to one: its address and the palette. */
import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StacksPage } from '../features/stacks/stacks-page.tsx';
import { commandsFor } from './commands.ts';
import { placeOf } from './navigation.ts';
import { bundled, openStacks, problemOf, type StacksScene, summary } from './stacks-scene.ts';

let scene: StacksScene;
beforeEach(() => {
  scene = openStacks();
});
afterEach(() => scene.end());

describe('the list of projects', () => {
  it('opens what was picked and goes there; nothing is started', async () => {
    const shop = summary('shop', 'opened');
    scene.scripted.answer('stacks.pick', () => ({
      ok: true,
      value: { files: [{ token: 't1', name: 'c.yaml', bytes: 1 }] },
    }));
    scene.scripted.answer('stacks.open', () => ({ ok: true, value: shop }));
    render(<StacksPage />);
    scene.send([bundled]);
    expect(screen.getByText('No other project is open yet')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Open a project' }));
    await waitFor(() => expect(scene.asked('stacks.open')).toEqual([{ tokens: ['t1'] }]));
    scene.send([bundled, shop]);
    await screen.findByRole('heading', { name: 'shop' });
    expect(window.location.hash).toBe('#/stacks/shop');
    expect(scene.asked('stack.start')).toEqual([]);
  });

  it('opens a dropped folder', async () => {
    scene.scripted.offer([{ token: 't2', name: 'shop', bytes: 0 }]);
    scene.scripted.answer('stacks.open', () => ({ ok: true, value: summary('shop', 'opened') }));
    const { container } = render(<StacksPage />);
    scene.send([bundled]);
    const zone = container.firstElementChild;
    if (zone === null) throw new Error('nothing was drawn');
    const dataTransfer = { types: ['Files'], files: [new File([], 'shop')] };
    fireEvent.dragEnter(zone, { dataTransfer });
    expect(screen.getByText('Drop to open the project')).toBeTruthy();
    fireEvent.drop(zone, { dataTransfer });
    await waitFor(() => expect(scene.asked('stacks.open')).toEqual([{ tokens: ['t2'] }]));
  });

  it('does nothing when the dialog was cancelled', async () => {
    scene.scripted.answer('stacks.pick', () => ({ ok: true, value: { files: [] } }));
    render(<StacksPage />);
    scene.send([bundled]);
    fireEvent.click(screen.getByRole('button', { name: 'Open a project' }));
    await waitFor(() => expect(scene.asked('stacks.pick')).toHaveLength(1));
    expect(scene.asked('stacks.open')).toEqual([]);
  });

  it('shows why a project cannot be loaded, and offers no start of it', () => {
    const why = problemOf({ code: 'compose-invalid', title: 'compose.yaml, line 4: `ports` is 80' });
    render(<StacksPage />);
    scene.send([bundled, summary('shop', 'opened', { problem: why })]);
    expect(screen.getByRole('alert').textContent).toContain('line 4');
    expect(screen.getByRole('button', { name: 'Start shop' })).toHaveProperty('disabled', true);
  });

  it('starts and stops in place, and keeps its hands off what it only sees', async () => {
    render(<StacksPage />);
    scene.send([
      bundled,
      summary('shop', 'opened', { status: 'healthy', running: 2, containers: 3 }),
      summary('wiki', 'engine', { status: 'healthy', running: 1, containers: 1 }),
    ]);
    const shop = screen.getByRole('listitem', { name: 'shop' });
    expect(shop.textContent).toContain('2 of 3 containers running');
    fireEvent.click(within(shop).getByRole('button', { name: 'Stop shop' }));
    await waitFor(() => expect(scene.asked('stack.stop')).toEqual([{ stack: 'shop' }]));
    const also = screen.getByRole('region', { name: 'Also on this engine' });
    expect(within(also).getByRole('listitem', { name: 'wiki' })).toBeTruthy();
    expect(within(also).queryByRole('button')).toBeNull();
  });
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
