import { describe, expect, it } from 'vitest';
import { sentenceSpans } from './sentences.ts';

const sentences = (text: string): string[] => sentenceSpans(text).map(({ start, end }) => text.slice(start, end));

describe('sentenceSpans', () => {
  it.each([
    ['One. Two! Three?', ['One.', 'Two!', 'Three?']],
    ['It has limits, e.g. memory. They are set.', ['It has limits, e.g. memory.', 'They are set.']],
    ['See Fig. 3 for that. Then go on.', ['See Fig. 3 for that.', 'Then go on.']],
    ['Version 1.2 is out. Good.', ['Version 1.2 is out.', 'Good.']],
    ['  ', []],
  ])('%j', (text, expected) => {
    expect(sentences(text)).toEqual(expected);
  });

  it('counts from the given offset', () => {
    expect(sentenceSpans('A b.', 10)).toEqual([{ start: 10, end: 14 }]);
  });
});
