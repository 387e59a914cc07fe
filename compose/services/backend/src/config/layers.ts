/** Where settings stand outside the database, read once at the start. */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { commandLineLayer, type Layers } from './resolve.ts';

/** @throws {Error} for a command line that does not fit, or an .env file that is there and cannot be read */
export function readLayers(argv: readonly string[], env: NodeJS.ProcessEnv): Omit<Layers, 'database'> {
  const path = env.RAG_ENV_FILE ?? '.env';
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || env.RAG_ENV_FILE !== undefined) throw error;
  }
  return { commandLine: commandLineLayer(argv), environment: env, envFile: parseEnv(text) };
}
