import { describe, expect, it } from 'vitest';
import { markQuery } from './query-marks.ts';

const hits = (text: string, query: string): string[] =>
  markQuery(text, query)
    .filter(({ hit }) => hit)
    .map(({ text: word }) => word);

describe('markQuery', () => {
  it.each([
    ['whatever the case', 'Backup the data', 'BACKUP', ['Backup']],
    ['other forms of a word', 'Backups are verified', 'verify a backup', ['Backups', 'verified']],
    ['not what is in every sentence', 'how often is the tide', 'how is the tide', ['tide']],
    ['not inside of words', 'therapist', 'rap', []],
    ['numbers and codes', 'E1042 at berth 19', 'E1042 19?', ['E1042', '19']],
    ['letters of every script', 'Größe in Köln', 'größe köln', ['Größe', 'Köln']],
    ['nothing for a query of common words', 'to be', 'to be or', []],
  ])('%s', (_name, text, query, wanted) => expect(hits(text, query)).toEqual(wanted));

  it('keeps every character', () => {
    const text = '  The tide, the *tide*!\n';
    expect(
      markQuery(text, 'tide')
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  });
});
