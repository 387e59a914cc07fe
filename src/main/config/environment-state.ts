/** What an environment remembers between starts: ports the person chose, images that were pulled or built for it. */
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from './atomic-file.ts';
import type { Environment } from './environment.ts';

const environmentStateSchema = z.object({
  version: z.literal(1).default(1),
  /** Service to the port it publishes on this machine. */
  ports: z.record(z.string(), z.int().min(1).max(65535)).default({}),
  /** Service to how many of its containers run; the file's own count where none was chosen. */
  scale: z.record(z.string(), z.int().min(0).max(100)).default({}),
  /** Compose variable (`QUAYSIDE_REDIS_IMAGE`) to the reference in use. */
  images: z.record(z.string(), z.string().max(512)).default({}),
  /** Optional Compose files that are on. A name that this release does not know is kept and passed over. */
  capabilities: z.array(z.string().max(64)).max(64).default([]),
  /** Folders of the person that the backend may read: name below /sources to where it lies on this machine. */
  sources: z.record(z.string().min(1).max(80), z.string().min(1).max(4096)).default({}),
  /** Any further variable of the compose file the person set: `MAX_WORKERS`, `EMBEDDING_MODEL`. */
  variables: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(4096)).default({}),
});
export type EnvironmentState = z.infer<typeof environmentStateSchema>;

const queues = new Map<string, Promise<unknown>>();

/**
 * Reads the state; an environment without one has an empty state. A file that does not parse is set aside as
 * `environment.json.broken` and counts as empty: everything in it can be found out again.
 */
export async function readState(environment: Pick<Environment, 'root'>): Promise<EnvironmentState> {
  const path = stateFile(environment);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return environmentStateSchema.parse({});
    throw error;
  }
  const parsed = environmentStateSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  await rename(path, `${path}.broken`).catch(() => undefined);
  return environmentStateSchema.parse({});
}

/**
 * Applies a change and writes it atomically. Changes of one process to one environment run one after another,
 * so none is lost; answers the new state.
 */
export async function updateState(
  environment: Pick<Environment, 'root'>,
  change: (state: EnvironmentState) => EnvironmentState,
): Promise<EnvironmentState> {
  const path = stateFile(environment);
  const turn = (queues.get(path) ?? Promise.resolve()).then(async () => {
    const next = environmentStateSchema.parse(change(await readState(environment)));
    await writeFileAtomic(path, `${JSON.stringify(next, null, 2)}\n`);
    return next;
  });
  queues.set(
    path,
    turn.catch(() => undefined),
  );
  return turn;
}

function stateFile(environment: Pick<Environment, 'root'>): string {
  return join(environment.root, 'environment.json');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
