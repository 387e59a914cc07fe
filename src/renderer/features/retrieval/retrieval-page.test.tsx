import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EvalItem, EvalRun, EvalSet } from '../../../shared/model/evaluation.ts';
import type {
  EmbeddingState,
  KnowledgeBase,
  SearchAnswer,
  SearchHit,
  SearchMode,
} from '../../../shared/model/knowledge.ts';
import { openScene, type Scene } from '../../app/backend-scene.ts';
import { useEval } from './eval-store.ts';
import { RetrievalPage } from './retrieval-page.tsx';
import { type RetrievalTab, useRetrieval } from './retrieval-store.ts';

const kb = (id: string, name: string, more: Partial<KnowledgeBase> = {}): KnowledgeBase => ({
  id,
  name,
  description: '',
  isDefault: id === 'k1',
  access: 'owner',
  documents: 4,
  pending: 0,
  failed: 0,
  chunks: 40,
  bytes: 1,
  sources: 0,
  lastSyncAtMs: null,
  ...more,
});
const hit = (id: string, scores: SearchHit['scores'], more: Partial<SearchHit> = {}): SearchHit => ({
  chunkId: id,
  documentId: 'd1',
  title: `Title ${id}`,
  sourceName: 'harbour.md',
  page: null,
  headingPath: ['Rules', 'Night shift'],
  text: 'Pilots are called at dusk.',
  scores,
  ...more,
});
const answerOf = (mode: SearchMode, hits: SearchHit[]): SearchAnswer => ({
  mode,
  hits,
  timings: { embedMs: 3.2, qdrantMs: 5.1, hydrateMs: 1.4, totalMs: 9.9 },
  embeddingProfile: 'minilm',
});
const both = answerOf('hybrid', [
  hit('c1', { fused: 0.0328, dense: 0.712, bm25: 12.3 }),
  hit('c2', { fused: 0.0164, dense: null, bm25: 6.15 }, { headingPath: [], page: 7 }),
]);

// Roles are looked up by walking the page: slow where the machine has other work.
vi.setConfig({ testTimeout: 20_000 });

let scene: Scene;
beforeEach(() => {
  // A list that draws only what is in sight has to have a size.
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(900);
  scene = openScene();
});
const untouched = { retrieval: useRetrieval.getState(), evaluation: useEval.getState() };
afterEach(() => {
  scene.end();
  vi.restoreAllMocks();
  useRetrieval.setState(untouched.retrieval);
  useEval.setState(untouched.evaluation);
});

function show(tab: RetrievalTab, kbs: KnowledgeBase[] = [kb('k1', 'default'), kb('k2', 'Harbour')]): void {
  useRetrieval.setState({ tab });
  render(<RetrievalPage />);
  scene.stack('healthy');
  act(() => scene.scripted.send('kb.watch', { kbs }));
}
const type = (name: string, value: string): void => {
  fireEvent.change(screen.getByRole('textbox', { name }), { target: { value } });
};
const search = (query: string): void => {
  type('What to search for', query);
  fireEvent.click(screen.getByRole('button', { name: 'Search' }));
};

