/** The last verdict of a check, kept beside its archive. It counts only for the very file it was made of. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Backup } from '../../shared/model/backup.ts';
import { writeFileAtomic } from '../config/atomic-file.ts';

const verdictSchema = z.strictObject({
  atMs: z.number(),
  ok: z.boolean(),
  detail: z.string().max(1000),
  file: z.strictObject({ bytes: z.int().nonnegative(), changedAtMs: z.number() }),
});
type Verdict = z.infer<typeof verdictSchema>;

export const verdictPath = (archivePath: string): string => `${archivePath}.verdict.json`;

export async function writeVerdict(archivePath: string, verdict: Verdict): Promise<void> {
  await writeFileAtomic(
    verdictPath(archivePath),
    `${JSON.stringify({ ...verdict, detail: verdict.detail.slice(0, 1000) })}\n`,
  );
}

/** null when it was never checked, or the file has changed since. */
export async function readVerdict(archivePath: string, file: Verdict['file']): Promise<Backup['verified']> {
  try {
    const {
      atMs,
      ok,
      detail,
      file: then,
    } = verdictSchema.parse(JSON.parse(await readFile(verdictPath(archivePath), 'utf8')));
    return then.bytes === file.bytes && then.changedAtMs === file.changedAtMs ? { atMs, ok, detail } : null;
  } catch {
    return null;
  }
}
