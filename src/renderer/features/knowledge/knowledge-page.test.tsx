import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DocumentInfo } from '../../../shared/model/chat.ts';
import type { KnowledgeBase, Source } from '../../../shared/model/knowledge.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { openScene, type Scene } from '../../app/backend-scene.ts';
import { KnowledgePage } from './knowledge-page.tsx';
import { useKnowledge } from './knowledge-store.ts';

const kb = (more: Partial<KnowledgeBase> = {}): KnowledgeBase => ({
  id: 'k1',
  name: 'default',
  description: '',
  isDefault: true,
  access: 'owner',
  documents: 2,
  pending: 0,
  failed: 0,
  chunks: 14,
  bytes: 2048,
  sources: 0,
  lastSyncAtMs: null,
  ...more,
});
const harbour = kb({
  id: 'k2',
  name: 'Harbour',
  isDefault: false,
  documents: 3,
  chunks: 40,
  sources: 1,
  pending: 1,
  failed: 1,
});
const document = (id: string, more: Partial<DocumentInfo> = {}): DocumentInfo => ({
  id,
  title: `Title ${id}`,
  sourceName: `${id}.md`,
  mime: 'text/markdown',
  bytes: 2048,
  chunks: 7,
  pages: null,
  state: 'ready',
  progress: 1,
  error: null,
  kbId: 'k1',
  tags: [],
  notices: [],
  remainingMs: null,
  sourceId: null,
  createdAtMs: 1,
  updatedAtMs: 1,
  ...more,
});
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
const refused: Problem = {
  code: 'name-taken',
  title: 'There is already one of this name',
  cause: 'Choose another name.',
  evidence: [],
  remedies: [],
};

// Roles are looked up by walking the page: slow where the machine has other work.
vi.setConfig({ testTimeout: 20_000 });

let scene: Scene;
beforeEach(() => {
  // A list that draws only what is in sight has to have a size.
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(900);
  scene = openScene();
});
afterEach(() => {
  scene.end();
  vi.restoreAllMocks();
  useKnowledge.setState({ kbId: null, tab: 'documents' });
});

function show(documents: DocumentInfo[] = [document('a')], kbs: KnowledgeBase[] = [kb(), harbour]): void {
  render(<KnowledgePage />);
  scene.stack('healthy');
  act(() => scene.scripted.send('kb.watch', { kbs }));
  act(() => scene.scripted.send('documents.watch', { documents }));
}
const ok = { ok: true, value: {} } as const;
const rowOf = (title: string): HTMLElement => {
  const row = screen.getByRole('button', { name: title }).closest('tr');
  if (row === null) throw new Error(`no row of ${title}`);
  return row;
};
const type = (name: string, value: string): void => {
  fireEvent.change(screen.getByRole('textbox', { name }), { target: { value } });
};

describe('knowledge bases', () => {
  it('says what each holds, and that something is under way or failed in it', () => {
    show();
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
    show();
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
    show();
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
    show();
    scene.stack('degraded');
    expect(screen.getByText(/The backend is away right now/)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Title a' })).toBeTruthy();
    scene.stack('stopped');
    expect(screen.getByText('The stack is not running')).toBeTruthy();
  });
});

describe('documents', () => {
  it('leads on while there are none', async () => {
    const files = [{ token: 't1', name: 'a.md', bytes: 1 }];
    scene.scripted.answer('documents.samples', () => ({ ok: true, value: { files } }));
    scene.scripted.answer('documents.ingest', () => ({ ok: true, value: { operationId: 'o1' } }));
    show([]);
    fireEvent.click(screen.getByRole('button', { name: 'Add samples' }));
    await waitFor(() => expect(scene.asked('documents.ingest')).toEqual([{ tokens: ['t1'], kb: 'k1' }]));
  });

  it('takes dropped files into the one that is shown', async () => {
    scene.scripted.offer([{ token: 't9', name: 'b.md', bytes: 1 }]);
    scene.scripted.answer('documents.ingest', () => ({ ok: true, value: { operationId: 'o1' } }));
    useKnowledge.setState({ kbId: 'k2' });
    show();
    fireEvent.drop(screen.getByRole('heading', { name: 'Harbour' }), {
      dataTransfer: { types: ['Files'], files: [new File(['x'], 'b.md')] },
    });
    await waitFor(() => expect(scene.asked('documents.ingest')).toEqual([{ tokens: ['t9'], kb: 'k2' }]));
  });

  it('tells how far each is, how long it takes, what it replaces, and why one failed', async () => {
    scene.scripted.answer('documents.retry', () => ok);
    scene.scripted.answer('documents.cancel', () => ok);
    show([
      document('a', { state: 'embedding', progress: 0.42, remainingMs: 65_000, chunks: 0 }),
      document('b', { state: 'embedding', progress: 0.1 }),
      document('c', { state: 'failed', chunks: 0, error: { code: 'pdf-corrupt', message: 'The PDF is damaged.' } }),
      document('d', { notices: [{ code: 'rows-capped', message: 'Only the first 50,000 rows were read.' }] }),
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
    show([document('tides'), document('berths', { state: 'failed' })]);
    fireEvent.click(screen.getByRole('radio', { name: /^Failed/ }));
    expect(screen.queryByRole('button', { name: 'Title tides' })).toBeNull();
    expect(screen.getByRole('button', { name: 'Title berths' })).toBeTruthy();
    type('Search names and tags', 'tides');
    fireEvent.click(await screen.findByRole('button', { name: 'Show all' }));
    expect(screen.getByRole('button', { name: 'Title tides' })).toBeTruthy();
  });

  it('draws a few rows of ten thousand, and arrows move from one to the next', () => {
    show(Array.from({ length: 10_000 }, (_, n) => document(String(n).padStart(5, '0'), { updatedAtMs: 10_000 - n })));
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
    show([document('a'), document('b'), document('c')]);
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
    show([document('a')]);
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
      value: document('a', { tags: input.tags ?? [] }),
    }));
    show([document('a', { tags: ['night'] })]);
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

  it('has nothing to press for someone who may only read', () => {
    show([document('a', { state: 'failed', chunks: 0 })], [kb({ access: 'reader' })]);
    expect(screen.getByText(/shared with you to be read/)).toBeTruthy();
    for (const name of ['Add files', 'Retry Title a', 'Delete Title a', 'More about default'])
      expect(screen.queryByRole('button', { name })).toBeNull();
  });
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