describe('the bench', () => {
  it('leads to Knowledge while there is nothing to search', () => {
    show('bench', [kb('k1', 'default', { documents: 0, chunks: 0 })]);
    expect(screen.getByRole('button', { name: 'Go to Knowledge' })).toBeTruthy();
  });

  it('shows the passages in order, with the score of each way and the times, and no percent', async () => {
    scene.scripted.answer('search.run', () => ({ ok: true, value: both }));
    show('bench');
    search('who calls the pilot');
    const [first, second] = within(await screen.findByRole('list', { name: 'Passages found' })).getAllByRole(
      'listitem',
    );
    expect(scene.asked('search.run')).toEqual([{ query: 'who calls the pilot', mode: 'hybrid', topK: 10 }]);
    expect(first?.textContent).toContain('Rules › Night shift');
    expect(first?.textContent).toContain('Meaning cosine0.712');
    expect(first?.textContent).toContain('Words BM2512.30');
    expect(first?.textContent).toContain('Order fused0.0328');
    expect(second?.textContent).toContain('Meaning cosinenot found this way');
    expect(second?.textContent).toContain('page 7');
    expect(first?.querySelectorAll('mark')).toHaveLength(2);
    const results = screen.getByRole('region', { name: 'Results' });
    expect(results.textContent).toContain('2 passages in 9.9 ms');
    expect(results.textContent).toContain('Embedding3.2 ms');
    expect(results.textContent).toContain('Qdrant5.1 ms');
    expect(results.textContent).not.toContain('%');
  });

  it('searches again at once with another setting', async () => {
    scene.scripted.answer('search.run', ({ mode }) => ({ ok: true, value: { ...both, mode: mode ?? 'hybrid' } }));
    show('bench');
    search('pilot');
    await screen.findByRole('list', { name: 'Passages found' });
    fireEvent.click(screen.getByRole('radio', { name: /By words/ }));
    await waitFor(() => expect(scene.asked('search.run')).toHaveLength(2));
    fireEvent.click(screen.getByRole('button', { name: 'Knowledge bases: default' }));
    fireEvent.click(await screen.findByRole('menuitemcheckbox', { name: /Harbour/ }));
    await waitFor(() =>
      expect(scene.asked('search.run').at(-1)).toEqual({ query: 'pilot', mode: 'bm25', topK: 10, kbs: ['k1', 'k2'] }),
    );
  });

  it('sets the three ways side by side and says where each passage stands in the others', async () => {
    scene.scripted.answer('search.run', ({ mode = 'hybrid' }) => ({
      ok: true,
      value: answerOf(mode, mode === 'bm25' ? both.hits.slice(1) : both.hits),
    }));
    show('bench');
    fireEvent.click(screen.getByRole('radio', { name: 'Side by side' }));
    search('pilot');
    const column = await screen.findByRole('region', { name: 'By words' });
    expect(within(column).getByRole('listitem').textContent).toContain('Both together: place 2 · By meaning: place 2');
    const meaning = screen.getByRole('region', { name: 'By meaning' });
    expect(within(meaning).getAllByRole('listitem')[0]?.textContent).toContain('By words: not found');
    expect(scene.asked('search.run').map((input) => (input as { mode: string }).mode)).toEqual([
      'hybrid',
      'dense',
      'bm25',
    ]);
  });

  it('opens a passage in its place', async () => {
    scene.scripted.answer('search.run', () => ({ ok: true, value: both }));
    scene.scripted.answer(
      'documents.passage',
      ({ chunkId }) =>
        ({
          ok: true,
          value: {
            ...hit(chunkId, { fused: 1, dense: 1, bm25: 1 }),
            before: 'before it',
            after: 'after it',
            scores: undefined,
          },
        }) as never,
    );
    show('bench');
    search('pilot');
    fireEvent.click(await screen.findByRole('button', { name: 'Open passage 1' }));
    await screen.findByText('before it');
    expect(scene.asked('documents.passage')).toEqual([{ chunkId: 'c1' }]);
  });

  it('keeps the reason of a refusal, and tries again', async () => {
    scene.scripted.answer('search.run', () => ({
      ok: false,
      problem: {
        code: 'x',
        title: 'The vector store does not answer',
        cause: '',
        evidence: [],
        remedies: [{ action: 'retry', label: 'Try again' }],
      },
    }));
    show('bench');
    search('pilot');
    await screen.findByText('The vector store does not answer');
    scene.scripted.answer('search.run', () => ({ ok: true, value: both }));
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByRole('list', { name: 'Passages found' });
    expect(screen.queryByText('The vector store does not answer')).toBeNull();
  });

  it('keeps a search as a question with the section that answers it', async () => {
    const held: EvalItem = { question: 'old', expected: [], answerable: false };
    scene.scripted.answer('search.run', () => ({ ok: true, value: both }));
    scene.scripted.answer('eval.sets', () => ({ ok: true, value: { sets: [set] } }));
    scene.scripted.answer('eval.set', () => ({ ok: true, value: { set, items: [held] } }));
    scene.scripted.answer('eval.saveSet', () => ({ ok: true, value: set }));
    show('bench');
    search('who calls the pilot');
    fireEvent.click(await screen.findByRole('button', { name: 'Keep as question with passage 1' }));
    const dialog = await screen.findByRole('dialog', { name: 'Keep as question' });
    await waitFor(() =>
      expect((within(dialog).getByRole('combobox', { name: 'Set' }) as HTMLSelectElement).value).toBe('e1'),
    );
    fireEvent.click(within(dialog).getByRole('button', { name: 'Keep' }));
    await waitFor(() =>
      expect(scene.asked('eval.saveSet')).toEqual([
        {
          id: 'e1',
          name: 'Samples',
          description: '',
          items: [
            held,
            {
              question: 'who calls the pilot',
              answerable: true,
              expected: [{ source: 'harbour.md', heading: 'Night shift' }],
            },
          ],
        },
      ]),
    );
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  });
});

