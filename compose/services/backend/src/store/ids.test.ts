import { describe, expect, it } from 'vitest';
import { chunkId, newId } from './ids.ts';
import { checkedVectors } from './nlp.ts';
import { bm25Options } from './vectors.ts';

describe('ids', () => {
  it('sorts by time', () => {
    expect(newId(1_000) < newId(2_000)).toBe(true);
    expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
  it('derives the same id for the same passage, another for another', () => {
    expect(chunkId('d', 1, 0)).toBe(chunkId('d', 1, 0));
    expect(new Set([chunkId('d', 1, 0), chunkId('d', 1, 1), chunkId('d', 2, 0), chunkId('e', 1, 0)]).size).toBe(4);
    expect(chunkId('d', 1, 0)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab]/);
  });
});

describe('checkedVectors', () => {
  const unit = [1, ...Array<number>(383).fill(0)];
  it.each([
    ['too few', [unit], 2],
    ['a wrong size', [[1, 0]], 1],
    ['no unit length', [unit.map(() => 1)], 1],
    ['NaN', [[Number.NaN, ...unit.slice(1)]], 1],
  ])('refuses %s', (_what, vectors, expected) => {
    expect(() => checkedVectors(vectors, expected, 384)).toThrow(
      expect.objectContaining({ code: 'embedding-unavailable' }),
    );
  });
  it('takes what the model makes', () => {
    expect(checkedVectors([unit], 1, 384)[0]?.length).toBe(384);
  });
});

describe('bm25Options', () => {
  it('uses another tokenizer for scripts without English stems', () => {
    expect(bm25Options('Hello there')).toMatchObject({ language: 'english' });
    expect(bm25Options('これはテストです')).toMatchObject({ tokenizer: 'multilingual', language: 'none' });
    expect(bm25Options('123')).toMatchObject({ language: 'english' });
  });
});
