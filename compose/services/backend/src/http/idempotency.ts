/** A creating request that is sent twice with one `Idempotency-Key` creates once; the second gets the first one's answer. */
import { createHash } from 'node:crypto';
import type { Request } from 'express';
import type { Principal } from '../auth/principal.ts';
import type { Database } from '../store/database.ts';
import { BackendProblem } from './problem.ts';

export interface Answered {
  readonly status: number;
  readonly body: unknown;
}
export interface Idempotency {
  /**
   * Does the work, or answers as the first request with this key did. Without the header it just does the work.
   * @param parts what makes the request this one and no other
   * @throws {BackendProblem} `idempotency-mismatch`, `idempotency-running`, `bad-request`, or what the work throws
   */
  once(
    request: Request,
    who: Principal,
    parts: readonly (string | Buffer)[],
    work: () => Promise<Answered>,
  ): Promise<Answered>;
}
export const IDEMPOTENCY = Symbol('idempotency');

/** A key whose process was killed is free again after this. */
const lockSeconds = 120;

function hashOf(request: Request, parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash('sha256').update(`${request.method} ${request.path}`);
  for (const part of parts) hash.update(`\n${part.length}\n`).update(part);
  return hash.digest();
}

export function createIdempotency(database: Database): Idempotency {
  return {
    async once(request, who, parts, work) {
      const key = request.headers['idempotency-key'];
      if (key === undefined) return work();
      if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key))
        throw new BackendProblem('bad-request', 'Idempotency-Key takes 1 to 200 visible ASCII characters.');
      const sha = hashOf(request, parts);
      await database.rows(`delete from idempotency_keys where created_at < now() - interval '24 hours'`);
      const mine = await database.one(
        `insert into idempotency_keys as i (user_id, key, request_sha256, locked_until)
         values ($1,$2,$3, now() + make_interval(secs => $4))
         on conflict (user_id, key) do update set locked_until = excluded.locked_until
           where i.status is null and i.locked_until < now() and i.request_sha256 = excluded.request_sha256
         returning key`,
        [who.userId, key, sha, lockSeconds],
      );
      if (mine === undefined) {
        const first = await database.one<{ sha: Buffer; status: number | null; body: unknown }>(
          `select request_sha256 as sha, status, body from idempotency_keys where user_id = $1 and key = $2`,
          [who.userId, key],
        );
        if (first !== undefined && !first.sha.equals(sha))
          throw new BackendProblem('idempotency-mismatch', 'Use another key for another request.');
        if (first === undefined || first.status === null)
          throw new BackendProblem('idempotency-running', 'Wait for the first request, then ask again.', {
            retryAfter: 1,
          });
        return { status: first.status, body: first.body };
      }
      try {
        const answer = await work();
        await database.rows('update idempotency_keys set status = $3, body = $4 where user_id = $1 and key = $2', [
          who.userId,
          key,
          answer.status,
          JSON.stringify(answer.body),
        ]);
        return answer;
      } catch (error) {
        // What failed may be tried again with the same key.
        await database
          .rows('delete from idempotency_keys where user_id = $1 and key = $2', [who.userId, key])
          .catch(() => undefined);
        throw error;
      }
    },
  };
}
