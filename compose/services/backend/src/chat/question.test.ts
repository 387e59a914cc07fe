import { describe, expect, it } from 'vitest';
import { checkedQuestion, searchText } from './question.ts';

describe('checkedQuestion', () => {
  it.each([
    ['', 'empty-question'],
    [' \u200b\ufeff ', 'empty-question'],
    ['x'.repeat(8001), 'question-too-long'],
    ['a\u0000b', 'validation-failed'],
    ['a\ud800b', 'validation-failed'],
  ])('refuses %j', (raw, code) => {
    expect(() => checkedQuestion(raw)).toThrow(expect.objectContaining({ code }));
  });
  it('strips direction marks and keeps emoji', () => {
    expect(checkedQuestion(' which\u202e port 🙂? ')).toBe('which port 🙂?');
  });
});

describe('searchText', () => {
  it.each([
    ['How large may it be?', 'What is a document?', 'What is a document? How large may it be?'],
    ['What about Redis?', 'What does Qdrant do?', 'What does Qdrant do? What about Redis?'],
    ['How large may a document be?', 'Which port?', 'How large may a document be?'],
    ['How many?', 'Which ports are open?', 'Which ports are open? How many?'],
    ['Since when?', 'Is Redis a cache?', 'Is Redis a cache? Since when?'],
    ['Which port?', 'Is Redis a cache?', 'Which port?'],
    ['How large may it be?', undefined, 'How large may it be?'],
  ])('%j after %j', (question, previous, expected) => {
    expect(searchText(question, previous)).toBe(expected);
  });
});
