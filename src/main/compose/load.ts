/** Loads a Compose project: files in, canonical model or a Problem out. */
import type { ComposeProject } from './model.ts';

export interface LoadOptions {
  /** Paths of the Compose files in merge order; relative ones resolve against `workingDir` or the process's folder. */
  readonly files: readonly string[];
  /** Default: the first file's folder. */
  readonly workingDir?: string;
  /** As `-p`: wins over COMPOSE_PROJECT_NAME and `name:`. */
  readonly projectName?: string;
  /** The caller's environment; wins over env files. Nothing is read from `process.env`. */
  readonly variables: Readonly<Record<string, string>>;
  /** As `--env-file`: default is `.env` of the working folder where it exists. Later files win. */
  readonly envFiles?: readonly string[];
  /** As `--profile`; `*` switches all on. Default: COMPOSE_PROFILES of the environment. */
  readonly profiles?: readonly string[];
}

/**
 * Reads, merges, checks and normalises the files.
 * @throws ProblemError `compose-invalid` naming file, line and key, and what would be right.
 */
export function loadProject(_options: LoadOptions): Promise<ComposeProject> {
  return Promise.reject(new Error('under construction'));
}
