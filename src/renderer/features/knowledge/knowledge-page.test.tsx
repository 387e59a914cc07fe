/** Knowledge bases: what each holds, made, deleted, and shown while the backend is away. */
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type } from '../../app/backend-scene.ts';
import { type KnowledgeScene, kb, ok, openKnowledge, refused } from './knowledge-scene.tsx';
import { useKnowledge } from './knowledge-store.ts';

let scene: KnowledgeScene;
beforeEach(() => {
  scene = openKnowledge();
});
afterEach(() => scene.end());

describe('knowledge bases', () => {
  it('says what each holds, and that something is under way or failed in it', () => {
    scene.show();
    const list = screen.getByRole('navigation', { name: 'Knowledge bases' });
    const entry = within(list).getByRole('button', { name: /Harbour/ });
    expect(entry.textContent).toContain('3 documents, 40 passages');
    expect(entry.textContent).toContain('1 being read in');
    expect(entry.textContent).toContain('1 could not be added');
    fireEvent.click(entry);
    expect(screen.getByRole('heading', { name: 'Harbour' })).toBeTruthy();
  });

  it('creates one and shows it; a refused name stays in the form with the reason', async () => {
    scene.scripted.answer('kb.create', () => ({ ok: false, problem: refused }));
    scene.show();
    fireEvent.click(screen.getByRole('button', { name: 'New knowledge base' }));
    type('Name', 'Contracts');
    fireEvent.click(screen.getByRole('button', { name: 'Create' }));
    await screen.findByText('There is already one of this name');
    const made = kb({ id: 'k3', name: 'Contracts 2', isDefault: false, documents: 0, chunks: 0 });
    scene.scripted.answer('kb.create', () => ({ ok: true, value: made }));
    type('Name', 'Contracts 2');
    fireEvent.click(screen.getByRole('button', { name: 'Create' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(scene.asked('kb.create')).toEqual([
      { name: 'Contracts', description: '' },
      { name: 'Contracts 2', description: '' },
    ]);
    act(() => scene.scripted.send('kb.watch', { kbs: [kb(), made] }));
    expect(screen.getByRole('heading', { name: 'Contracts 2' })).toBeTruthy();
  });

  it('deletes one only when its name was typed, and says what goes', async () => {
    scene.scripted.answer('kb.delete', () => ok);
    useKnowledge.setState({ kbId: 'k2' });
    scene.show();
    fireEvent.click(screen.getByRole('button', { name: 'More about Harbour' }));
    fireEvent.click(await screen.findByRole('menuitem', { name: 'Delete it' }));
    const dialog = await screen.findByRole('alertdialog');
    expect(dialog.textContent).toContain('3 documents with 40 passages');
    expect(dialog.textContent).toContain('1 source');
    const button = within(dialog).getByRole('button', { name: 'Delete' }) as HTMLButtonElement;
    expect(button.disabled).toBe(true);
    type('Type Harbour to confirm', 'Harbour');
    fireEvent.click(button);
    await waitFor(() => expect(scene.asked('kb.delete')).toEqual([{ id: 'k2' }]));
  });

  it('keeps the page, with a word about it, while the backend is away for a moment', () => {
    scene.show();
    scene.stack('degraded');
    expect(screen.getByText(/The backend is away right now/)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Title a' })).toBeTruthy();
    scene.stack('stopped');
    expect(screen.getByText('The stack is not running')).toBeTruthy();
  });
});
