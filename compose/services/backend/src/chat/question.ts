/** A question as it is taken in. */
import { BackendProblem } from '../http/problem.ts';

export const maxQuestion = 8000;

/** Lone surrogates, written without naming them: a pattern with the u flag only matches whole characters otherwise. */
const loneSurrogate = /\p{Surrogate}/u;

/** @throws {BackendProblem} `empty-question`, `question-too-long`, `validation-failed` */
export function checkedQuestion(raw: string): string {
  if (raw.length > maxQuestion)
    throw new BackendProblem('question-too-long', 'A question may have up to 8,000 characters.');
  if (raw.includes('\u0000') || loneSurrogate.test(raw))
    throw new BackendProblem('validation-failed', 'The question holds characters that are not text.', {
      errors: [{ pointer: '/question', code: 'invalid_characters', message: 'NUL or a lone surrogate' }],
    });
  const question = raw.replace(/[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g, '').trim();
  if (question === '') throw new BackendProblem('empty-question', 'Write a question first.');
  return question;
}

const pointsBack = /\b(it|its|they|them|their|that|those|these|this|he|she|his|her|there)\b/i;
const continues = /^(and|but|so|then|what about|how about|why)\b/i;

/**
 * What is searched for a follow-up: "How large may it be?" alone finds nothing, so the question before is put in
 * front. Only for short questions that point back.
 */
export function searchText(question: string, previous: string | undefined): string {
  const short = question.split(/\s+/).length <= 9;
  if (previous === undefined || !short || !(pointsBack.test(question) || continues.test(question))) return question;
  return `${previous.slice(0, 1000)} ${question}`;
}
