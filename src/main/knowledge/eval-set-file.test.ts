import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseEvalSet, readEvalSet } from './eval-set-file.ts';

const item = { question: 'Which port?', expected: [{ source: 'handbook.md', heading: 'Ports' }], answerable: true };
const file = (items: unknown, more: object = {}): string => JSON.stringify({ name: 'Mine', items, ...more });
const refusal = (text: string) => {
  try {
    parseEvalSet(text);
  } catch (error) {
    return (error as { problem: { code: string; cause: string; evidence: string[] } }).problem;
  }
  return null;
};

describe('a set of questions as a file', () => {
  it('needs no description, and no right passages where there is no answer', () => {
    expect(parseEvalSet(file([item, { question: 'Why?', answerable: false }]))).toEqual({
      name: 'Mine',
      description: '',
      items: [item, { question: 'Why?', expected: [], answerable: false }],
    });
  });

  it.each([
    ['no JSON', '{', 'It is not JSON.'],
    ['no items', file([]), 'Some of it does not fit.'],
    ['a question without a word', file([{ ...item, question: '' }]), 'Some of it does not fit.'],
    [
      'an answerable question without a right passage',
      file([item, { ...item, expected: [] }]),
      'Question 2 is said to be answerable, but names no right passage.',
    ],
    [
      'a right passage of what has no answer',
      file([{ ...item, answerable: false }]),
      'Question 1 is said to have no answer, but names a right passage.',
    ],
  ])('is refused with %s', (_what, text, cause) => {
    expect(refusal(text)).toMatchObject({ code: 'eval-file', cause });
  });

  it('says where it does not fit', () => {
    expect(refusal(file([item, { ...item, answerable: 'yes' }]))?.evidence[0]).toContain('items.1.answerable');
  });

  it('ships with the samples', async () => {
    const set = await readEvalSet(join(import.meta.dirname, '../../../resources/samples/evaluation/questions.json'));
    expect(set.items.filter(({ answerable }) => !answerable)).toHaveLength(15);
    expect(set.items.length).toBe(60);
  });

  it('is missed in words', async () => {
    await expect(readEvalSet('/nowhere/set.json')).rejects.toMatchObject({ problem: { code: 'eval-file' } });
  });
});
