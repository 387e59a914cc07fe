/** The environment's configuration: what it remembers, and the compose files it runs. Never a secret. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { composeFilesOf } from '../config/capabilities.ts';
import type { Environment } from '../config/environment.ts';
import { readSecret, redactor, secretNames } from '../config/secrets.ts';
import type { ArchiveWriter } from './archive-writer.ts';

export const secretsNote =
  'Secrets are not included. Keep a copy of the secrets folder of this environment in a safe place: without them the services of a restored stack get new ones.';

/** Adds each file that is there, with every secret of the environment blanked should one have got in. */
export async function backUpConfig(environment: Environment, archive: ArchiveWriter): Promise<number> {
  const redact = redactor(await Promise.all(secretNames.map((name) => readSecret(environment, name))));
  const composeFiles = await composeFilesOf(environment);
  const files = [join(environment.root, 'environment.json'), environment.composeEnvFile, ...composeFiles];
  let added = 0;
  for (const path of files) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (text === null) continue;
    await archive.add({ name: `config/${basename(path)}`, kind: 'config' }, Readable.from([redact(text)]));
    added += 1;
  }
  return added;
}
