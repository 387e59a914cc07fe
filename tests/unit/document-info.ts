/** A document as the window has it, for unit tests: read in, in the default knowledge base. */
import type { DocumentInfo } from '../../src/shared/model/chat.ts';

export const documentInfo = (id: string, change: Partial<DocumentInfo> = {}): DocumentInfo => ({
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
  ...change,
});
