/** Which knowledge base the page shows, and what of it: kept while the person looks at other pages. */
import { create } from 'zustand';

export const knowledgeTabs = ['documents', 'sources'] as const;
export type KnowledgeTab = (typeof knowledgeTabs)[number];

export const useKnowledge = create<{ readonly kbId: string | null; readonly tab: KnowledgeTab }>(() => ({
  kbId: null,
  tab: 'documents',
}));

export function showKb(kbId: string): void {
  useKnowledge.setState({ kbId });
}

export function showTab(tab: KnowledgeTab): void {
  useKnowledge.setState({ tab });
}
