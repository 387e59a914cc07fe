/** The variables a load sees: the caller's own win, then env files, the later the stronger. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Budget } from './budget.ts';
import { composeProblem } from './compose-problem.ts';
import { DotenvError, parseDotenv } from './dotenv.ts';
import type { Lookup } from './interpolate.ts';
import { readText } from './text-file.ts';

const maxEnvBytes = 256 << 10;

/** @param envFiles default to `.env` of the folder, where it exists. @throws ProblemError `compose-invalid`. */
export async function readEnvironment(
  variables: Readonly<Record<string, string>>,
  envFiles: readonly string[] | undefined,
  folder: string,
): Promise<Record<string, string>> {
  const fromFiles = new Map<string, string>();
  const lookup: Lookup = (name) => (Object.hasOwn(variables, name) ? variables[name] : fromFiles.get(name));
  for (const file of envFiles?.map((path) => resolve(folder, path)) ?? (await defaultFiles(folder))) {
    for (const [key, value] of await readEnvFile(file, lookup)) fromFiles.set(key, value);
  }
  const environment = Object.create(null) as Record<string, string>;
  for (const [key, value] of fromFiles) environment[key] = value;
  for (const key of Object.keys(variables)) environment[key] = variables[key] ?? '';
  return environment;
}

async function defaultFiles(folder: string): Promise<string[]> {
  const file = join(folder, '.env');
  return (await isFile(file)) ? [file] : [];
}

/** False for a folder too: Compose passes over one named `.env`. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isFile(),
    () => false,
  );
}

/** Reads and parses one env file on top of `earlier` ones; a Problem names its line. Values never appear in messages. */
export async function readEnvFile(
  file: string,
  lookup: Lookup,
  budget?: Budget,
  earlier?: Map<string, string>,
): Promise<Map<string, string>> {
  const text = await readText(file, maxEnvBytes, 'env file');
  budget?.('envBytes', text.length);
  return parseEnvText(file, text, lookup, earlier);
}

/** As readEnvFile, for a text at hand. */
function parseEnvText(file: string, text: string, lookup: Lookup, earlier?: Map<string, string>): Map<string, string> {
  try {
    return parseDotenv(text, lookup, earlier);
  } catch (error) {
    if (!(error instanceof DotenvError)) throw error;
    // The line itself may hold a secret, so only its number is shown.
    throw composeProblem(error.message, error.right, { file, line: error.line, column: 1, text: '(not shown)' });
  }
}
