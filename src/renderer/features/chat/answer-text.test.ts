import { describe, expect, it } from 'vitest';
import { joinCitations, parseBlocks, parsePieces } from './answer-text.ts';

const known = new Set([1, 2, 3]);
const cite = (n: number) => ({ kind: 'cite', n });
const text = (words: string) => ({ kind: 'text', text: words });

describe('parsePieces', () => {
  it.each([
    ['one', 'At the quay [1].', [text('At the quay'), cite(1), text('.')]],
    ['neighbours', 'x [1][2]', [text('x'), cite(1), cite(2)]],
    ['a list in one bracket', 'x [1, 3]', [text('x'), cite(1), cite(3)]],
    ['a year is not a citation', 'in [2024]', [text('in [2024]')]],
    ['unknown numbers stay text', 'x [9]', [text('x [9]')]],
    ['half a marker while streaming', 'x [1', [text('x [1')]],
    ['at the start', '[2] y', [cite(2), text(' y')]],
    ['markup is text', '<b>[1]</b>', [text('<b>'), cite(1), text('</b>')]],
  ])('%s', (_name, input, pieces) => {
    expect(parsePieces(input, known)).toEqual(pieces);
  });
});

it('joinCitations keeps a number with the word before it', () => {
  expect(joinCitations(parsePieces('at the quay. [1] [2] Then', known))).toEqual([
    { text: 'at the ', lastWord: 'quay.', numbers: [1, 2] },
    { text: ' Then', lastWord: '', numbers: [] },
  ]);
  expect(joinCitations([{ kind: 'cite', n: 1 }])).toEqual([{ text: '', lastWord: '', numbers: [1] }]);
});

describe('parseBlocks', () => {
  it('knows paragraphs, quotes and items', () => {
    const blocks = parseBlocks('First\nstill first\n\n> said\n> so [1]\nafter\n- one\n- two', known);
    expect(blocks.map((block) => block.kind)).toEqual(['paragraph', 'quote', 'paragraph', 'item', 'item']);
    expect(blocks[0]?.pieces).toEqual([text('First\nstill first')]);
    expect(blocks[1]?.pieces).toEqual([text('said\nso'), cite(1)]);
  });

  it('has nothing for nothing', () => {
    expect(parseBlocks('\n \n', known)).toEqual([]);
  });
});
