/** Lists come in pages: `items`, and the cursor of the next page until there is none. */
import { z } from 'zod';
import { BackendProblem } from './problem.ts';

/** Query of a list. A cursor is opaque to callers. */
export const pageQuery = (max = 200, usual = 100) =>
  z.strictObject({
    cursor: z.string().max(200).optional(),
    limit: z.coerce.number().int().min(1).max(max).default(usual),
  });

export const pageOf = <S extends z.ZodType>(item: S) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** The page of rows that were read with one more than `limit`, to know whether there is a next. */
export function paged<T>(rows: readonly T[], limit: number, cursorOf: (last: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const badCursor = (): BackendProblem =>
  new BackendProblem('validation-failed', 'Some fields do not fit; see errors.', {
    errors: [{ pointer: '/cursor', code: 'invalid_cursor', message: 'Not a cursor of this list' }],
  });

/** For lists in the order of their ids. @throws {BackendProblem} `validation-failed` */
export function idCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  if (!uuid.test(cursor)) throw badCursor();
  return cursor;
}

/** For lists in the order of a time: `<microseconds>.<id>`. @throws {BackendProblem} `validation-failed` */
export function timeCursor(cursor: string | undefined): { micros: string; id: string } | null {
  if (cursor === undefined) return null;
  const [micros = '', id = ''] = cursor.split('.');
  if (!/^\d{1,17}$/.test(micros) || !uuid.test(id)) throw badCursor();
  return { micros, id };
}
