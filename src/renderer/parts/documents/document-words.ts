/** A document's state and facts in words. */

import { formatBytes } from '../../../shared/model/bytes.ts';
import type { DocumentInfo } from '../../../shared/model/chat.ts';
import type { Operation } from '../../../shared/model/operation.ts';
import { count } from '../../ui/format.ts';
import type { Said } from '../../ui/words.ts';

const states: Readonly<Record<DocumentInfo['state'], Said>> = {
  queued: { word: 'Waiting', tone: 'idle' },
  extracting: { word: 'Reading the text', tone: 'busy' },
  chunking: { word: 'Cutting into passages', tone: 'busy' },
  embedding: { word: 'Computing vectors', tone: 'busy' },
  indexing: { word: 'Writing the index', tone: 'busy' },
  ready: { word: 'Ready', tone: 'good' },
  failed: { word: 'Could not be added', tone: 'bad' },
  deleting: { word: 'Being deleted', tone: 'busy' },
};

export function documentSaid(document: Pick<DocumentInfo, 'state'>): Said {
  return states[document.state];
}

/** "12 pages, 48 passages, 1.2 MB" */
export function documentFacts(document: DocumentInfo): string {
  return [
    document.pages === null ? null : count(document.pages, 'page'),
    document.chunks === 0 ? null : count(document.chunks, 'passage'),
    formatBytes(document.bytes),
  ]
    .filter((part) => part !== null)
    .join(', ');
}

/** Ingests to show beside the documents: all under way, and the newest ended one while it holds failures not put away. */
export function ingestsToShow(operations: readonly Operation[] | null, dismissed: ReadonlySet<string>): Operation[] {
  const ingests = operations?.filter((operation) => operation.kind === 'ingest') ?? [];
  const running = ingests.filter((operation) => operation.state === 'running');
  const [newest] = ingests;
  const failed =
    newest !== undefined &&
    newest.state !== 'running' &&
    !dismissed.has(newest.id) &&
    newest.steps.some((step) => step.state === 'failed');
  return failed && newest !== undefined ? [newest, ...running] : running;
}
