import { describe, expect, it } from 'vitest';
import { markLikely } from './answer-marks.ts';
import { parseBlocks } from './answer-text.ts';

const known = new Set([1, 2, 3]);

describe('parseBlocks', () => {
  it('knows paragraphs, quotes and items', () => {
    const blocks = parseBlocks(markLikely('First\nstill first\n\n> said\n> so [1]\nafter\n- one\n- two', known));
    expect(blocks.map((block) => block.kind)).toEqual(['paragraph', 'quote', 'paragraph', 'item', 'item']);
    expect(blocks[0]?.pieces).toEqual([{ kind: 'text', text: 'First\nstill first' }]);
    expect(blocks[1]?.pieces).toMatchObject([
      { kind: 'text', text: 'said\nso' },
      { kind: 'cite', mark: { n: 1 } },
    ]);
  });

  it('has nothing for nothing', () => {
    expect(parseBlocks(markLikely('\n \n', known))).toEqual([]);
  });
});
