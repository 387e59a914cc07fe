import { describe, expect, it } from 'vitest';
import { deltaWords, type EvalQuestion, fits, questionSaid } from './eval-words.ts';

const question = (more: Partial<EvalQuestion> = {}): EvalQuestion => ({
  question: 'When is the tide high?',
  answerable: true,
  abstained: false,
  ranks: { hybrid: 1, dense: 2, bm25: null },
  top: [],
  ...more,
});
const none = { hybrid: null, dense: null, bm25: null };

describe('questions of a run', () => {
  it.each([
    [question(), 'Found first'],
    [question({ ranks: { hybrid: 4, dense: 1, bm25: 1 } }), 'Found at place 4'],
    [question({ ranks: none }), 'Missed'],
    [question({ abstained: true }), 'Found, but not answered'],
    [question({ answerable: false, ranks: none, abstained: true }), 'Rightly not answered'],
    [question({ answerable: false, ranks: none }), 'Answered all the same'],
  ])('%#', (one, word) => expect(questionSaid(one, 'hybrid').word).toBe(word));

  it('are missed by one way and found by another', () => {
    expect(fits(question(), 'missed', 'bm25')).toBe(true);
    expect(fits(question(), 'missed', 'hybrid')).toBe(false);
  });
  it('that nothing answers are never missed', () => {
    const unanswerable = question({ answerable: false, ranks: none });
    expect(fits(unanswerable, 'missed', 'hybrid')).toBe(false);
    expect(fits(unanswerable, 'wrongly-answered', 'hybrid')).toBe(true);
    expect(fits(unanswerable, 'wrongly-abstained', 'hybrid')).toBe(false);
  });
});

it.each([
  [0.81, 0.78, '+0.030'],
  [0.5, 0.62, '−0.120'],
  [0.5, 0.5001, 'no change'],
])('%s after %s is %s', (now, before, words) => expect(deltaWords(now, before)).toBe(words));
