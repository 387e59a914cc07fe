/** Which Compose files a folder stands for, by the rules of Docker Compose's own command line run in that folder. */
import { stat } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import { isFile, readEnvironment } from './environment-files.ts';

export interface DiscoveredFiles {
  /** Absolute, in merge order; never empty. */
  readonly files: readonly string[];
  /** The first file's folder: what the project's paths and its `.env` are relative to. */
  readonly workingDir: string;
  /** For `LoadOptions.envFiles`, later ones win; absent where the default (`.env` of `workingDir`) is right. */
  readonly envFiles?: readonly string[];
  /** What the label `project.environment_file` holds: files that were named, never the default one. */
  readonly environmentFiles: readonly string[];
  readonly warnings: readonly string[];
}

// In order of preference; the overrides' order is Compose's own, and not the same.
export const baseFileNames: readonly string[] = [
  'compose.yaml',
  'compose.yml',
  'docker-compose.yml',
  'docker-compose.yaml',
];
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
] as const;

/**
 * COMPOSE_FILE (split at COMPOSE_PATH_SEPARATOR) where it is set, in `variables` or the folder's `.env`; otherwise the
 * first base file found in the folder or the nearest parent that has one, and the override file beside it.
 * @param variables the caller's environment; nothing is read from `process.env`.
 * @throws ProblemError `compose-not-found` when there is none, or a named one is missing; `compose-invalid` for a bad env file.
 */
export async function discoverComposeFiles(
  folder: string,
  variables: Readonly<Record<string, string>>,
): Promise<DiscoveredFiles> {
  const start = resolve(folder);
  const named = (variables.COMPOSE_ENV_FILES ?? '')
    .split(',')
    .filter((file) => file !== '')
    .map((file) => resolve(start, file));
  const noDefault = isTrue(variables.COMPOSE_DISABLE_ENV_FILE);
  const given = named.length > 0 ? named : noDefault ? [] : undefined;
  const environment = await readEnvironment(variables, given, start);
  const { files, warnings } =
    (await fromVariable(start, environment)) ?? (await inFolderOrParents(start)) ?? (await nothingFound(start));
  const workingDir = dirname(files[0] ?? start);
  const envFiles = given ?? (await bothDefaults(workingDir, start));
  return { files, workingDir, ...(envFiles === undefined ? {} : { envFiles }), environmentFiles: named, warnings };
}

interface Found {
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

async function fromVariable(folder: string, environment: Readonly<Record<string, string>>): Promise<Found | undefined> {
  const listed = environment.COMPOSE_FILE;
  if (listed === undefined || listed === '') return undefined;
  const separator = environment.COMPOSE_PATH_SEPARATOR;
  const files = listed.split(separator === undefined || separator === '' ? delimiter : separator);
  for (const file of files) {
    // Compose reads standard input for "-"; a panel has none.
    if (file !== '-' && file !== '' && (await exists(resolve(folder, file)))) continue;
    throw new ProblemError(
      problem(
        'compose-not-found',
        file === '' || file === '-' ? 'COMPOSE_FILE names no file' : `${file} does not exist`,
        `COMPOSE_FILE lists the Compose files of ${folder}, and ${
          file === '-'
            ? '"-", standard input, which cannot be read here'
            : file === ''
              ? 'has an empty place in its list'
              : `${isAbsolute(file) ? file : resolve(folder, file)} is not there`
        }.`,
        {
          evidence: [`COMPOSE_FILE=${listed}`],
          remedies: [
            { action: 'advice', label: 'Correct COMPOSE_FILE in the environment or in .env, or remove it there' },
          ],
        },
      ),
    );
  }
  return { files: files.map((file) => resolve(folder, file)), warnings: [] };
}

async function inFolderOrParents(start: string): Promise<Found | undefined> {
  for (let folder = start; ; ) {
    const bases = await present(folder, baseFileNames);
    const [base] = bases;
    if (base !== undefined) {
      const overrides = await present(folder, overrideNames);
      const [override] = overrides;
      return {
        files: override === undefined ? [base] : [base, override],
        warnings: [...several('Compose files', bases), ...several('override files', overrides)],
      };
    }
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

async function nothingFound(folder: string): Promise<never> {
  const there = await exists(folder);
  throw new ProblemError(
    problem(
      'compose-not-found',
      there ? `No Compose file in ${folder}` : `${folder} does not exist`,
      there
        ? `Neither ${folder} nor a folder above it holds one of ${baseFileNames.join(', ')}.`
        : 'A Compose project is a folder with a Compose file; this folder is not there.',
      { remedies: [{ action: 'advice', label: 'Choose the folder that holds compose.yaml, or name the file' }] },
    ),
  );
}

/**
 * Where the files lie elsewhere, Compose reads `.env` of both folders and the one it was called in wins.
 * The loader's own default knows only the files' folder.
 */
async function bothDefaults(workingDir: string, folder: string): Promise<string[] | undefined> {
  if (workingDir === folder || !(await isFile(join(folder, '.env')))) return undefined;
  const both = [join(workingDir, '.env'), join(folder, '.env')] as const;
  return (await isFile(both[0])) ? [...both] : [both[1]];
}

function several(what: string, files: readonly string[]): string[] {
  if (files.length < 2) return [];
  return [`There are several ${what}: ${files.join(', ')}. ${files[0]} is used.`];
}

async function present(folder: string, names: readonly string[]): Promise<string[]> {
  const files = names.map((name) => join(folder, name));
  const there = await Promise.all(files.map(exists));
  return files.filter((_, index) => there[index]);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** As Go's strconv.ParseBool says yes. */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(1|t|T|true|TRUE|True)$/.test(value);
}
