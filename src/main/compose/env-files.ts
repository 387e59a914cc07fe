/** A service's `env_file` entries, folded into its `environment`. */
import type { Budget } from './budget.ts';
import { composeProblem, type Locate } from './compose-problem.ts';
import { readEnvFile } from './environment-files.ts';
import type { Lookup } from './interpolate.ts';
import { type Dict, dict, isDict, isList, type Value } from './yaml-value.ts';

/** Changes the service in place: later files win over earlier ones, `environment` over all. */
export async function readServiceEnvironment(
  name: string,
  service: Dict,
  lookup: Lookup,
  locate: Locate,
  budget: Budget,
): Promise<void> {
  const files = isList(service.env_file) ? service.env_file : [];
  delete service.env_file;
  if (files.length === 0) return;
  const own = isDict(service.environment) ? service.environment : dict();
  // As Compose has it since 2.40: the project's own variables first, then the service's, then the files' so far.
  const find: Lookup = (key) => lookup(key) ?? (typeof own[key] === 'string' ? own[key] : undefined);
  const values = new Map<string, string>();
  for (const [index, file] of files.entries()) {
    if (!isDict(file)) continue;
    const path = ['services', name, 'env_file', index];
    try {
      await readEnvFile(String(file.path), find, budget, values);
    } catch (error) {
      if (!isMissing(error)) throw error;
      if (file.required === false) continue;
      throw composeProblem(
        `the env file ${String(file.path)} of ${name} does not exist`,
        'Create it, or write {path: …, required: false}.',
        locate(path),
        path,
      );
    }
  }
  budget('values', values.size);
  const environment = dict(values);
  for (const key of Object.keys(own)) environment[key] = own[key] as Value;
  service.environment = environment;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && /does not exist$/.test(error.message);
}
