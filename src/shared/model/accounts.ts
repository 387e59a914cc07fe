/** Who may use the stack beside this panel: people who sign in, and programs with a key. */
import { z } from 'zod';

const id = z.string().min(1).max(64);

export const userSchema = z.strictObject({
  id,
  /** null for the owner that the stack began with: it signs in with the panel's own token. */
  email: z.string().max(320).nullable(),
  name: z.string().max(200),
  role: z.enum(['owner', 'user']),
  hasPassword: z.boolean(),
  disabled: z.boolean(),
  createdAtMs: z.number(),
});
export type User = z.infer<typeof userSchema>;

/** The owner that the stack began with has no e-mail address: this panel acts as them. */
export const isPanelOwner = ({ email }: Pick<User, 'email'>): boolean => email === null;

/** How somebody is called. */
export function userTitle({ name, email }: Pick<User, 'name' | 'email'>): string {
  return name === '' ? (email ?? 'Without a name') : name;
}

export const newUserSchema = z.strictObject({
  email: z.email().max(320),
  name: z.string().trim().min(1).max(200).optional(),
  password: z.string().min(1).max(200),
  role: z.enum(['owner', 'user']).optional(),
});
export type NewUser = z.infer<typeof newUserSchema>;

export const userChangeSchema = z.strictObject({
  id,
  name: z.string().trim().min(1).max(200).optional(),
  password: z.string().min(1).max(200).optional(),
  role: z.enum(['owner', 'user']).optional(),
  disabled: z.boolean().optional(),
});
export type UserChange = z.infer<typeof userChangeSchema>;

/** What a key lets a program do. */
export const keyScopes = [
  'search:read',
  'chat:use',
  'ingest:write',
  'reindex:run',
  'workflow:report',
  'metrics:read',
] as const;
export const keyScopeSchema = z.enum(keyScopes);
export type KeyScope = z.infer<typeof keyScopeSchema>;

export const apiKeySchema = z.strictObject({
  id,
  name: z.string().max(100),
  scopes: z.array(keyScopeSchema).max(20),
  last4: z.string().max(4),
  createdAtMs: z.number(),
  expiresAtMs: z.number().nullable(),
  lastUsedAtMs: z.number().nullable(),
});
export type ApiKey = z.infer<typeof apiKeySchema>;

export const newKeySchema = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scopes: z.array(keyScopeSchema).min(1).max(20),
  /** null or left out: it never ends. */
  expiresInDays: z.int().min(1).max(3650).nullable().optional(),
});
export type NewKey = z.infer<typeof newKeySchema>;
