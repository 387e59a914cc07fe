/** The documents of a knowledge base: added, followed, found, opened and deleted. */
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documentInfo } from '../../../../tests/unit/document-info.ts';
import { type } from '../../app/backend-scene.ts';
import { type KnowledgeScene, kb, ok, openKnowledge, refused } from './knowledge-scene.tsx';
import { useKnowledge } from './knowledge-store.ts';

let scene: KnowledgeScene;
beforeEach(() => {
  scene = openKnowledge();
});
afterEach(() => scene.end());

const rowOf = (title: string): HTMLElement => {
  const row = screen.getByRole('button', { name: title }).closest('tr');
  if (row === null) throw new Error(`no row of ${title}`);
  return row;
};

describe('documents', () => {
  it('leads on while there are none', async () => {
    const files = [{ token: 't1', name: 'a.md', bytes: 1 }];
    scene.scripted.answer('documents.samples', () => ({ ok: true, value: { files } }));
    scene.scripted.answer('documents.ingest', () => ({ ok: true, value: { operationId: 'o1' } }));
    scene.show([]);
    fireEvent.click(screen.getByRole('button', { name: 'Add samples' }));
    await waitFor(() => expect(scene.asked('documents.ingest')).toEqual([{ tokens: ['t1'], kb: 'k1' }]));
  });

  it('takes dropped files into the one that is shown', async () => {
    scene.scripted.offer([{ token: 't9', name: 'b.md', bytes: 1 }]);
    scene.scripted.answer('documents.ingest', () => ({ ok: true, value: { operationId: 'o1' } }));
    useKnowledge.setState({ kbId: 'k2' });
    scene.show();
    fireEvent.drop(screen.getByRole('heading', { name: 'Harbour' }), {
      dataTransfer: { types: ['Files'], files: [new File(['x'], 'b.md')] },
    });
    await waitFor(() => expect(scene.asked('documents.ingest')).toEqual([{ tokens: ['t9'], kb: 'k2' }]));
  });

  it('tells how far each is, how long it takes, what it replaces, and why one failed', async () => {
    scene.scripted.answer('documents.retry', () => ok);
    scene.scripted.answer('documents.cancel', () => ok);
    scene.show([
      documentInfo('a', { state: 'embedding', progress: 0.42, remainingMs: 65_000, chunks: 0 }),
      documentInfo('b', { state: 'embedding', progress: 0.1 }),
      documentInfo('c', { state: 'failed', chunks: 0, error: { code: 'pdf-corrupt', message: 'The PDF is damaged.' } }),
      documentInfo('d', { notices: [{ code: 'rows-capped', message: 'Only the first 50,000 rows were read.' }] }),
    ]);
    expect(rowOf('Title a').textContent).toContain('Computing vectors42 %, 1 min 5 s left');
    expect(rowOf('Title a').textContent).not.toContain('replaces');
    expect(rowOf('Title b').textContent).toContain('10 %, replaces the version before');
    expect(rowOf('Title c').textContent).toContain('The PDF is damaged.');
    expect(rowOf('Title d').textContent).toContain('Only the first 50,000 rows were read.');
    fireEvent.click(screen.getByRole('button', { name: 'Retry Title c' }));
    fireEvent.click(screen.getByRole('button', { name: 'Cancel reading in Title a' }));
    await waitFor(() => expect(scene.asked('documents.cancel')).toEqual([{ id: 'a' }]));
    expect(scene.asked('documents.retry')).toEqual([{ id: 'c' }]);
  });

  it('finds by name and by state', async () => {
    scene.show([documentInfo('tides'), documentInfo('berths', { state: 'failed' })]);
    fireEvent.click(screen.getByRole('radio', { name: /^Failed/ }));
    expect(screen.queryByRole('button', { name: 'Title tides' })).toBeNull();
    expect(screen.getByRole('button', { name: 'Title berths' })).toBeTruthy();
    type('Search names and tags', 'tides');
    fireEvent.click(await screen.findByRole('button', { name: 'Show all' }));
    expect(screen.getByRole('button', { name: 'Title tides' })).toBeTruthy();
  });

  it('draws a few rows of ten thousand, and arrows move from one to the next', () => {
    scene.show(
      Array.from({ length: 10_000 }, (_, n) => documentInfo(String(n).padStart(5, '0'), { updatedAtMs: 10_000 - n })),
    );
    const rows = screen.getAllByRole('row');
    expect(rows.length).toBeLessThan(60);
    expect(screen.getByRole('table', { name: 'Documents' }).getAttribute('aria-rowcount')).toBe('10001');
    const first = rowOf('Title 00000');
    first.focus();
    fireEvent.keyDown(first, { key: 'ArrowDown' });
    expect(window.document.activeElement).toBe(rowOf('Title 00001'));
  });

  it('deletes the chosen ones with one question that counts the passages', async () => {
    scene.scripted.answer('documents.delete', () => ok);
    scene.show([documentInfo('a'), documentInfo('b'), documentInfo('c')]);
    const row = rowOf('Title a');
    row.focus();
    fireEvent.keyDown(row, { key: ' ' });
    fireEvent.click(screen.getByRole('checkbox', { name: 'Choose Title b' }));
    const chosen = screen.getByRole('region', { name: 'Chosen documents' });
    expect(chosen.textContent).toContain('2 documents chosen');
    fireEvent.click(within(chosen).getByRole('button', { name: 'Delete' }));
    const dialog = await screen.findByRole('alertdialog');
    expect(dialog.textContent).toContain('Delete 2 documents?');
    expect(dialog.textContent).toContain('14 passages');
    fireEvent.click(within(dialog).getByRole('button', { name: 'Delete' }));
    await waitFor(() => expect(scene.asked('documents.delete')).toEqual([{ id: 'a' }, { id: 'b' }]));
    expect(screen.queryByRole('region', { name: 'Chosen documents' })).toBeNull();
  });

  it('stops at the first that is refused, and goes on with the rest when asked to', async () => {
    let calls = 0;
    scene.scripted.answer('documents.delete', () => {
      calls += 1;
      return calls === 1
        ? { ok: false, problem: { ...refused, title: 'Not now', remedies: [{ action: 'retry', label: 'Try again' }] } }
        : ok;
    });
    scene.show([documentInfo('a')]);
    fireEvent.click(screen.getByRole('button', { name: 'Delete Title a' }));
    fireEvent.click(within(await screen.findByRole('alertdialog')).getByRole('button', { name: 'Delete' }));
    await screen.findByText('Not now');
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(scene.asked('documents.delete')).toEqual([{ id: 'a' }, { id: 'a' }]));
    await waitFor(() => expect(screen.queryByText('Not now')).toBeNull());
  });

  it('opens one with its facts, tags and passages', async () => {
    const chunk = { id: 'c1', no: 0, text: 'The pilot is called at dusk.', tokens: 9, page: 2, headingPath: ['Night'] };
    scene.scripted.answer('documents.chunks', ({ from }) => ({
      ok: true,
      value:
        from === 0
          ? { chunks: [chunk], next: 1 }
          : { chunks: [{ ...chunk, id: 'c2', no: 1, text: 'And at dawn.' }], next: null },
    }));
    scene.scripted.answer('documents.change', (input) => ({
      ok: true,
      value: documentInfo('a', { tags: input.tags ?? [] }),
    }));
    scene.show([documentInfo('a', { tags: ['night'] })]);
    fireEvent.click(screen.getByRole('button', { name: 'Title a' }));
    const drawer = await screen.findByRole('dialog', { name: 'Title a' });
    await within(drawer).findByText('The pilot is called at dusk.');
    expect(drawer.textContent).toContain('page 2 › Night');
    fireEvent.click(within(drawer).getByRole('button', { name: /Show more/ }));
    await within(drawer).findByText('And at dawn.');
    type('New tag', 'pilots');
    fireEvent.click(within(drawer).getByRole('button', { name: 'Add' }));
    await waitFor(() => expect(scene.asked('documents.change')).toEqual([{ id: 'a', tags: ['night', 'pilots'] }]));
  });

  it('says what one that waits is waiting for, and that nobody need do anything', async () => {
    const error = { code: 'vector-store-unavailable', message: 'The vector store does not answer.' };
    scene.scripted.answer('documents.chunks', () => ({ ok: true, value: { chunks: [], next: null } }));
    scene.show([documentInfo('a', { state: 'queued', chunks: 0, error })]);
    expect(rowOf('Title a').textContent).toContain('WaitingThe vector store does not answer.');
    fireEvent.click(screen.getByRole('button', { name: 'Title a' }));
    const drawer = await screen.findByRole('dialog', { name: 'Title a' });
    expect(drawer.textContent).toContain('The vector store does not answer. It goes on by itself.');
  });

  it('has nothing to press for someone who may only read', () => {
    scene.show([documentInfo('a', { state: 'failed', chunks: 0 })], [kb({ access: 'reader' })]);
    expect(screen.getByText(/shared with you to be read/)).toBeTruthy();
    for (const name of ['Add files', 'Retry Title a', 'Delete Title a', 'More about default'])
      expect(screen.queryByRole('button', { name })).toBeNull();
  });
});
