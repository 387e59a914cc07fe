import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCitationFilter } from './citations.ts';

const through = (pieces: readonly string[], count: number): string => {
  const filter = createCitationFilter(count);
  return pieces.map((piece) => filter.push(piece)).join('') + filter.flush();
};

describe('createCitationFilter', () => {
  it.each([
    ['It is 7420 [1].', 'It is 7420 [1].'],
    ['It is 7420 [99].', 'It is 7420.'],
    ['It is [0] so.', 'It is so.'],
    ['Both [1, 2].', 'Both [1][2].'],
    ['One of them [2,7].', 'One of them [2].'],
    ['An array a[i] stays, a [link] too', 'An array a[i] stays, a [link] too'],
    ['open [', 'open ['],
  ])('%j', (text, expected) => {
    expect(through([text], 3)).toBe(expected);
  });

  it('does not depend on where the text is cut (property)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', ' ', '[', ']', '1', '2', '9', ',', 'word. ', '[1]', ' [7]'), { maxLength: 30 }),
        fc.array(fc.nat(40), { maxLength: 6 }),
        (parts, cuts) => {
          const text = parts.join('');
          const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
          const pieces = at.slice(1).map((end, index) => text.slice(at[index], end));
          expect(through(pieces, 3)).toBe(through([text], 3));
        },
      ),
    );
  });
});
