/** Keys for programs: shown once, kept as a hash, good for what their scopes name and nothing else. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { BackendProblem } from '../http/problem.ts';
import type { Database } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import { type Principal, type Scope, scopes } from './principal.ts';

export const apiKeyJson = z
  .object({
    id: z.guid(),
    name: z.string(),
    scopes: z.array(z.enum(scopes)),
    last4: z.string(),
    createdAtMs: z.number(),
    expiresAtMs: z.number().nullable(),
    lastUsedAtMs: z.number().nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyJson = z.output<typeof apiKeyJson>;

export interface ApiKeysRepository {
  list(who: Principal): Promise<ApiKeyJson[]>;
  /** `secret` is the whole key and never to be had again. */
  create(
    who: Principal,
    key: { name: string; scopes: readonly Scope[]; expiresAtMs: number | null },
  ): Promise<{ key: ApiKeyJson; secret: string }>;
  /** @throws {BackendProblem} `not-found` */
  remove(who: Principal, id: string): Promise<void>;
  /** Whose key this is; undefined when it is none, has expired, or its user is gone. */
  holder(secret: string): Promise<Principal | undefined>;
}

const columns = `id, name, scopes, last4, (extract(epoch from created_at) * 1000)::float8 as "createdAtMs",
  (extract(epoch from expires_at) * 1000)::float8 as "expiresAtMs",
  (extract(epoch from last_used_at) * 1000)::float8 as "lastUsedAtMs"`;
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const compact = (id: string): string => id.replaceAll('-', '');

export function createApiKeysRepository(database: Database): ApiKeysRepository {
  return {
    list: (who) =>
      database.rows<ApiKeyJson>(`select ${columns} from api_keys where user_id = $1 order by id desc`, [who.userId]),
    async create(who, { name, scopes: wanted, expiresAtMs }) {
      const id = newId();
      const secret = `rk_${compact(id)}_${randomBytes(32).toString('base64url')}`;
      const key = await database.one<ApiKeyJson>(
        `insert into api_keys (id, user_id, name, hash, last4, scopes, expires_at)
         values ($1,$2,$3,$4,$5,$6, to_timestamp($7::float8 / 1000)) returning ${columns}`,
        [id, who.userId, name, digest(secret), secret.slice(-4), wanted, expiresAtMs],
      );
      if (key === undefined) throw new Error('insert returned nothing');
      return { key, secret };
    },
    async remove(who, id) {
      const row = await database.one('delete from api_keys where id = $1 and user_id = $2 returning id', [
        id,
        who.userId,
      ]);
      if (row === undefined) throw new BackendProblem('not-found', 'There is no key with this id.');
    },
    async holder(secret) {
      const id = /^rk_([0-9a-f]{32})_[A-Za-z0-9_-]{43}$/.exec(secret)?.[1];
      if (id === undefined) return undefined;
      const row = await database.one<{ hash: Buffer; userId: string; role: 'owner' | 'user'; scopes: Scope[] }>(
        `select k.hash, k.user_id as "userId", u.role, k.scopes from api_keys k join users u on u.id = k.user_id
         where k.id = $1::uuid and (k.expires_at is null or k.expires_at > now())
           and u.deleted_at is null and u.disabled_at is null`,
        [id],
      );
      if (row === undefined || !timingSafeEqual(row.hash, digest(secret))) return undefined;
      await database.rows(
        `update api_keys set last_used_at = now()
         where id = $1::uuid and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
        [id],
      );
      return { userId: row.userId, role: row.role, via: 'key', scopes: row.scopes };
    },
  };
}
