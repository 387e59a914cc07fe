/** The plan of a project before it is started. */
import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StackPage } from '../features/stack/stack-page.tsx';
import { StacksPage } from '../features/stacks/stacks-page.tsx';
import { placeOf, useNavigation } from './navigation.ts';
import { bundled, openStacks, planOf, type StacksScene, summary } from './stacks-scene.ts';

let scene: StacksScene;
beforeEach(() => {
  scene = openStacks();
});
afterEach(() => scene.end());

describe('the plan', () => {
  const shop = summary('shop', 'opened', { status: 'healthy', running: 1, containers: 1 });
  const show = (): void => {
    useNavigation.setState(placeOf('#/stacks/shop/plan'));
    render(<StacksPage />);
    scene.send([bundled, shop]);
  };

  it('shows what is replaced and why, and starts with exactly its options', async () => {
    scene.scripted.answer('stack.plan', ({ removeOrphans }) => ({
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
    expect(scene.asked('stack.plan').at(-1)).toEqual({ stack: 'shop', removeOrphans: true });
    fireEvent.click(screen.getByRole('button', { name: 'Start now' }));
    await waitFor(() => expect(scene.asked('stack.start')).toEqual([{ stack: 'shop', removeOrphans: true }]));
  });

  it('is good when there is nothing to do', async () => {
    scene.scripted.answer('stack.plan', () => ({ ok: true, value: planOf({ writes: false, services: [] }) }));
    show();
    await screen.findByText('Nothing to do');
    expect(screen.getByRole('button', { name: 'Start now' })).toHaveProperty('disabled', true);
  });

  it('reads the files again when the person comes back to the window', async () => {
    show();
    await screen.findByRole('listitem', { name: 'web' });
    const before = scene.asked('stack.plan').length;
    act(() => void window.dispatchEvent(new Event('focus')));
    await waitFor(() => expect(scene.asked('stack.plan').length).toBe(before + 1));
  });

  it('is a quiet button beside the Start of the bundled stack', async () => {
    render(<StackPage />);
    scene.send([bundled]);
    fireEvent.click(screen.getByRole('button', { name: 'Preview what Start would do' }));
    await screen.findByRole('listitem', { name: 'web' });
    expect(scene.asked('stack.plan')).toEqual([{}]);
    fireEvent.click(screen.getByRole('button', { name: 'Start now' }));
    await waitFor(() => expect(scene.asked('stack.start')).toEqual([{}]));
  });
});