const set: EvalSet = {
  id: 'e1',
  name: 'Samples',
  description: '',
  items: 3,
  answerable: 2,
  unanswerable: 1,
  updatedAtMs: 1,
};
const runOf = (id: string, value: number, more: Partial<EvalRun> = {}): EvalRun => ({
  id,
  setId: 'e1',
  setName: 'Samples',
  state: 'done',
  progress: 1,
  error: null,
  topK: 10,
  questions: 3,
  startedAtMs: 1,
  endedAtMs: 4001,
  modes: (['hybrid', 'dense', 'bm25'] as const).map((mode) => ({
    mode,
    metrics: [{ name: 'ndcg@10', value, low: value - 0.1, high: value + 0.05 }],
    p50Ms: 8,
    p95Ms: 21,
  })),
  abstention: { unanswerable: 1, abstained: 1, answerable: 2, wronglyAbstained: 1 },
  items: [
    {
      question: 'Who calls the pilot?',
      answerable: true,
      abstained: false,
      ranks: { hybrid: 1, dense: 3, bm25: null },
      top: [],
    },
    {
      question: 'When is high tide?',
      answerable: true,
      abstained: true,
      ranks: { hybrid: null, dense: null, bm25: null },
      top: [],
    },
    {
      question: 'Who won in 1974?',
      answerable: false,
      abstained: true,
      ranks: { hybrid: null, dense: null, bm25: null },
      top: [],
    },
  ],
  ...more,
});
const summaryOf = ({ items: _items, ...summary }: EvalRun) => summary;

