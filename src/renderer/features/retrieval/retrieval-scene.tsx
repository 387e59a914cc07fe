/** What the tabs of the retrieval page stand on in unit tests: two knowledge bases, a set of questions, and the page itself. */
import { act, render } from '@testing-library/react';
import { vi } from 'vitest';
import type { EvalSet } from '../../../shared/model/evaluation.ts';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { giveSize, openScene, type Scene } from '../../app/backend-scene.ts';
import { useEval } from './eval-store.ts';
import { RetrievalPage } from './retrieval-page.tsx';
import { type RetrievalTab, useRetrieval } from './retrieval-store.ts';

/** A knowledge base of the person; `k1` is the default one. */
export const kb = (id: string, name: string, more: Partial<KnowledgeBase> = {}): KnowledgeBase => ({
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
/** The set of the samples. */
export const set: EvalSet = {
  id: 'e1',
  name: 'Samples',
  description: '',
  items: 3,
  answerable: 2,
  unanswerable: 1,
  updatedAtMs: 1,
};

export interface RetrievalScene extends Scene {
  /** Draws the page at a tab, with a stack that is healthy. */
  readonly show: (tab: RetrievalTab, kbs?: KnowledgeBase[]) => void;
}

const untouched = { retrieval: useRetrieval.getState(), evaluation: useEval.getState() };

export function openRetrieval(): RetrievalScene {
  giveSize();
  const scene = openScene();
  return {
    ...scene,
    show: (tab, kbs = [kb('k1', 'default'), kb('k2', 'Harbour')]) => {
      useRetrieval.setState({ tab });
      render(<RetrievalPage />);
      scene.stack('healthy');
      act(() => scene.scripted.send('kb.watch', { kbs }));
    },
    end: () => {
      scene.end();
      vi.restoreAllMocks();
      useRetrieval.setState(untouched.retrieval);
      useEval.setState(untouched.evaluation);
    },
  };
}
