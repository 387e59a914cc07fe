/** The folders and pages that a knowledge base is kept up with. */
import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../../../shared/model/knowledge.ts';
import { type } from '../../app/backend-scene.ts';
import { KnowledgePage } from './knowledge-page.tsx';
import { type KnowledgeScene, kb, ok, openKnowledge } from './knowledge-scene.tsx';
import { useKnowledge } from './knowledge-store.ts';

let scene: KnowledgeScene;
beforeEach(() => {
  scene = openKnowledge();
});
afterEach(() => scene.end());

const source = (more: Partial<Source> = {}): Source => ({
  id: 's1',
  kbId: 'k1',
  kind: 'folder',
  uri: '/manuals',
  name: 'manuals',
  everySeconds: 900,
  state: 'idle',
  error: null,
  items: 12,
  failedItems: 0,
  lastSyncAtMs: Date.now() - 300_000,
  nextSyncAtMs: Date.now() + 600_000,
  ...more,
});

describe('sources', () => {
  function showSources(sources: Source[]): void {
    useKnowledge.setState({ tab: 'sources' });
    render(<KnowledgePage />);
    scene.stack('healthy');
    act(() => scene.scripted.send('kb.watch', { kbs: [kb()] }));
    act(() => scene.scripted.send('sources.watch', { sources }));
  }

  it('adds a folder: says that the backend starts again, and asks for one first', async () => {
    scene.scripted.answer('sources.pickFolder', () => ({
      ok: true,
      value: { files: [{ token: 'f1', name: 'manuals', bytes: 0 }] },
    }));
    scene.scripted.answer('sources.addFolder', () => ({ ok: true, value: { operationId: 'o1' } }));
    showSources([]);
    fireEvent.click(screen.getByRole('button', { name: 'Add folder' }));
    const dialog = await screen.findByRole('dialog', { name: 'Keep up with a folder' });
    expect(dialog.textContent).toContain('it starts again');
    const add = within(dialog).getByRole('button', { name: 'Add folder' }) as HTMLButtonElement;
    expect(add.disabled).toBe(true);
    fireEvent.click(within(dialog).getByRole('button', { name: 'Choose a folder' }));
    await within(dialog).findByText('manuals');
    fireEvent.change(within(dialog).getByRole('combobox', { name: 'Look for changes' }), { target: { value: '3600' } });
    fireEvent.click(add);
    await waitFor(() =>
      expect(scene.asked('sources.addFolder')).toEqual([{ kb: 'k1', token: 'f1', everySeconds: 3600 }]),
    );
  });

  it('refuses what is no address before it asks', async () => {
    scene.scripted.answer('sources.addPage', () => ({ ok: true, value: source({ kind: 'url' }) }));
    showSources([]);
    fireEvent.click(screen.getByRole('button', { name: 'Add page' }));
    type('Address', 'ftp://x');
    expect(screen.getByText('It begins with https:// or http://')).toBeTruthy();
    type('Address', 'https://example.org/handbook');
    const dialog = screen.getByRole('dialog');
    fireEvent.change(within(dialog).getByRole('combobox', { name: 'Look for changes' }), { target: { value: '' } });
    fireEvent.click(within(dialog).getByRole('button', { name: 'Add page' }));
    await waitFor(() =>
      expect(scene.asked('sources.addPage')).toEqual([
        { kb: 'k1', url: 'https://example.org/handbook', everySeconds: null },
      ]),
    );
  });

  it('says when it looks again, and asks for a word before a flood of changes', async () => {
    scene.scripted.answer('sources.sync', () => ok);
    const message =
      '2,000 files are gone; more than 1000 at once wait for a person. Synchronise with allowLarge to go on.';
    showSources([
      source(),
      source({ id: 's2', name: 'archive', state: 'paused', error: { code: 'too-many-changes', message } }),
    ]);
    const first = screen.getByRole('listitem', { name: 'manuals' });
    expect(first.textContent).toContain('12 files');
    expect(first.textContent).toContain('every 15 minutes');
    expect(first.textContent).toMatch(/Looked at 5 min ago, again in/);
    fireEvent.click(within(first).getByRole('button', { name: 'Look at manuals now' }));
    const second = screen.getByRole('listitem', { name: 'archive' });
    expect(second.textContent).toContain('2,000 files are gone');
    expect(second.textContent).not.toContain('allowLarge');
    fireEvent.click(within(second).getByRole('button', { name: 'Go on with these changes' }));
    await waitFor(() => expect(scene.asked('sources.sync')).toEqual([{ id: 's1' }, { id: 's2', allowLarge: true }]));
  });

  it('lists what could not be added first, each with its reason', async () => {
    scene.scripted.answer('sources.items', () => ({
      ok: true,
      value: {
        items: [
          { path: 'good.md', bytes: 1, documentId: 'd1', state: 'ready', error: null },
          {
            path: 'bad.exe',
            bytes: 1,
            documentId: null,
            state: 'refused',
            error: { code: 'unsupported-type', message: 'This kind of file is not supported.' },
          },
        ],
      },
    }));
    showSources([source({ failedItems: 1 })]);
    fireEvent.click(screen.getByRole('button', { name: '1 could not be added: see why' }));
    const files = await screen.findByRole('list', { name: 'Its files' });
    const [first, second] = within(files).getAllByRole('listitem');
    expect(first?.textContent).toContain('bad.exe');
    expect(first?.textContent).toContain('This kind of file is not supported.');
    expect(second?.textContent).toContain('good.md');
  });

  it('is removed with or without its documents', async () => {
    scene.scripted.answer('sources.remove', () => ok);
    showSources([source()]);
    fireEvent.click(screen.getByRole('button', { name: 'More about manuals' }));
    fireEvent.click(await screen.findByRole('menuitem', { name: 'Remove' }));
    const dialog = await screen.findByRole('alertdialog');
    expect(dialog.textContent).toContain('stays and can be found');
    fireEvent.click(within(dialog).getByRole('radio', { name: 'Delete them' }));
    fireEvent.click(within(dialog).getByRole('button', { name: 'Remove with its documents' }));
    await waitFor(() => expect(scene.asked('sources.remove')).toEqual([{ id: 's1', documents: 'delete' }]));
  });
});
