import { describe, expect, it } from 'vitest';
import { documentInfo } from '../../../../tests/unit/document-info.ts';
import type { DocumentInfo } from '../../../shared/model/chat.ts';
import { documentsToShow, groupCounts, isReplacing, kindWord, nextSorting } from './document-list.ts';

const of = (id: string, more: Partial<DocumentInfo> = {}): DocumentInfo =>
  documentInfo(id, { title: id, bytes: 1, chunks: 1, ...more });
const titles = { key: 'title', descending: false } as const;

describe('documentsToShow', () => {
  const all = [
    of('Tide tables', { state: 'failed', tags: ['night'] }),
    of('Berth 10'),
    of('Berth 9', { state: 'embedding', sourceName: 'night/berths.md' }),
  ];
  it.each([
    ['every word, anywhere in title, name or tags', 'night', 'all', ['Berth 9', 'Tide tables']],
    ['words in any order', '9 berth', 'all', ['Berth 9']],
    ['only those under way', '', 'under-way', ['Berth 9']],
    ['only those that failed', '', 'failed', ['Tide tables']],
    ['numbers as people count', '', 'all', ['Berth 9', 'Berth 10', 'Tide tables']],
    ['nothing for what is not there', 'kraken', 'all', []],
  ] as const)('%s', (_name, query, group, wanted) => {
    const shown = documentsToShow(all, { query, group, sorting: titles });
    expect(shown.map(({ title }) => title)).toEqual(wanted);
  });
  it('counts each group', () => {
    expect(groupCounts(all)).toEqual({ all: 3, ready: 1, 'under-way': 1, failed: 1 });
  });
  it('turns the order round on a second press', () => {
    expect(nextSorting(titles, 'size')).toEqual({ key: 'size', descending: true });
    expect(nextSorting({ key: 'size', descending: true }, 'size')).toEqual({ key: 'size', descending: false });
  });
});

it('names kinds in words people know', () => {
  expect(kindWord(of('a'))).toBe('Markdown');
  expect(kindWord(of('a', { mime: 'application/x-odd', sourceName: 'a.xyz' }))).toBe('XYZ');
});

it('knows a new version on its way in from a first one', () => {
  expect(isReplacing(of('a', { state: 'embedding', chunks: 4 }))).toBe(true);
  expect(isReplacing(of('a', { state: 'embedding', chunks: 0 }))).toBe(false);
});
