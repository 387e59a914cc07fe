/**
 * What a backup file is: a plain tar whose first entry is `head.json` (a fixed 4 KiB, so that it can be written last)
 * and whose last is `manifest.json` with the size and SHA-256 of everything between. Any tar reads it.
 */
import { z } from 'zod';
import { backupEntrySchema } from '../../shared/model/backup.ts';

export const formatVersion = 1;
export const headName = 'head.json';
export const manifestName = 'manifest.json';
export const headBytes = 4096;
/** A manifest larger than this is not ours: about 10,000 entries. */
export const maxManifestBytes = 8 * 1024 * 1024;
export const extension = '.qbk';
export const partialSuffix = '.partial';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const headSchema = z.strictObject({
  format: z.literal('quayside-backup'),
  version: z.int().min(1),
  id: z.string().max(128),
  atMs: z.number(),
  environment: z.string().max(64),
  appVersion: z.string().max(32),
  manifest: z.strictObject({
    /** Of its content, from the file's start. */
    offset: z.int().nonnegative(),
    bytes: z.int().nonnegative().max(maxManifestBytes),
    sha256,
  }),
});
export type Head = z.infer<typeof headSchema>;

/** Facts a drill or a restore compares with: server versions, row and key counts. */
const factsSchema = z.record(z.string().max(200), z.union([z.string().max(1000), z.number()]));
export type Facts = z.infer<typeof factsSchema>;

export const manifestSchema = z.strictObject({
  version: z.int().min(1),
  id: z.string().max(128),
  atMs: z.number(),
  /** When the last store had been read. */
  endedAtMs: z.number(),
  environment: z.string().max(64),
  project: z.string().max(128),
  appVersion: z.string().max(32),
  entries: z.array(backupEntrySchema.extend({ facts: factsSchema })).max(10_000),
  notes: z.array(z.string().max(500)).max(20),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestEntry = Manifest['entries'][number];

/** `stack-20261123T201500Z-a1b2c3`: sorts by time, unique, safe as a file name everywhere. */
export const idPattern = /^stack-\d{8}T\d{6}Z-[0-9a-f]{6}$/;

export function newId(atMs: number, random: string): string {
  const utc = new Date(atMs).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  return `stack-${utc}-${random}`;
}

const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Why a name may not stand in an archive, or null: only plain relative paths that every system can hold. */
export function nameFault(name: string): string | null {
  if (name.length === 0 || Buffer.byteLength(name) > 100) return 'its length';
  if (!/^[A-Za-z0-9._/%~-]+$/.test(name)) return 'a character that no entry of ours has';
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'a path that leads elsewhere';
  if (parts.some((part) => reserved.test(part))) return 'a name that Windows keeps for itself';
  return null;
}

/** Turns a store's own name (a database, a collection) into one part of an entry's path. `digest` keeps long ones apart. */
export function entryPart(name: string, digest: (text: string) => string): string {
  const safe = encodeURIComponent(name).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  if (safe.length <= 64 && nameFault(safe) === null) return safe;
  return `${safe.replace(/[^A-Za-z0-9_-]/g, '').slice(0, 40)}~${digest(name).slice(0, 16)}`;
}

/** The head as its 4 KiB: JSON, filled up with spaces and one line end. */
export function encodeHead(head: Head): Buffer {
  const text = Buffer.from(JSON.stringify(head));
  const block = Buffer.alloc(headBytes, 0x20);
  text.copy(block);
  block[headBytes - 1] = 0x0a;
  return block;
}
