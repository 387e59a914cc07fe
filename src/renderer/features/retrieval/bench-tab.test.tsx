/** The bench: a search, its passages with the score of each way, and what a person does with them. */
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EvalItem } from '../../../shared/model/evaluation.ts';
import type { SearchAnswer, SearchHit, SearchMode } from '../../../shared/model/knowledge.ts';
import { type } from '../../app/backend-scene.ts';
import { kb, openRetrieval, type RetrievalScene, set } from './retrieval-scene.tsx';

let scene: RetrievalScene;
beforeEach(() => {
  scene = openRetrieval();
});
afterEach(() => scene.end());

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
const search = (query: string): void => {
  type('What to search for', query);
  fireEvent.click(screen.getByRole('button', { name: 'Search' }));
};

describe('the bench', () => {
  it('leads to Knowledge while there is nothing to search', () => {
    scene.show('bench', [kb('k1', 'default', { documents: 0, chunks: 0 })]);
    expect(screen.getByRole('button', { name: 'Go to Knowledge' })).toBeTruthy();
  });

  it('shows the passages in order, with the score of each way and the times, and no percent', async () => {
    scene.scripted.answer('search.run', () => ({ ok: true, value: both }));
    scene.show('bench');
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
    scene.show('bench');
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
    scene.show('bench');
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
    scene.show('bench');
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
    scene.show('bench');
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
    scene.show('bench');
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
