/** Several Compose files into one merged tree: each is read, made canonical, extended, and merged over those before. */
import { canonicalFile } from './canonical-project.ts';
import { composeProblem, type KeyPath } from './compose-problem.ts';
import { applyExtends } from './extends.ts';
import { applyInclude } from './include.ts';
import { mergeFiles, uniqueService, without } from './merge.ts';
import { applyFileDefaults } from './normalise.ts';
import { countPorts } from './ports-syntax.ts';
import { type LoadContext, readLayers } from './read-file.ts';
import type { Layer } from './yaml-source.ts';
import { type Dict, dict, isDict, isList, type Value } from './yaml-value.ts';

/** @returns the merged canonical tree. @throws ProblemError `compose-invalid`. */
export async function loadFiles(files: readonly string[], context: LoadContext): Promise<Dict> {
  if (files.length === 0) {
    throw composeProblem('no Compose file was given', 'Name at least one file, such as compose.yaml.', undefined);
  }
  let merged = dict();
  let documents = 0;
  for (const file of files) {
    for (const layer of await readLayers(file, context)) {
      documents++;
      const tree = await prepare(layer, context);
      merged = mergeFiles(without(merged, [...layer.resets, ...layer.overrides]), tree);
    }
  }
  if (documents === 0) {
    throw composeProblem(`${files[0]} is empty`, 'Give it at least one service under `services:`.', undefined);
  }
  const services = merged.services;
  if (isDict(services)) {
    for (const name of Object.keys(services)) if (isDict(services[name])) uniqueService(services[name]);
    applyFileDefaults(services, context.folder, context.lookup);
  }
  return merged;
}

/** A checked document as a canonical tree with `extends` and `include` carried out. */
async function prepare(layer: Layer, context: LoadContext): Promise<Dict> {
  if (layer.tree.version !== undefined) {
    context.warn('The key `version` is obsolete and has no effect; remove it.');
  }
  context.budget('ports', countPorts(layer.tree));
  const tree = canonicalFile(layer.tree, context.folder, context.home, layer.locate);
  delete tree.version;
  delete tree.name;
  const services = tree.services as Dict;
  context.budget('services', Object.keys(services).length);
  const original = layer.tree;
  context.sources.push({ locate: layer.locate, holds: (path) => holds(original, path) });
  tree.services = await applyExtends(services, layer, context);
  return applyInclude(tree, layer, context, loadFiles);
}

function holds(tree: Value | undefined, path: KeyPath): boolean {
  let node: Value | undefined = tree;
  for (const part of path) {
    if (isDict(node) && String(part) in node) node = node[String(part)];
    else if (isList(node) && typeof part === 'number' && part < node.length) node = node[part];
    else return false;
  }
  return true;
}
