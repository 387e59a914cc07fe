/** What the page of the knowledge bases stands on in unit tests: two of them, a document, and the page itself. */
import { act, render } from '@testing-library/react';
import { vi } from 'vitest';
import { documentInfo } from '../../../../tests/unit/document-info.ts';
import type { DocumentInfo } from '../../../shared/model/chat.ts';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { giveSize, openScene, type Scene } from '../../app/backend-scene.ts';
import { KnowledgePage } from './knowledge-page.tsx';
import { useKnowledge } from './knowledge-store.ts';

/** The default knowledge base of the person. */
export const kb = (more: Partial<KnowledgeBase> = {}): KnowledgeBase => ({
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
/** Another one, with a document under way and one that failed. */
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
export const refused: Problem = {
  code: 'name-taken',
  title: 'There is already one of this name',
  cause: 'Choose another name.',
  evidence: [],
  remedies: [],
};
export const ok = { ok: true, value: {} } as const;

export interface KnowledgeScene extends Scene {
  /** Draws the page, with a stack that is healthy. */
  readonly show: (documents?: DocumentInfo[], kbs?: KnowledgeBase[]) => void;
}

export function openKnowledge(): KnowledgeScene {
  giveSize();
  const scene = openScene();
  return {
    ...scene,
    show: (documents = [documentInfo('a')], kbs = [kb(), harbour]) => {
      render(<KnowledgePage />);
      scene.stack('healthy');
      act(() => scene.scripted.send('kb.watch', { kbs }));
      act(() => scene.scripted.send('documents.watch', { documents }));
    },
    end: () => {
      scene.end();
      vi.restoreAllMocks();
      useKnowledge.setState({ kbId: null, tab: 'documents' });
    },
  };
}
