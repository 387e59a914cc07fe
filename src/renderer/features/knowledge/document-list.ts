/** Which documents are shown, and in which order: pure, and quick enough for 10,000 at each key pressed. */
import type { DocumentInfo } from '../../../shared/model/chat.ts';

export const documentGroups = ['all', 'ready', 'under-way', 'failed'] as const;
export type DocumentGroup = (typeof documentGroups)[number];

/** Where a document is on its way. Waiting and going away are under way, too. */
export function groupOf(state: DocumentInfo['state']): Exclude<DocumentGroup, 'all'> {
  if (state === 'ready' || state === 'failed') return state;
  return 'under-way';
}

export function groupCounts(documents: readonly DocumentInfo[]): Readonly<Record<DocumentGroup, number>> {
  const counts = { all: documents.length, ready: 0, 'under-way': 0, failed: 0 };
  for (const { state } of documents) counts[groupOf(state)] += 1;
  return counts;
}

export const sortKeys = ['title', 'size', 'passages', 'added', 'updated'] as const;
export type SortKey = (typeof sortKeys)[number];
export interface Sorting {
  readonly key: SortKey;
  readonly descending: boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
const compare: Readonly<Record<SortKey, (a: DocumentInfo, b: DocumentInfo) => number>> = {
  title: (a, b) => collator.compare(a.title, b.title),
  size: (a, b) => a.bytes - b.bytes,
  passages: (a, b) => a.chunks - b.chunks,
  added: (a, b) => a.createdAtMs - b.createdAtMs,
  updated: (a, b) => a.updatedAtMs - b.updatedAtMs,
};

/** Documents whose title, name or tags hold every typed word, of one group, in order; equal ones keep the order they came in. */
export function documentsToShow(
  documents: readonly DocumentInfo[],
  { query, group, sorting }: { readonly query: string; readonly group: DocumentGroup; readonly sorting: Sorting },
): DocumentInfo[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const found = documents.filter((document) => {
    if (group !== 'all' && groupOf(document.state) !== group) return false;
    if (words.length === 0) return true;
    const text = `${document.title}\n${document.sourceName}\n${document.tags.join('\n')}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const order = compare[sorting.key];
  return found.sort((a, b) => (sorting.descending ? order(b, a) : order(a, b)));
}

/** What a press on a column's head makes of the order: the other way round, or that column the way it is mostly wanted. */
export function nextSorting(now: Sorting, key: SortKey): Sorting {
  return now.key === key ? { key, descending: !now.descending } : { key, descending: key !== 'title' };
}

const kinds: Readonly<Record<string, string>> = {
  'text/markdown': 'Markdown',
  'text/plain': 'Text',
  'text/html': 'Web page',
  'text/csv': 'Table',
  'application/pdf': 'PDF',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'Word',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'Slides',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'Excel',
  'application/vnd.oasis.opendocument.text': 'OpenDocument',
  'application/epub+zip': 'E-book',
};

/** "PDF", "Markdown"; what is unknown by the end of its name. */
export function kindWord({ mime, sourceName }: Pick<DocumentInfo, 'mime' | 'sourceName'>): string {
  return kinds[mime] ?? /\.(\w{1,5})$/.exec(sourceName)?.[1]?.toUpperCase() ?? 'File';
}

/** A new version on its way in, while the one before can still be found. */
export function isReplacing({ state, chunks }: Pick<DocumentInfo, 'state' | 'chunks'>): boolean {
  return chunks > 0 && state !== 'ready' && state !== 'failed' && state !== 'deleting';
}

/** Whether reading in can be ended. */
export function isReading({ state }: Pick<DocumentInfo, 'state'>): boolean {
  return groupOf(state) === 'under-way' && state !== 'deleting';
}
