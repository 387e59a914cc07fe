/** Where set-up finds and keeps things. */
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** What may be thrown away and is made again. */
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'quayside');
/** Logs, reports and screenshots of runs; git-ignored. */
export const artifacts = join(root, 'artifacts');
export const logs = join(artifacts, 'setup');
