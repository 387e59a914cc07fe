/** The workflows page in its three states. */
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Workflow } from '../../../shared/model/workflows.ts';
import { useActions } from '../../app/actions.ts';
import { useLive } from '../../app/live-store.ts';
import { createScriptedBridge, type ScriptedBridge } from '../../app/scripted-bridge.ts';
import { useAnnouncement } from '../../ui/announce.ts';
import { WorkflowsPage } from './workflows-page.tsx';

const sync: Workflow = {
  key: 'sync',
  name: 'Synchronise sources',
  summary: 'Looks at sources that are due',
  active: true,
  runs: { success: 9, error: 2 },
  lastRun: { executionId: '7', status: 'error', atMs: Date.now(), message: 'The folder is gone' },
};
let scripted: ScriptedBridge;
const inputs = (name: string) => scripted.calls.filter((one) => one.name === name).map((one) => one.input);

beforeEach(() => {
  scripted = createScriptedBridge();
  window.quayside = scripted.bridge;
  useActions.setState(useActions.getInitialState(), true);
  useLive.setState({
    engine: { state: 'ready' } as never,
    stack: { project: 'quayside-dev', status: 'healthy', services: [] } as never,
    operations: [],
  });
  scripted.answer('capabilities.list', () => ({
    ok: true,
    value: { capabilities: [{ name: 'n8n', on: false, applied: false, summary: '' }] },
  }));
  render(<WorkflowsPage />);
});
afterEach(() => {
  cleanup();
  delete window.quayside;
  useLive.setState(useLive.getInitialState(), true);
});

it('shows each workflow with its runs and runs it', async () => {
  scripted.answer('workflows.run', () => ({ ok: true, value: {} }));
  act(() => scripted.send('workflows.watch', { state: 'running', items: [sync], editorUrl: 'http://127.0.0.1:5678' }));
  const row = screen.getByRole('listitem', { name: 'Synchronise sources' });
  expect(row.textContent).toContain('Failed');
  expect(row.textContent).toContain('just now, 11 runs, 2 failed');
  expect(row.textContent).toContain('The folder is gone');
  fireEvent.click(within(row).getByRole('button', { name: 'Run Synchronise sources now' }));
  await waitFor(() => expect(inputs('workflows.run')).toEqual([{ key: 'sync' }]));
});

it('opens the editor and puts its password on the clipboard, never on the page', async () => {
  scripted.answer('workflows.openEditor', () => ({ ok: true, value: {} }));
  scripted.answer('workflows.copyPassword', () => ({ ok: true, value: { user: 'owner@quayside.local' } }));
  act(() => scripted.send('workflows.watch', { state: 'running', items: [sync], editorUrl: 'http://127.0.0.1:5678' }));
  fireEvent.click(screen.getByRole('button', { name: 'Open the editor' }));
  await waitFor(() => expect(inputs('workflows.openEditor')).toEqual([{}]));
  fireEvent.click(screen.getByRole('button', { name: 'Copy its password' }));
  await waitFor(() =>
    expect(useAnnouncement.getState().text).toBe('The password of owner@quayside.local is on the clipboard'),
  );
});

it('says that everything else goes on while n8n is stopped', () => {
  act(() => scripted.send('workflows.watch', { state: 'stopped', items: [sync], editorUrl: null }));
  expect(screen.getByText(/Adding documents, synchronising and chat go on without it/)).toBeTruthy();
  expect((screen.getByRole('button', { name: 'Run Synchronise sources now' }) as HTMLButtonElement).disabled).toBe(
    true,
  );
});

it('explains itself while it is off, and switches it on', async () => {
  scripted.answer('capabilities.set', ({ name, on }) => ({
    ok: true,
    value: { capabilities: [{ name, on, applied: false, summary: '' }] },
  }));
  scripted.answer('stack.start', () => ({ ok: true, value: { operationId: 'o1' } }));
  act(() => scripted.send('workflows.watch', { state: 'off', items: [], editorUrl: null }));
  const on = screen.getByRole('button', { name: 'Switch workflows on' }) as HTMLButtonElement;
  await waitFor(() => expect(on.disabled).toBe(false));
  fireEvent.click(on);
  fireEvent.click(await screen.findByRole('button', { name: 'Start them now' }));
  await waitFor(() => expect(inputs('stack.start')).toEqual([{}]));
});
