/** Changes that know what they change: `ETag` out, `If-Match` in. */
import { BackendProblem } from './problem.ts';

export const etagOf = (revision: number): string => `"${revision}"`;

/** Without the header anything matches. @throws {BackendProblem} `precondition-failed` */
export function checkMatch(ifMatch: string | undefined, revision: number): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const tags = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (!tags.includes(etagOf(revision)))
    throw new BackendProblem('precondition-failed', 'It was changed since you read it. Read it again, then change it.');
}
