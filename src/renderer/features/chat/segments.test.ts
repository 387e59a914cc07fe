import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutSegments, noSegments, segmentsOf } from './segments.ts';

const grown = (text: string, step: number) => {
  let segments = noSegments;
  for (let at = step; at < text.length + step; at += step) segments = cutSegments(segments, text.slice(0, at));
  return segmentsOf(segments);
};

describe('segments of a growing text', () => {
  it('part at blank lines', () => {
    expect(grown('# One\n\ntext\nmore\n\nTwo\n', 3)).toEqual(['# One\n\n', 'text\nmore\n\n', 'Two\n']);
  });

  it.each([
    ['code with blank lines', '```js\na\n\nb\n```\n'],
    ['a list with blank lines', '- one\n\n- two\n\n  still two\n'],
    ['a numbered list', '1. one\n\n2. two\n'],
    ['a fence that another kind of fence does not end', '~~~\n```\n\nx\n'],
  ])('keep %s together', (_name, text) => {
    expect(grown(text, 4)).toEqual([text]);
  });

  it('are the text, however it came in', () => {
    const line = fc.constantFrom('a', '', '```', '~~~', '- x', '1. y', '    z', '> q', '| a | b |', '# h');
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), (lines, step) => {
        const text = lines.join('\n');
        expect(grown(text, step).join('')).toBe(text);
        expect(grown(text, step)).toEqual(grown(text, 1000));
      }),
    );
  });

  it('begin anew with another text', () => {
    const first = cutSegments(noSegments, 'a\n\nb\n\nc\n');
    expect(segmentsOf(cutSegments(first, 'x\n'))).toEqual(['x\n']);
  });
});
