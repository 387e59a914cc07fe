/** The embedding model: what a change means, how far it is, and the way back. */
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddingState } from '../../../shared/model/knowledge.ts';
import { openRetrieval, type RetrievalScene } from './retrieval-scene.tsx';

let scene: RetrievalScene;
beforeEach(() => {
  scene = openRetrieval();
});
afterEach(() => scene.end());

describe('the embedding model', () => {
  const state: EmbeddingState = {
    active: { id: 'p1', model: 'all-MiniLM-L6-v2', dim: 384, maxTokens: 256, chunks: 1200 },
    models: [
      { model: 'all-MiniLM-L6-v2', dim: 384, maxTokens: 256, active: true },
      { model: 'bge-small', dim: 384, maxTokens: 512, active: false },
    ],
    change: null,
    undo: null,
  };
  function showModel(item: EmbeddingState): void {
    scene.show('embedding');
    act(() => scene.scripted.send('embedding.watch', item));
  }

  it('says what a change means before it begins', async () => {
    scene.scripted.answer('embedding.change', () => ({ ok: true, value: state }));
    showModel(state);
    fireEvent.click(screen.getByRole('button', { name: 'Change to bge-small' }));
    const dialog = await screen.findByRole('alertdialog');
    expect(dialog.textContent).toContain('8 documents with 1,200 passages');
    expect(dialog.textContent).toContain('go on asking');
    fireEvent.click(within(dialog).getByRole('button', { name: 'Change' }));
    await waitFor(() => expect(scene.asked('embedding.change')).toEqual([{ model: 'bge-small' }]));
  });

  it('shows how far it is, and can be cancelled', async () => {
    scene.scripted.answer('embedding.cancel', () => ({ ok: true, value: state }));
    showModel({
      ...state,
      change: {
        from: 'all-MiniLM-L6-v2',
        to: 'bge-small',
        state: 'building',
        progress: 0.4,
        documentsDone: 4,
        documentsTotal: 10,
        remainingMs: 65_000,
        error: { code: 'embedding-unavailable', message: 'The embedding service does not answer.' },
      },
    });
    // What held the last try up is no end.
    expect(
      screen.getByText('It was held up and is being tried again. The embedding service does not answer.'),
    ).toBeTruthy();
    expect(screen.queryByText(/did not come through/)).toBeNull();
    expect(screen.getByText('4 of 10 documents, 1 min 5 s left')).toBeTruthy();
    expect((screen.getByRole('button', { name: 'Change to bge-small' }) as HTMLButtonElement).disabled).toBe(true);
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    await waitFor(() => expect(scene.asked('embedding.cancel')).toEqual([{}]));
  });

  it('tells why one failed, and tries again; goes back after one that worked', async () => {
    scene.scripted.answer('embedding.change', () => ({ ok: true, value: state }));
    scene.scripted.answer('embedding.undo', () => ({ ok: true, value: state }));
    showModel({
      ...state,
      change: {
        from: 'a',
        to: 'bge-small',
        state: 'failed',
        progress: 0.4,
        documentsDone: 4,
        documentsTotal: 10,
        remainingMs: null,
        error: { code: 'embedding-unavailable', message: 'The embedding service does not answer.' },
      },
      undo: { model: 'old-model', untilMs: null },
    });
    expect(screen.getByText(/The embedding service does not answer/)).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(scene.asked('embedding.change')).toEqual([{ model: 'bge-small' }]));
    fireEvent.click(screen.getByRole('button', { name: 'Go back to old-model' }));
    await waitFor(() => expect(scene.asked('embedding.undo')).toEqual([{}]));
  });
});
