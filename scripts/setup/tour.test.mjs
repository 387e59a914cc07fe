import { describe, expect, it } from 'vitest';
import { holds, quotesOf } from './tour.mjs';

const answer = 'Verify it weekly. Keep three copies. [1]\n\nUse two kinds of media. [2]';

describe('the citations of an answer', () => {
  it('cover the sentences of their paragraph', () => {
    expect(quotesOf(answer, 1)).toEqual(['verify it weekly', 'keep three copies']);
    expect(quotesOf(answer, 2)).toEqual(['use two kinds of media']);
    expect(quotesOf(answer, 3)).toEqual([]);
  });

  const source = { n: 1, snippet: 'Verify it weekly. Keep three copies.' };
  const words = 'backups verify it weekly keep three copies elsewhere';
  it.each([
    ['hold when passage and quote stand in the document', words, source, true],
    ['do not hold when the passage is not there', words, { ...source, snippet: 'Made up.' }, false],
    ['do not hold when a sentence is not there', 'verify it weekly keep', { n: 1, snippet: 'Verify it weekly' }, false],
    ['are not judged where the document is no text', null, source, null],
  ])('%s', (_what, document, from, expected) => expect(holds(document, from, answer, true)).toBe(expected));
  it('of a language model need not be word for word', () => {
    expect(holds('verify it weekly', { n: 1, snippet: 'Verify it weekly' }, answer, false)).toBe(true);
  });
});
