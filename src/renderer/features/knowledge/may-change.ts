/** What access to a knowledge base allows. */
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';

/** Whether the person may add to it and take from it. */
export function mayChange({ access }: Pick<KnowledgeBase, 'access'>): boolean {
  return access !== 'reader';
}
