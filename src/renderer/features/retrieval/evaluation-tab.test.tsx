/** Evaluation: sets of questions, runs over them, and the figures of a run. */
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EvalItem, EvalRun, EvalSet } from '../../../shared/model/evaluation.ts';
import { type } from '../../app/backend-scene.ts';
import { openRetrieval, type RetrievalScene, set } from './retrieval-scene.tsx';

let scene: RetrievalScene;
beforeEach(() => {
  scene = openRetrieval();
});
afterEach(() => scene.end());

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
    scene.show('evaluation');
  }

  it('says what a run that waits is waiting for', async () => {
    const error = { code: 'embedding-unavailable', message: 'The embedding service does not answer.' };
    showSets([set], [runOf('r1', 0, { state: 'queued', progress: 0, error })]);
    const underWay = await screen.findByRole('region', { name: 'Evaluation under way' });
    expect(underWay.textContent).toContain('The embedding service does not answer. It goes on by itself.');
  });

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