describe('evaluation', () => {
  function showSets(sets: EvalSet[], runs: EvalRun[] = []): void {
    scene.scripted.answer('eval.sets', () => ({ ok: true, value: { sets } }));
    scene.scripted.answer('eval.runs', () => ({ ok: true, value: { runs: runs.map(summaryOf) } }));
    scene.scripted.answer('eval.result', ({ id }) => ({
      ok: true,
      value: runs.find((run) => run.id === id) ?? runOf(id, 0),
    }));
    show('evaluation');
  }

  it('begins with the set of the samples', async () => {
    scene.scripted.answer('eval.addSamples', () => {
      scene.scripted.answer('eval.sets', () => ({ ok: true, value: { sets: [set] } }));
      return { ok: true, value: set };
    });
    showSets([]);
    fireEvent.click(await screen.findByRole('button', { name: 'Add the samples’ set' }));
    await screen.findByRole('heading', { name: 'Samples' });
    expect(screen.getByText('3 questions, 1 of them not answered by the documents')).toBeTruthy();
    expect(screen.getByText('Not run yet')).toBeTruthy();
  });

  it('runs, follows the run, and shows its figures when it is done', async () => {
    const running = runOf('r1', 0, { state: 'running', progress: 0.5, modes: [], abstention: null, items: [] });
    scene.scripted.answer('eval.run', () => {
      scene.scripted.answer('eval.runs', () => ({ ok: true, value: { runs: [summaryOf(running)] } }));
      return { ok: true, value: { operationId: 'o1', runId: 'r1' } };
    });
    showSets([set]);
    fireEvent.click(await screen.findByRole('button', { name: 'Run' }));
    const bar = await screen.findByRole('region', { name: 'Evaluation under way' });
    expect(bar.textContent).toContain('2 of 3 questions asked');
    expect(scene.asked('eval.run')).toEqual([{ setId: 'e1' }]);
    const done = runOf('r1', 0.9);
    scene.scripted.answer('eval.runs', () => ({ ok: true, value: { runs: [summaryOf(done)] } }));
    scene.scripted.answer('eval.result', () => ({ ok: true, value: done }));
    await screen.findByRole('table', { name: /Figures of each way/ });
    expect(screen.queryByRole('region', { name: 'Evaluation under way' })).toBeNull();
  });

  it('shows figures with their intervals, what was left unanswered, and the change from an earlier run', async () => {
    showSets([set], [runOf('r2', 0.9), runOf('r1', 0.8)]);
    const table = await screen.findByRole('table', { name: /Figures of each way/ });
    expect(table.textContent).toContain('0.900');
    expect(table.textContent).toContain('0.80 to 0.95');
    expect(screen.getByText(/questions that the documents do not answer/).parentElement?.textContent).toContain(
      '1 of 1',
    );
    fireEvent.change(screen.getByRole('combobox', { name: 'Compare with' }), { target: { value: 'r1' } });
    expect(table.textContent).toContain('+0.100');
  });

  it('finds the questions that went wrong', async () => {
    showSets([set], [runOf('r1', 0.9)]);
    const questions = await screen.findByRole('table', { name: 'Questions' });
    const first = within(questions).getByRole('button', { name: 'Who calls the pilot?' }).closest('tr');
    expect(first?.textContent).toContain('Found first');
    expect(first?.textContent).toMatch(/13not found$/);
    fireEvent.click(screen.getByRole('radio', { name: /^Missed/ }));
    expect(
      within(questions)
        .getAllByRole('button')
        .map(({ textContent }) => textContent),
    ).toEqual(['When is high tide?']);
    fireEvent.click(screen.getByRole('radio', { name: /^Wrongly not answered/ }));
    expect(within(questions).getAllByRole('row')).toHaveLength(2);
  });

  it('edits questions: an incomplete one cannot be saved', async () => {
    const items: EvalItem[] = [
      { question: 'Who calls the pilot?', expected: [{ source: 'harbour.md' }], answerable: true },
    ];
    scene.scripted.answer('eval.set', () => ({ ok: true, value: { set, items } }));
    scene.scripted.answer('eval.saveSet', () => ({ ok: true, value: set }));
    showSets([set]);
    fireEvent.click(await screen.findByRole('button', { name: 'More about Samples' }));
    fireEvent.click(await screen.findByRole('menuitem', { name: 'Edit the questions' }));
    await screen.findByText('Who calls the pilot?');
    fireEvent.click(screen.getByRole('button', { name: 'Add question' }));
    const save = screen.getByRole('button', { name: 'Save' }) as HTMLButtonElement;
    expect(save.disabled).toBe(true);
    expect(screen.getByText('1 question not complete yet')).toBeTruthy();
    type('Question', 'Who won in 1974?');
    fireEvent.click(screen.getByRole('radio', { name: 'They do not' }));
    expect(save.disabled).toBe(false);
    fireEvent.click(save);
    await waitFor(() =>
      expect(scene.asked('eval.saveSet')).toEqual([
        {
          id: 'e1',
          name: 'Samples',
          description: '',
          items: [{ question: 'Who won in 1974?', expected: [], answerable: false }, items[0]],
        },
      ]),
    );
    await screen.findByRole('heading', { name: 'Samples' });
  });
});

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
    show('embedding');
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
