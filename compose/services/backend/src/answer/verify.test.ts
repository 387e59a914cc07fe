import { describe, expect, it } from 'vitest';
import { citedSentences, createCitationFilter } from './citations.ts';
import { retryAfterSeconds } from './failures.ts';
import { isVerbatim, numbersHeld, supportOf } from './support.ts';

const cited = (text: string): [string, number][] =>
  citedSentences(text, 3).map(({ sentence, n, answerStart, answerEnd, markStart, markEnd }) => {
    expect(text.slice(markStart, markEnd)).toBe(`[${n}]`);
    // Its place holds it, marks aside.
    expect(text.slice(answerStart, answerEnd).replace(/\s*\[[1-3]\]/g, '')).toBe(sentence);
    return [sentence, n];
  });

describe('which sentence a mark stands for', () => {
  it.each([
    [
      'The port is 7420 [1]. It moves [2].',
      [
        ['The port is 7420.', 1],
        ['It moves.', 2],
      ],
    ],
    [
      'The port is 7420. [1] It moves. [2]',
      [
        ['The port is 7420.', 1],
        ['It moves.', 2],
      ],
    ],
    [
      'Both say so [1][3].',
      [
        ['Both say so.', 1],
        ['Both say so.', 3],
      ],
    ],
    ['[2] says it well.', [['says it well.', 2]]],
    [
      '- One thing [1]\n- Another thing [2]',
      [
        ['- One thing', 1],
        ['- Another thing', 2],
      ],
    ],
    ['Quoted [7] stays text. True [1].', [['True.', 1]]],
    ['Nothing is cited.', []],
  ])('%j', (text, expected) => {
    expect(cited(text)).toEqual(expected);
  });
});

describe('how well a source bears a sentence out', () => {
  it.each([
    ['words and meaning agree', 0.9, 0.8, true, false, 'strong'],
    ['a number was made up', 0.9, 0.8, false, false, 'weak'],
    ['in other words', 0.4, 0.75, true, false, 'medium'],
    ['about something like it', 0.3, 0.5, true, false, 'weak'],
    ['nothing of it', 0, 0.1, true, false, 'unsupported'],
    ['meaning could not be asked', 0.9, null, true, false, 'strong'],
    ['a quote', 0, null, true, true, 'strong'],
  ] as const)('%s', (_what, lexical, cosine, held, verbatim, expected) => {
    expect(supportOf({ lexical, cosine, numbersHeld: held, verbatim })).toBe(expected);
  });

  it('reads numbers and quotes as people do', () => {
    expect(numbersHeld('It holds 1,000 files.', 'Up to 1000 files.')).toBe(true);
    expect(numbersHeld('It holds 2000 files.', 'Up to 1000 files.')).toBe(false);
    expect(isVerbatim('the port is  7420 by default', 'So: The port is\n7420 by default.')).toBe(true);
    expect(isVerbatim('Yes.', 'Yes.')).toBe(false);
  });
});

describe('marks', () => {
  const through = (text: string): string => {
    const filter = createCitationFilter(3);
    return [...text].map((letter) => filter.push(letter)).join('') + filter.flush();
  };
  it.each([
    ['All [1-3].', 'All [1][2][3].'],
    ['Some [2–9].', 'Some [2][3].'],
    ['Twice [1, 1].', 'Twice [1].'],
    [`Long [${Array.from({ length: 18 }, (_, at) => at + 1).join(', ')}].`, 'Long [1][2][3].'],
    ['Huge [999999999].', 'Huge.'],
  ])('letter by letter: %j', (text, expected) => {
    expect(through(text)).toBe(expected);
  });
});

describe('how long to wait', () => {
  it.each([
    ['7', 7],
    ['Thu, 01 Jan 1970 00:00:30 GMT', 30],
    ['99999', 3600],
    ['0', 20],
    ['soon', 20],
    [undefined, 20],
  ])('%s: %i s', (header, seconds) => {
    expect(retryAfterSeconds(header, 0)).toBe(seconds);
  });
});
