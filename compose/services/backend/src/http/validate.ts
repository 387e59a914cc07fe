/** Input of a request against its schema; each field that does not fit is named. */
import type { z } from 'zod';
import { BackendProblem } from './problem.ts';

/** @throws {BackendProblem} `validation-failed` with a JSON pointer per field */
export function validated<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
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

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An id out of a path. What is not an id is answered like an id that does not exist. */
export function validId(value: string): string {
  const id = value.toLowerCase();
  if (!uuid.test(id)) throw new BackendProblem('not-found', 'There is nothing with this id.');
  return id;
}
