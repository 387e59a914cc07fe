/** Passwords, kept as argon2id with the library's own parameters (19 MiB, two passes). */
import { hash, verify } from '@node-rs/argon2';
import { z } from 'zod';

/** What is asked of a new password. */
export const newPassword = z.string().min(10).max(200);

export const hashPassword = (password: string): Promise<string> => hash(password);

let decoy: Promise<string> | undefined;

/** A user without a password, or none at all, takes as long to refuse as a wrong password. */
export async function passwordFits(stored: string | null | undefined, password: string): Promise<boolean> {
  decoy ??= hash('nobody has this one');
  const fits = await verify(stored ?? (await decoy), password).catch(() => false);
  return stored != null && fits;
}
