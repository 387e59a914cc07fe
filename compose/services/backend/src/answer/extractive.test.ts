import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidatesOf, pieces, renderQuotes, type Scored, selectQuotes } from './extractive.ts';

const vectorOf = (seed: number): Float32Array => {
  const vector = Float32Array.from({ length: 8 }, (_, at) => Math.sin(seed * (at + 1) * 12.9898));
  const norm = Math.hypot(...vector);
  return vector.map((x) => x / norm);
};

function scored(
  texts: readonly string[],
  score: (text: string, at: number) => { cosine: number; coverage: number },
): Scored[] {
  return texts.flatMap((text, passage) =>
    candidatesOf(text, passage).map((candidate, at) => ({
      ...candidate,
      ...score(text.slice(candidate.start, candidate.end), at),
      vector: vectorOf(passage * 100 + at + 1),
    })),
  );
}

describe('the embedded answerer', () => {
  it('emits nothing but verbatim pieces of the passages it cites (property)', () => {
    const sentence = fc.stringMatching(/^[A-Z][a-z ]{14,60}[.!?]$/);
    const line = fc.array(sentence, { minLength: 1, maxLength: 5 }).map((list) => list.join(' '));
    const passage = fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n\n'));
    fc.assert(
      fc.property(
        fc.array(passage, { minLength: 1, maxLength: 8 }),
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 }),
        (texts, scores) => {
          let next = 0;
          const value = (): number => scores[next++ % scores.length] ?? 0;
          const quotes = selectQuotes(
            scored(texts, () => ({ cosine: value(), coverage: Math.abs(value()) })),
            texts,
          );
          const { text, order } = renderQuotes(quotes, texts);
          for (const paragraph of text === '' ? [] : text.split('\n\n')) {
            const match = /^([\s\S]+) \[(\d+)\]$/.exec(paragraph);
            expect(match).not.toBeNull();
            const cited = order[Number(match?.[2]) - 1];
            expect(cited).toBeDefined();
            expect(texts[cited ?? -1]).toContain(match?.[1]);
          }
          expect(quotes.length).toBeLessThanOrEqual(5);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('puts the best passage first, numbers sources in the order they appear, joins neighbours', () => {
    const texts = ['Nothing of use stands here at all.', 'The port is 7420 by default. It can be moved at will.'];
    const quotes = selectQuotes(
      scored(texts, (text) => ({
        cosine: text.includes('port') ? 0.9 : text.includes('moved') ? 0.85 : 0.1,
        coverage: 0.5,
      })),
      texts,
    );
    expect(renderQuotes(quotes, texts)).toMatchObject({
      text: 'The port is 7420 by default. It can be moved at will. [1]',
      order: [1],
    });
  });

  it('takes the sentence after the best one along', () => {
    const texts = ['When the disk is full, writes stop. Delete the oldest archives first. And so on and on.'];
    const quotes = selectQuotes(
      scored(texts, (text) => ({ cosine: text.startsWith('When') ? 0.9 : 0.1, coverage: 0 })),
      texts,
    );
    expect(renderQuotes(quotes, texts).text).toBe(
      'When the disk is full, writes stop. Delete the oldest archives first. [1]',
    );
  });

  it('does not say the same thing twice', () => {
    const texts = ['The port is 7420 by default.', 'The port is 7420 by default.'];
    const same = vectorOf(1);
    const quotes = selectQuotes(
      scored(texts, () => ({ cosine: 0.9, coverage: 1 })).map((sentence) => ({ ...sentence, vector: same })),
      texts,
    );
    expect(quotes).toHaveLength(1);
  });

  it('streams pieces that joined are the text (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (text) => {
        const all = [...pieces(text)];
        expect(all.join('')).toBe(text);
        for (const piece of all) expect(piece.isWellFormed()).toBe(text.isWellFormed() || piece.isWellFormed());
      }),
    );
  });
});
