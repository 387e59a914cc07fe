/** Loads a Compose project: files in, canonical model or a Problem out. */
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { createBudget } from './budget.ts';
import type { Locate } from './compose-problem.ts';
import { checkConsistency } from './consistency.ts';
import { readServiceEnvironment } from './env-files.ts';
import { readEnvironment } from './environment-files.ts';
import { loadFiles } from './load-files.ts';
import type { ComposeProject, ComposeService } from './model.ts';
import { normalise } from './normalise.ts';
import { activeProfiles, splitByProfile, unusedRemoved } from './profiles.ts';
import { projectNameOf } from './project-name.ts';
import type { LoadContext } from './read-file.ts';
import { fileObjectShape, networkShape, type Shape, serviceShape, shaped, volumeShape } from './shape.ts';
import { assertSupported } from './supported.ts';
import { type Dict, dict, isDict, type Value } from './yaml-value.ts';

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
  /** Loads fields that Quayside cannot run too, for comparing and showing. Default: they are a Problem. */
  readonly allowUnsupported?: boolean;
}

/**
 * Reads, merges, checks and normalises the files.
 * @throws ProblemError `compose-invalid` naming file, line and key, and what would be right.
 */
export async function loadProject(options: LoadOptions): Promise<ComposeProject> {
  const base = options.workingDir === undefined ? process.cwd() : resolve(options.workingDir);
  const files = options.files.map((file) => resolve(base, file));
  const workingDir = options.workingDir === undefined ? dirname(files[0] ?? base) : base;
  const environment = await readEnvironment(options.variables, options.envFiles, workingDir);
  const budget = createBudget();
  const parsed: LoadContext['parsed'] = new Map();
  const name = await projectNameOf(options.projectName, environment, files, workingDir, { budget, parsed });
  environment.COMPOSE_PROJECT_NAME = name;

  const warnings = new Set<string>();
  const context: LoadContext = {
    folder: workingDir,
    home: options.variables.HOME ?? homedir(),
    lookup: lookupIn(environment),
    environment,
    warn: (text) => void (warnings.size < 100 && warnings.add(text)),
    sources: [],
    including: [],
    budget,
    parsed,
  };
  const tree = await loadFiles(files, context);
  const locate = latestPlace(context);
  normalise(tree, name);

  const profiles = activeProfiles(options.profiles, environment);
  const { active, disabled } = splitByProfile(tree.services as Dict, profiles);
  tree.services = active;
  checkConsistency(tree, disabled, locate);
  for (const service of Object.keys(active)) {
    await readServiceEnvironment(service, active[service] as Dict, context.lookup, locate, budget);
  }
  const used = unusedRemoved(tree);
  const project: ComposeProject = {
    name,
    workingDir,
    files,
    environment,
    profiles,
    services: entriesShaped<ComposeService>(active, serviceShape),
    disabledServices: entriesShaped<ComposeService>(disabled, serviceShape),
    networks: entriesShaped(used.networks, networkShape),
    volumes: entriesShaped(used.volumes, volumeShape),
    secrets: entriesShaped(used.secrets, fileObjectShape),
    configs: entriesShaped(used.configs, fileObjectShape),
    extensions: dict(Object.keys(tree).flatMap((key) => (key.startsWith('x-') ? [[key, tree[key] as Value]] : []))),
    warnings: [...warnings],
  };
  if (options.allowUnsupported !== true) assertSupported(project, locate);
  return project;
}

function entriesShaped<T>(entries: Dict, shape: Shape): Record<string, T> {
  const made = dict();
  for (const key of Object.keys(entries).sort()) {
    const entry = entries[key];
    if (isDict(entry)) made[key] = shaped(entry, shape) ?? dict();
  }
  return made as unknown as Record<string, T>;
}

function lookupIn(environment: Readonly<Record<string, string>>): (name: string) => string | undefined {
  return (name) => (Object.hasOwn(environment, name) ? environment[name] : undefined);
}

/** The place of a path in the file that said it last; the deepest match wins. */
function latestPlace(context: LoadContext): Locate {
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      for (let index = context.sources.length - 1; index >= 0; index--) {
        const source = context.sources[index];
        if (source?.holds(path.slice(0, length)) === true) return source.locate(path.slice(0, length));
      }
    }
    return context.sources[0]?.locate(path);
  };
}
