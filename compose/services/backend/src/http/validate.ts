/** Input of a request against its schema; each field that does not fit is named. */
import type { z } from 'zod';
import { BackendProblem } from './problem.ts';

/** Lone surrogates, written without naming them: a pattern with the u flag only matches whole characters otherwise. */
const notText = /\0|\p{Surrogate}/u;

/** Where a text stands that is none: no store takes a NUL, and half a character has no place in UTF-8. */
function notTextAt(value: unknown, pointer = ''): string | null {
  if (typeof value === 'string') return notText.test(value) ? pointer : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, entry] of Object.entries(value)) {
    const at = notText.test(key) ? pointer : notTextAt(entry, `${pointer}/${key}`);
    if (at !== null) return at;
  }
  return null;
}

/** @throws {BackendProblem} `validation-failed` with a JSON pointer per field */
export function validated<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const pointer = notTextAt(value);
  if (pointer !== null)
    throw new BackendProblem('validation-failed', 'Some fields do not fit; see errors.', {
      errors: [{ pointer, code: 'invalid_characters', message: 'NUL or a lone surrogate' }],
    });
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BackendProblem('validation-failed', 'Some fields do not fit; see errors.', {
    errors: parsed.error.issues.slice(0, 20).map((issue) => ({
      pointer: `/${issue.path.map((part) => String(part)).join('/')}`,
      code: issue.code,
      message: issue.message,
    })),
  });
}
