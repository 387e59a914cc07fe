/** People. Only owners see or change others. */
import { z } from 'zod';
import { type Page, paged } from '../http/paging.ts';
import { BackendProblem } from '../http/problem.ts';
import { type Database, isDuplicate, type Queries } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import { hashPassword } from './passwords.ts';

export const userJson = z
  .object({
    id: z.guid(),
    email: z.string().nullable(),
    name: z.string(),
    role: z.enum(['owner', 'user']),
    hasPassword: z.boolean(),
    disabled: z.boolean(),
    createdAtMs: z.number(),
  })
  .meta({ id: 'User' });
export type UserJson = z.output<typeof userJson>;

export interface UserChange {
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  readonly password?: string | undefined;
  readonly role?: 'owner' | 'user' | undefined;
  readonly disabled?: boolean | undefined;
}

export interface UsersRepository {
  list(cursor: string | null, limit: number): Promise<Page<UserJson>>;
  /** @throws {BackendProblem} `not-found` */
  get(id: string): Promise<UserJson>;
  /** With a default knowledge base of their own. @throws {BackendProblem} `name-taken` */
  create(user: { email: string; name: string; password: string; role: 'owner' | 'user' }): Promise<UserJson>;
  /** @throws {BackendProblem} `not-found`, `name-taken`, `last-owner` */
  change(id: string, change: UserChange): Promise<UserJson>;
  /** Their conversations and keys at once; their documents as jobs. @throws {BackendProblem} `not-found`, `last-owner` */
  remove(id: string): Promise<void>;
  /** For signing in. */
  credentials(email: string): Promise<{ id: string; passwordHash: string | null } | undefined>;
  /** For changing one's own password. */
  passwordHash(id: string): Promise<string | null>;
  /** undefined for who is gone or disabled. */
  active(id: string): Promise<{ id: string; role: 'owner' | 'user' } | undefined>;
}

const columns = `id, email, name, role, password_hash is not null as "hasPassword", disabled_at is not null as disabled,
  (extract(epoch from created_at) * 1000)::float8 as "createdAtMs"`;
const missing = (): BackendProblem => new BackendProblem('not-found', 'There is no user with this id.');
const taken = (): BackendProblem => new BackendProblem('name-taken', 'Somebody already has this e-mail address.');

async function keepAnOwner(queries: Queries): Promise<void> {
  const row = await queries.one(
    `select 1 as here from users where role = 'owner' and disabled_at is null and deleted_at is null limit 1`,
  );
  if (row === undefined) throw new BackendProblem('last-owner', 'Somebody has to remain who may manage the others.');
}

export function createUsersRepository(database: Database): UsersRepository {
  return {
    async list(cursor, limit) {
      const rows = await database.rows<UserJson>(
        `select ${columns} from users where deleted_at is null and ($1::uuid is null or id > $1) order by id limit $2`,
        [cursor, limit + 1],
      );
      return paged(rows, limit, (last) => last.id);
    },
    async get(id) {
      const row = await database.one<UserJson>(`select ${columns} from users where id = $1 and deleted_at is null`, [
        id,
      ]);
      if (row === undefined) throw missing();
      return row;
    },
    async create({ email, name, password, role }) {
      const hash = await hashPassword(password);
      try {
        return await database.transaction(async (queries) => {
          const row = await queries.one<UserJson>(
            `insert into users (id, email, name, password_hash, role) values ($1,$2,$3,$4,$5) returning ${columns}`,
            [newId(), email, name, hash, role],
          );
          if (row === undefined) throw new Error('insert returned nothing');
          await queries.rows(
            `insert into knowledge_bases (id, owner_id, name, is_default) values ($1,$2,'default',true)`,
            [newId(), row.id],
          );
          return row;
        });
      } catch (error) {
        throw isDuplicate(error) ? taken() : error;
      }
    },
    async change(id, { email, name, password, role, disabled }) {
      const hash = password === undefined ? null : await hashPassword(password);
      try {
        return await database.transaction(async (queries) => {
          const row = await queries.one<UserJson>(
            `update users set email = coalesce($2, email), name = coalesce($3, name),
               password_hash = coalesce($4, password_hash), role = coalesce($5, role),
               disabled_at = case when $6::boolean is null then disabled_at when $6 then coalesce(disabled_at, now()) end,
               updated_at = now()
             where id = $1 and deleted_at is null returning ${columns}`,
            [id, email ?? null, name ?? null, hash, role ?? null, disabled ?? null],
          );
          if (row === undefined) throw missing();
          await keepAnOwner(queries);
          return row;
        });
      } catch (error) {
        throw isDuplicate(error) ? taken() : error;
      }
    },
    remove: (id) =>
      database.transaction(async (queries) => {
        const row = await queries.one(
          `update users set deleted_at = now(), email = null, name = '', password_hash = null
           where id = $1 and deleted_at is null returning id`,
          [id],
        );
        if (row === undefined) throw missing();
        await keepAnOwner(queries);
        await queries.rows('delete from api_keys where user_id = $1', [id]);
        await queries.rows('delete from conversations where user_id = $1', [id]);
        await queries.rows('delete from kb_members where user_id = $1', [id]);
        await queries.rows(`update knowledge_bases set deleted_at = now() where owner_id = $1 and deleted_at is null`, [
          id,
        ]);
        await queries.rows(
          `with gone as (
             update documents d set state = 'deleting', deleted_at = now(), updated_at = now()
             from knowledge_bases k where k.id = d.kb_id and k.owner_id = $1 and d.deleted_at is null
             returning d.id, d.kb_id)
           insert into jobs (id, kind, doc_id, kb_id, state) select gen_random_uuid(), 'delete', id, kb_id, 'queued' from gone`,
          [id],
        );
      }),
    credentials: (email) =>
      database.one(
        `select id, password_hash as "passwordHash" from users
         where email = $1 and deleted_at is null and disabled_at is null`,
        [email],
      ),
    async passwordHash(id) {
      const row = await database.one<{ hash: string | null }>('select password_hash as hash from users where id = $1', [
        id,
      ]);
      return row?.hash ?? null;
    },
    active: (id) =>
      database.one('select id, role from users where id = $1 and deleted_at is null and disabled_at is null', [id]),
  };
}
