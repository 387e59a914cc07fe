/** What the container is told: environment values, and a token in a file. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Settings {
  readonly port: number;
  /** Every request but /health needs it. */
  readonly token: string;
  readonly modelPath: string;
  /** Tokens of prompt and answer together. */
  readonly contextSize: number;
  readonly threads: number;
  /** Requests that may wait while one is answered; the next is refused. */
  readonly queue: number;
}

/** A model that the person laid into the mounted folder comes before the one in the image. */
export function readSettings(variables: Readonly<Record<string, string | undefined>>): Settings {
  const token = readFileSync(variables.LLM_TOKEN_FILE ?? '/run/secrets/llm_token', 'utf8').trim();
  if (token === '') throw new Error('LLM_TOKEN_FILE is empty');
  return {
    port: whole(variables.PORT, 8080, 1, 65_535),
    token,
    modelPath: modelIn(variables.LLM_MODELS ?? '/models') ?? modelIn('/app/model') ?? fail('There is no model'),
    contextSize: whole(variables.LLM_CONTEXT, 4096, 512, 131_072),
    threads: whole(variables.LLM_THREADS, 2, 1, 256),
    queue: whole(variables.LLM_QUEUE, 8, 0, 1000),
  };
}

function modelIn(folder: string): string | undefined {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return undefined;
  }
  const [first] = names.filter((name) => name.endsWith('.gguf')).sort();
  return first === undefined ? undefined : join(folder, first);
}

function whole(text: string | undefined, usual: number, least: number, most: number): number {
  const value = text === undefined || text === '' ? usual : Number(text);
  if (!Number.isInteger(value) || value < least || value > most) throw new Error(`${text} is not ${least} to ${most}`);
  return value;
}

function fail(words: string): never {
  throw new Error(words);
}
