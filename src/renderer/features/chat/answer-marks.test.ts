import { describe, expect, it } from 'vitest';
import type { Citation } from '../../../shared/model/chat.ts';
import { joinCitations, markExactly, markLikely, type Piece, restoreMarks, splitMarks } from './answer-marks.ts';

const known = new Set([1, 2, 3]);
const likely = (raw: string): Piece[] => {
  const { text, marks } = markLikely(raw, known);
  return splitMarks(text, marks);
};
/** Short forms: a string is text, a number a citation. */
const short = (pieces: readonly Piece[]): (string | number)[] =>
  pieces.map((piece) => (piece.kind === 'text' ? piece.text : piece.mark.n));
const citation = (n: number, markStart: number, support: Citation['support'] = 'strong'): Citation => ({
  n,
  answerStart: 0,
  answerEnd: markStart,
  markStart,
  markEnd: markStart + 3,
  support,
});

describe('marks while the answer is written', () => {
  it.each([
    ['one', 'At the quay [1].', ['At the quay', 1, '.']],
    ['neighbours', 'x [1][2]', ['x', 1, 2]],
    ['a list in one bracket', 'x [1, 3]', ['x', 1, 3]],
    ['a year is not a citation', 'in [2024]', ['in [2024]']],
    ['unknown numbers stay text', 'x [9]', ['x [9]']],
    ['half a mark', 'x [1', ['x [1']],
    ['at the start', '[2] y', [2, ' y']],
    ['markup is text', '<b>[1]</b>', ['<b>', 1, '</b>']],
  ])('%s', (_name, input, pieces) => {
    expect(short(likely(input))).toEqual(pieces);
  });
});

describe('marks of a whole answer', () => {
  it('stand where the backend says, and nowhere else', () => {
    const raw = 'The note says "see [1]". It holds [1].';
    const { text, marks } = markExactly(raw, [citation(1, raw.lastIndexOf('[1]'), 'weak')]);
    expect(splitMarks(text, marks)).toEqual([
      { kind: 'text', text: 'The note says "see [1]". It holds' },
      { kind: 'cite', mark: expect.objectContaining({ n: 1, support: 'weak' }) },
      { kind: 'text', text: '.' },
    ]);
  });

  it('ignore offsets that lie on no bracket, twice the same, or outside', () => {
    const raw = 'abc [1] def';
    const { text, marks } = markExactly(raw, [citation(1, 4), citation(1, 4), citation(2, 0), citation(3, 5000)]);
    expect(short(splitMarks(text, marks))).toEqual(['abc', 1, ' def']);
  });

  it('cannot be forged by what an answer holds', () => {
    const { text, marks } = markExactly('⸨\ue0000⸩ x [1]', [citation(1, 7)]);
    expect(short(splitMarks(text, marks))).toEqual(['⸨\ufffd0⸩ x', 1]);
  });

  it('turn back to what stood there', () => {
    const raw = 'a[1] = b [1]';
    const { text, marks } = markExactly(raw, [citation(1, 1), citation(1, 9)]);
    expect(restoreMarks(text, marks)).toBe(raw);
  });
});

it('joinCitations keeps a number with the word before it', () => {
  const runs = joinCitations(likely('at the quay. [1] [2] Then'));
  expect(runs.map(({ text, lastWord, marks }) => [text, lastWord, marks.map((mark) => mark.n)])).toEqual([
    ['at the ', 'quay.', [1, 2]],
    [' Then', '', []],
  ]);
  expect(joinCitations(likely('[1]')).map((run) => run.marks.length)).toEqual([1]);
});
