/** `extends`: a service on top of another of the same file or of another file, chained as far as it goes. */
import { dirname } from 'node:path';
import { canonicalFile } from './canonical-project.ts';
import { composeProblem, didYouMean, shown } from './compose-problem.ts';
import { mergeFiles, mergeServices } from './merge.ts';
import { countPorts } from './ports-syntax.ts';
import { type LoadContext, readLayers } from './read-file.ts';
import type { Layer } from './yaml-source.ts';
import { copy, countValues, type Dict, dict, isDict } from './yaml-value.ts';

const maxChain = 60;

/** Services of one file, and what is needed to read the files they extend. */
interface Scope {
  readonly file: string;
  readonly services: Dict;
  readonly layer: Layer;
  readonly done: Map<string, Dict>;
  readonly files: Map<string, Promise<Scope>>;
}

/** @returns the services with every `extends` carried out and removed. */
export async function applyExtends(services: Dict, layer: Layer, context: LoadContext): Promise<Dict> {
  const scope: Scope = { file: layer.file, services, layer, done: new Map(), files: new Map() };
  const made = dict();
  for (const name of Object.keys(services)) {
    const service = services[name];
    made[name] = isDict(service) ? await extended(name, scope, context, []) : (service ?? null);
  }
  return made;
}

async function extended(name: string, scope: Scope, context: LoadContext, chain: readonly string[]): Promise<Dict> {
  const known = scope.done.get(name);
  if (known !== undefined) return known;
  const service = scope.services[name] as Dict;
  const base = service.extends;
  if (!isDict(base)) return service;
  const path = ['services', name, 'extends'];
  const step = `${scope.file}\0${name}`;
  if (chain.length > maxChain) {
    const right = 'Extend in fewer steps.';
    throw composeProblem(
      `${name} extends more than ${maxChain} services in a row`,
      right,
      scope.layer.locate(path),
      path,
    );
  }
  if (chain.includes(step)) {
    const round = [...chain.slice(chain.indexOf(step)), step].map((item) => item.split('\0')[1]);
    throw composeProblem(
      `services extend each other in a circle: ${round.slice(0, 12).join(' -> ')}`,
      'Remove one of these `extends`.',
      scope.layer.locate(path),
      path,
    );
  }
  const source = await sourceOf(base, scope, context);
  const target = String(base.service ?? '');
  if (!isDict(source.services[target])) {
    const meant = didYouMean(target, Object.keys(source.services));
    throw composeProblem(
      `${name} extends the service ${shown(target)}, which ${source.file} does not define`,
      meant === undefined ? 'Name a service of that file.' : `Did you mean \`${meant}\`?`,
      scope.layer.locate([...path, 'service']),
      path,
    );
  }
  const below = await extended(target, source, context, [...chain, step]);
  context.budget('values', countValues(below));
  const own = dict(Object.entries(service).filter(([key]) => key !== 'extends'));
  const merged = mergeServices(copy(below), own) as Dict;
  delete merged.extends;
  scope.done.set(name, merged);
  return merged;
}

function sourceOf(base: Dict, scope: Scope, context: LoadContext): Promise<Scope> | Scope {
  if (base.file === undefined || base.file === scope.file) return scope;
  const file = String(base.file);
  let source = scope.files.get(file);
  if (source === undefined) {
    source = readScope(file, scope, context);
    scope.files.set(file, source);
  }
  return source;
}

/** Another file's services; its relative paths are relative to its own folder. */
async function readScope(file: string, scope: Scope, context: LoadContext): Promise<Scope> {
  const layers = await readLayers(file, context);
  for (const layer of layers) context.budget('ports', countPorts(layer.tree));
  let tree = dict([['services', dict()]]);
  for (const layer of layers) {
    tree = mergeFiles(tree, canonicalFile(layer.tree, dirname(file), context.home, layer.locate));
  }
  const layer = layers[layers.length - 1] ?? scope.layer;
  return { file, services: tree.services as Dict, layer, done: new Map(), files: scope.files };
}
