/** A backup: one archive of a stack at one point in time. */
import { z } from 'zod';

export const backupEntrySchema = z.strictObject({
  name: z.string().max(255),
  kind: z.enum(['postgres', 'qdrant', 'redis', 'config', 'secrets']),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BackupEntry = z.infer<typeof backupEntrySchema>;

export const backupSchema = z.strictObject({
  /** File name without its extension; unique in the folder. */
  id: z.string().max(128),
  fileName: z.string().max(200),
  bytes: z.int().nonnegative(),
  /** The point in time it holds, epoch ms. */
  atMs: z.number(),
  environment: z.string().max(64),
  appVersion: z.string().max(32),
  entries: z.array(backupEntrySchema).max(10_000),
  /** What was left out and why, in words. */
  notes: z.array(z.string().max(500)).max(20),
  verified: z.strictObject({ atMs: z.number(), ok: z.boolean(), detail: z.string().max(1000) }).nullable(),
});
export type Backup = z.infer<typeof backupSchema>;
