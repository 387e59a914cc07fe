/** The optional parts of the stack: each one a Compose file beside compose.yaml that an environment has on or off. */
import { join } from 'node:path';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { Environment } from './environment.ts';
import { type EnvironmentState, readState, updateState } from './environment-state.ts';
import { mountedFoldersFile } from './source-folders.ts';

interface Capability {
  /** In the compose folder. */
  readonly file: string;
  /** One line for a person. */
  readonly summary: string;
  /** Services that may run more than once only while it is on: their number goes back to one with it. */
  readonly lets: readonly string[];
}

/** In the order their files are merged. */
const capabilities = {
  gateway: {
    file: 'gateway.yaml',
    summary: 'nginx before the backend and the embedding, so that both can run more than once',
    lets: ['backend'],
  },
  n8n: {
    file: 'n8n.yaml',
    summary: 'n8n with workflows: documents by webhook, syncs, nightly re-indexing, alerts',
    lets: [],
  },
  llm: {
    file: 'llm.yaml',
    summary: 'a small language model that the stack runs itself, on the processor',
    lets: [],
  },
} as const satisfies Readonly<Record<string, Capability>>;
export type CapabilityName = keyof typeof capabilities;

export interface CapabilityState {
  readonly name: CapabilityName;
  readonly on: boolean;
  readonly summary: string;
  readonly file: string;
}

const names = Object.keys(capabilities) as CapabilityName[];

/** Every capability there is, and whether this environment has it on. What runs may differ until the next start. */
export async function listCapabilities(
  environment: Pick<Environment, 'root' | 'composeDir'>,
): Promise<CapabilityState[]> {
  const on = new Set((await readState(environment)).capabilities);
  return names.map((name) => ({
    name,
    on: on.has(name),
    summary: capabilities[name].summary,
    file: join(environment.composeDir, capabilities[name].file),
  }));
}

/** compose.yaml, a file for each capability that is on, and that of the folders which sources need, in the order Docker Compose would be given them. */
export async function composeFilesOf(
  environment: Pick<Environment, 'root' | 'composeDir' | 'composeFiles'>,
): Promise<string[]> {
  const list = await listCapabilities(environment);
  const folders = await mountedFoldersFile(environment);
  return [
    ...environment.composeFiles,
    ...list.flatMap(({ on, file }) => (on ? [file] : [])),
    ...(folders === null ? [] : [folders]),
  ];
}

/** The name, where it is one. @throws {ProblemError} `capability-unknown` */
export function capabilityNamed(name: string): CapabilityName {
  const found = names.find((candidate) => candidate === name);
  if (found !== undefined) return found;
  throw new ProblemError(
    problem('capability-unknown', `There is no capability "${name.slice(0, 60)}"`, `There are: ${names.join(', ')}.`, {
      remedies: [{ action: 'copy-command', label: 'See what each is for', command: 'quayside capability list' }],
    }),
  );
}

/** Remembers it for the next start; answers false where nothing changed. Data of one that is off stays. */
export async function setCapability(
  environment: Pick<Environment, 'root'>,
  name: CapabilityName,
  on: boolean,
): Promise<boolean> {
  let changed = false;
  await updateState(environment, (state) => {
    if (state.capabilities.includes(name) === on) return state;
    changed = true;
    const others = state.capabilities.filter((other) => other !== name);
    return on ? { ...state, capabilities: [...others, name] } : { ...without(state, name), capabilities: others };
  });
  return changed;
}

function without(state: EnvironmentState, name: CapabilityName): EnvironmentState {
  const lets: readonly string[] = capabilities[name].lets;
  return {
    ...state,
    scale: Object.fromEntries(Object.entries(state.scale).filter(([service]) => !lets.includes(service))),
  };
}
