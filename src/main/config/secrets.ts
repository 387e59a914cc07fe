/**
 * The environment's secrets: made once, strong, one file each (0600), never in an environment value or an argument.
 * A lost one is never made anew where data depends on it.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { giveTo, type Owned } from './owner.ts';

/** The part of an environment that secrets concern. */
interface SecretHome extends Owned {
  readonly secretsDir: string;
  readonly volumesDir: string;
}

export const secretNames = [
  'postgres_password',
  'redis_password',
  'qdrant_api_key',
  'nlp_token',
  'backend_token',
  'data_key',
  'n8n_database_password',
  'n8n_encryption_key',
  'n8n_owner_password',
  'n8n_webhook_token',
  'n8n_signing_key',
  'n8n_backend_token',
  'llm_token',
] as const;
export type SecretName = (typeof secretNames)[number];

/**
 * Secrets that data is bound to, and the file by which one sees that there is such data. Not `data_key`: environments
 * that are older than it have none, and what is lost with it are keys of providers, which can be typed in again.
 */
const boundToData: Readonly<
  Partial<
    Record<
      SecretName,
      { service: string; sign: readonly string[]; words: { readonly secret: string; readonly data: string } }
    >
  >
> = {
  postgres_password: {
    service: 'postgres',
    sign: ['postgres', 'PG_VERSION'],
    words: { secret: 'The password of the existing database', data: 'a database' },
  },
  n8n_encryption_key: {
    service: 'n8n',
    sign: ['n8n', 'config'],
    words: { secret: 'The key of the existing n8n', data: 'an n8n with encrypted credentials' },
  },
};

/** Configuration files that hold a secret, so they are kept and mounted like one. */
export const renderedSecretFiles = ['redis.conf', 'qdrant.yaml'] as const;

/**
 * Reads one secret, without its line end.
 * @throws {ProblemError} `secret-unreadable` when the file is gone, empty or not ours to read.
 */
export async function readSecret(environment: Pick<SecretHome, 'secretsDir'>, name: SecretName): Promise<string> {
  const path = join(environment.secretsDir, name);
  try {
    const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      const value = (await file.readFile('utf8')).trim();
      if (value === '') throw new Error('the file is empty');
      return value;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new ProblemError(
      problem(
        'secret-unreadable',
        `The secret ${name} cannot be read`,
        `Quayside could not read ${path}: ${error instanceof Error ? error.message : String(error)}.`,
        {
          remedies: [{ action: 'advice', label: 'Put the file back from a backup, readable by you alone (mode 0600)' }],
        },
      ),
      { cause: error },
    );
  }
}

/** Makes missing secrets and renders the files that hold them. Safe to run again; an existing secret stays as it is. */
export async function ensureSecrets(environment: SecretHome): Promise<void> {
  for (const name of secretNames) await ensureSecret(environment, name);
  const redis = renderRedisConfig(await readSecret(environment, 'redis_password'));
  const qdrant = renderQdrantConfig(await readSecret(environment, 'qdrant_api_key'));
  await writeFileAtomic(join(environment.secretsDir, 'redis.conf'), redis);
  await writeFileAtomic(join(environment.secretsDir, 'qdrant.yaml'), qdrant);
  for (const name of [...secretNames, ...renderedSecretFiles]) {
    await giveTo(environment, join(environment.secretsDir, name));
  }
}

/**
 * Answers a function that blanks every given secret wherever it occurs in a text. Values under 8 characters are
 * left out: blanking those would eat ordinary words.
 */
export function redactor(values: readonly string[]): (text: string) => string {
  const secrets = [...new Set(values)].filter((value) => value.length >= 8).sort((a, b) => b.length - a.length);
  if (secrets.length === 0) return (text) => text;
  const pattern = new RegExp(secrets.map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g');
  return (text) => text.replace(pattern, '[secret]');
}

async function ensureSecret(environment: SecretHome, name: SecretName): Promise<void> {
  const path = join(environment.secretsDir, name);
  if (await exists(path)) return;
  const { [name]: bound } = boundToData;
  // PostgreSQL takes its password only when its folder is empty: a new one would lock the person out of the data.
  if (bound !== undefined && (await exists(join(environment.volumesDir, ...bound.sign)))) {
    throw new ProblemError(
      problem(
        'secret-missing',
        `${bound.words.secret} is missing`,
        `There is ${bound.words.data} in ${join(environment.volumesDir, bound.service)}, but the file ${path} is gone. A new one would not open it.`,
        {
          service: bound.service,
          remedies: [
            { action: 'advice', label: `Put ${name} back into ${environment.secretsDir} from a backup` },
            { action: 'advice', label: 'Or use another environment with --env NAME' },
          ],
        },
      ),
    );
  }
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
    const file = await open(path, flags, 0o600);
    try {
      await file.writeFile(randomBytes(32).toString('base64url'));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    // Another panel made it at the same moment: its value is the one to use.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function renderRedisConfig(password: string): string {
  return [
    '# Written by Quayside at each start; changes here are lost.',
    `requirepass ${password}`,
    'dir /data',
    'appendonly yes',
    'appendfsync everysec',
    'maxmemory 256mb',
    'maxmemory-policy volatile-lru',
    'logfile ""',
    '',
  ].join('\n');
}

function renderQdrantConfig(apiKey: string): string {
  return [
    '# Written by Quayside at each start; changes here are lost.',
    'log_level: INFO',
    'telemetry_disabled: true',
    'service:',
    `  api_key: "${apiKey}"`,
    '  enable_cors: false',
    '',
  ].join('\n');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
