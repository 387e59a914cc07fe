/**
 * An environment: one stack's folder with its state, secrets and data. Owns where each file lies and who owns it;
 * never talks to an engine. The composition root opens it once and hands it to everything else.
 */
import { createHash } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import { giveTo } from './owner.ts';
import { ensureSecrets } from './secrets.ts';

export interface Environment {
  readonly name: string;
  /** `<dataDir>/<name>`: everything of this environment lies below it. */
  readonly root: string;
  /** The Compose project name. */
  readonly project: string;
  readonly dataDir: string;
  /** The folder with compose.yaml, images/ and services/; read-only to us. */
  readonly composeDir: string;
  /** The file of every stack; `composeFilesOf` (capabilities.ts) adds the optional ones that are on. */
  readonly composeFiles: string[];
  readonly secretsDir: string;
  readonly volumesDir: string;
  readonly backupsDir: string;
  readonly journalDir: string;
  readonly composeEnvFile: string;
  /** Who the containers run as, and who owns what they read and write. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

/** The bind-mounted folders below `volumes/`, one or more per service that keeps data. */
export const volumeFolders = [
  'postgres',
  'postgres-spool',
  'redis',
  'qdrant',
  'qdrant-snapshots',
  'sources',
  'n8n',
  'llm',
] as const;

const namePattern = /^[a-z0-9][a-z0-9-]{0,30}$/;

/** Where environments lie when `--data` is not given. Does not create it. */
export function defaultDataDir(
  platform: NodeJS.Platform = process.platform,
  variables: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Quayside');
  if (platform === 'win32') return join(variables.APPDATA ?? join(home, 'AppData', 'Roaming'), 'Quayside');
  return join(variables.XDG_DATA_HOME || join(home, '.local', 'share'), 'quayside');
}

/**
 * The user the containers run as: the person's own on Linux, so that no file needs root; 1000:1000 when that is
 * root, and where the engine runs in a virtual machine that maps owners itself.
 */
export function containerOwner(
  platform: NodeJS.Platform = process.platform,
  uid: number = process.getuid?.() ?? 1000,
  gid: number = process.getgid?.() ?? 1000,
): { uid: number; gid: number } {
  return platform === 'linux' && uid !== 0 ? { uid, gid } : { uid: 1000, gid: 1000 };
}

/**
 * Opens the environment: makes its folders and secrets where they are missing, never changes one that is there.
 * @throws {ProblemError} `environment-name`, `data-folder`, `secret-missing`, `secret-unreadable`.
 */
export async function openEnvironment(options: {
  dataDir: string;
  name: string;
  composeDir: string;
}): Promise<Environment> {
  const { name } = options;
  if (!namePattern.test(name)) {
    throw new ProblemError(
      problem(
        'environment-name',
        `"${name.slice(0, 60)}" cannot be an environment's name`,
        'A name has 1 to 31 small letters, digits and dashes, and begins with a letter or a digit.',
        { remedies: [{ action: 'advice', label: 'Choose a name such as dev, staging or prod' }] },
      ),
    );
  }
  const asked = resolve(options.dataDir);
  // A line break cannot be told in an env file.
  if (/[\r\n\0]/.test(asked)) throw folderProblem(asked, 'Its path holds a line break.');
  try {
    await makeFolder(asked);
    const dataDir = await realpath(asked);
    const root = join(dataDir, name);
    const environment: Environment = {
      name,
      root,
      project: await projectName(dataDir, name),
      dataDir,
      composeDir: resolve(options.composeDir),
      composeFiles: [join(resolve(options.composeDir), 'compose.yaml')],
      secretsDir: join(root, 'secrets'),
      volumesDir: join(root, 'volumes'),
      backupsDir: join(root, 'backups'),
      journalDir: join(root, 'journal'),
      composeEnvFile: join(root, 'compose.env'),
      owner: containerOwner(),
    };
    for (const folder of [
      root,
      environment.secretsDir,
      environment.volumesDir,
      environment.backupsDir,
      environment.journalDir,
    ]) {
      await makeFolder(folder);
    }
    for (const folder of volumeFolders)
      await giveTo(environment, await makeFolder(join(environment.volumesDir, folder)));
    await ensureSecrets(environment);
    return environment;
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw folderProblem(asked, error instanceof Error ? error.message : String(error));
  }
}

async function makeFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  return path;
}

/** Two data folders on one engine never share a project, so the hash tells them apart; the usual folder needs none. */
async function projectName(dataDir: string, name: string): Promise<string> {
  const usual = await realpath(defaultDataDir()).catch(() => defaultDataDir());
  if (dataDir === usual) return `quayside-${name}`;
  return `quayside-${name}-${createHash('sha256').update(dataDir).digest('hex').slice(0, 6)}`;
}

function folderProblem(path: string, cause: string): ProblemError {
  return new ProblemError(
    problem('data-folder', 'The data folder cannot be used', `Quayside could not prepare ${path}. ${cause}`, {
      evidence: [cause],
      remedies: [{ action: 'advice', label: 'Choose a folder you may write to, with --data DIR' }],
    }),
  );
}
