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
const continues = /^(and|but|so|then|also|or|what about|how about|what else|why|since when|how so|for example)\b/i;
/** Words that say nothing of what is asked about. */
const empty =
  /^(a|an|the|is|are|was|were|be|do|does|did|can|could|will|would|should|may|have|has|i|you|we|what|which|who|when|where|why|how|much|many|long|often|more|else|then|so|and|or|not|in|on|of|to|for|with|by|at|from|please|tell|me|about|example|detail|details)$/i;
const hasContent = (question: string): boolean =>
  question.split(/[^\p{L}\p{N}]+/u).some((word) => word !== '' && !empty.test(word));

/**
 * What is searched for a follow-up: "How large may it be?" alone finds nothing, so the question before is put in
 * front. Only for short questions that point back, go on, or name nothing ("How many?").
 */
export function searchText(question: string, previous: string | undefined): string {
  const short = question.split(/\s+/).length <= 9;
  if (
    previous === undefined ||
    !short ||
    !(pointsBack.test(question) || continues.test(question) || !hasContent(question))
  )
    return question;
  return `${previous.slice(0, 1000)} ${question}`;
}
