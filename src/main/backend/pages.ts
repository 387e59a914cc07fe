/** Lists of the backend come in pages; the panel shows them whole, up to a bound. */
import { z } from 'zod';
import type { BackendClient } from './backend-client.ts';

export const pageOf = <S extends z.ZodType>(item: S) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullish() });

/**
 * Every item of a list, at most `max`.
 * @param path with its own query, if it has one
 * @throws {ProblemError} as BackendClient.call
 */
export async function allPages<S extends z.ZodType>(
  client: BackendClient,
  path: string,
  item: S,
  max: number,
  signal?: AbortSignal,
): Promise<z.output<S>[]> {
  const schema = pageOf(item);
  const all: z.output<S>[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: String(Math.min(200, max)) });
    if (cursor !== null) query.set('cursor', cursor);
    const joined: string = `${path}${path.includes('?') ? '&' : '?'}${query.toString()}`;
    const page: { items: z.output<S>[]; nextCursor?: string | null | undefined } = await client.call(
      'GET',
      joined,
      schema,
      undefined,
      signal,
    );
    all.push(...page.items);
    cursor = page.nextCursor ?? null;
  } while (cursor !== null && all.length < max);
  return all.slice(0, max);
}
