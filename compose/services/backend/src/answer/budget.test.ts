import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Passage } from '../retrieval/search.ts';
import { budgetFor, estimateTokens } from './budget.ts';

const passageOf = (text: string): Passage => ({
  chunkId: 'c',
  documentId: 'd',
  title: 'Handbook',
  sourceName: 'handbook.md',
  page: null,
  headingPath: [],
  text,
  start: 0,
  end: text.length,
  tokens: Math.ceil(text.length / 5),
  scores: { fused: 1, dense: 0.7, bm25: 3 },
});

describe('what fits into a window', () => {
  it('never holds more than the window, answer included (property)', () => {
    const words = fc.integer({ min: 1, max: 400 }).map((count) => 'word '.repeat(count));
    fc.assert(
      fc.property(
        fc.array(words, { minLength: 1, maxLength: 12 }),
        fc.array(words, { maxLength: 8 }),
        fc.integer({ min: 1024, max: 20_000 }),
        fc.integer({ min: 200, max: 10_000 }),
        (texts, said, windowTokens, maxContextTokens) => {
          const turns = said.map((text) => ({ role: 'user' as const, text }));
          const passages = texts.map(passageOf);
          const made = budgetFor('Which port?', turns, passages, {
            windowTokens,
            maxContextTokens,
            maxOutputTokens: 800,
          });
          const sent = [...made.passages, ...made.turns].reduce((sum, { text }) => sum + estimateTokens(text), 0);
          expect(sent + made.maxTokens).toBeLessThanOrEqual(windowTokens);
          expect(made.passages.length).toBeGreaterThan(0);
          // Best first and newest last, without holes.
          expect(made.passages.slice(1)).toEqual(passages.slice(1, made.passages.length));
          expect(made.turns).toEqual(turns.slice(turns.length - made.turns.length));
          const all = made.passages.length === passages.length && made.turns.length === turns.length;
          expect(made.truncated).toBe(!all || made.passages[0]?.text !== texts[0]);
        },
      ),
    );
  });

  it('cuts the best passage rather than leaving it out', () => {
    const made = budgetFor('Which port?', [], [passageOf('The port is 7420. '.repeat(500))], {
      windowTokens: 1024,
      maxContextTokens: 2400,
      maxOutputTokens: 400,
    });
    expect(made.passages[0]?.text).toMatch(/^The port is 7420\./);
    expect(made.passages[0]?.text.length).toBeLessThan(2000);
    expect(made.truncated).toBe(true);
  });
});
