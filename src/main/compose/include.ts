/** `include`: other projects' resources, each loaded with its own folder and env file, and none redefined. */
import { dirname } from 'node:path';
import { composeProblem, type KeyPath } from './compose-problem.ts';
import { readEnvironment } from './environment-files.ts';
import { resolvePath } from './paths.ts';
import type { LoadContext } from './read-file.ts';
import type { Layer } from './yaml-source.ts';
import { type Dict, dict, isDict, isList, type Value } from './yaml-value.ts';

/** Loads the files of a project into one tree. */
type LoadFiles = (files: readonly string[], context: LoadContext) => Promise<Dict>;

/** @returns the tree with what it includes, without `include`. */
export async function applyInclude(tree: Dict, layer: Layer, context: LoadContext, load: LoadFiles): Promise<Dict> {
  const entries = isList(tree.include) ? tree.include : [];
  const made = dict(Object.entries(tree).filter(([key]) => key !== 'include'));
  for (const [index, entry] of entries.entries()) {
    const path = ['include', index];
    importResources(made, await included(entry, path, layer, context, load), path, layer);
  }
  return made;
}

async function included(
  entry: Value,
  path: KeyPath,
  layer: Layer,
  context: LoadContext,
  load: LoadFiles,
): Promise<Dict> {
  const given = isDict(entry) ? entry : dict([['path', entry]]);
  const files = textsOf(given.path).map((file) => resolvePath(file, context.folder, context.home));
  const first = files[0];
  if (first === undefined) {
    throw composeProblem('an include names no file', 'Give it a `path`.', layer.locate(path), path);
  }
  const round = files.find((file) => context.including.includes(file) || file === layer.file);
  if (round !== undefined || context.including.length > 30) {
    throw composeProblem(
      `files include each other in a circle: ${[...context.including, layer.file, round ?? first].slice(-6).join(' -> ')}`,
      'Remove one of these `include`s.',
      layer.locate(path),
      path,
    );
  }
  const folder =
    typeof given.project_directory === 'string'
      ? resolvePath(given.project_directory, context.folder, context.home)
      : dirname(first);
  const envFiles = textsOf(given.env_file).map((file) => resolvePath(file, context.folder, context.home));
  const environment = await readEnvironment(context.environment, envFiles.length > 0 ? envFiles : undefined, folder);
  return load(files, {
    ...context,
    folder,
    environment,
    lookup: (name) => environment[name],
    including: [...context.including, layer.file],
  });
}

function textsOf(value: Value | undefined): string[] {
  return value === undefined ? [] : [value].flat().map(String);
}

function importResources(into: Dict, from: Dict, path: KeyPath, layer: Layer): void {
  for (const kind of ['services', 'networks', 'volumes', 'secrets', 'configs'] as const) {
    const source = from[kind];
    if (!isDict(source)) continue;
    const own = isDict(into[kind]) ? into[kind] : dict();
    const target = dict(Object.entries(own));
    into[kind] = target;
    for (const name of Object.keys(source)) {
      if (name in target && JSON.stringify(target[name]) !== JSON.stringify(source[name])) {
        throw composeProblem(
          `${kind}.${name} stands in this file and in one that it includes`,
          'Rename one of the two, or merge the files by naming both at the start.',
          layer.locate([kind, name]) ?? layer.locate(path),
          [kind, name],
        );
      }
      target[name] = source[name] as Value;
    }
  }
}
