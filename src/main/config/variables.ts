/** The variables compose.yaml takes, from what the environment remembers. */
import { writeFileAtomic } from './atomic-file.ts';
import type { Environment } from './environment.ts';
import { readState } from './environment-state.ts';

/** The port the backend answers on unless the person chose another. */
export const defaultBackendPort = 7420;

/**
 * Every variable the compose file takes that is set for this environment. Holds paths, ids, ports and image
 * references; never a secret. What is not set here falls to the default in the file.
 */
export async function composeVariables(environment: Environment): Promise<Record<string, string>> {
  const state = await readState(environment);
  const ports = Object.fromEntries(
    Object.entries({ backend: defaultBackendPort, ...state.ports }).map(([service, port]) => [
      `QUAYSIDE_${variablePart(service)}_PORT`,
      String(port),
    ]),
  );
  return {
    ...state.variables,
    ...state.images,
    ...ports,
    QUAYSIDE_DATA: environment.root,
    QUAYSIDE_UID: String(environment.owner.uid),
    QUAYSIDE_GID: String(environment.owner.gid),
  };
}

/** Writes `compose.env` (0600), so that real Docker Compose works on the same files: `docker compose --env-file …`. */
export async function writeComposeEnv(environment: Environment): Promise<void> {
  const variables = await composeVariables(environment);
  const lines = Object.entries(variables)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${quoteEnvValue(value)}`);
  const head = '# Written by Quayside at each start; changes here are lost.';
  await writeFileAtomic(environment.composeEnvFile, `${[head, ...lines].join('\n')}\n`);
}

/** The name a service has inside a variable: `n8n-main` is `N8N_MAIN`. */
export function variablePart(service: string): string {
  return service.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

/** Single quotes keep everything as it is; a value that holds one is double-quoted with Compose's escapes. */
function quoteEnvValue(value: string): string {
  if (/^[A-Za-z0-9_./:@-]+$/.test(value)) return value;
  if (!value.includes("'")) return `'${value}'`;
  return `"${value.replace(/[\\"$]/g, '\\$&')}"`;
}
