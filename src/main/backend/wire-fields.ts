/** Fields that many answers of the backend have. Texts are cut to what the panel shows. */
import { z } from 'zod';

export const wireId = z.string().min(1).max(64);
export const cutText = (max: number) => z.string().transform((value) => value.slice(0, max));
export const headingPath = z.array(cutText(300)).transform((path) => path.slice(0, 12));
export const share = z.number().transform((value) => Math.min(1, Math.max(0, value)));
export const wireFailure = z.object({ code: cutText(64), message: cutText(1000) });
/** Whatever it is, nobody looks at it. */
export const nothing = z.unknown();
/** The path of one thing: ids and names never become more than one part of it. */
export const pathOf = (collection: string, id: string, rest = ''): string =>
  `/v1/${collection}/${encodeURIComponent(id)}${rest}`;
