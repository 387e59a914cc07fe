/** One Compose file read: parsed once, interpolated and checked for whoever asks. */
import type { Budget } from './budget.ts';
import { composeProblem, type KeyPath, type Locate } from './compose-problem.ts';
import { interpolate, type Lookup, TemplateError } from './interpolate.ts';
import { check } from './schema.ts';
import { composeFile } from './schema-project.ts';
import { readText } from './text-file.ts';
import { type Layer, maxFileBytes, parseLayers } from './yaml-source.ts';
import { type Dict, dict, isDict, isList, type Value } from './yaml-value.ts';

/** What one load carries along; included projects get one with their own folder and environment. */
export interface LoadContext {
  /** What relative paths are relative to. */
  readonly folder: string;
  readonly home: string;
  readonly lookup: Lookup;
  readonly environment: Readonly<Record<string, string>>;
  readonly warn: (text: string) => void;
  /** Every document read so far, for the places of late findings. */
  readonly sources: { readonly locate: Locate; readonly holds: (path: KeyPath) => boolean }[];
  /** Files on the way from the top to here through `include`. */
  readonly including: readonly string[];
  /** Counted over the whole load, so that no tree of includes runs away. */
  readonly budget: Budget;
  /** Files parsed already, by path. */
  readonly parsed: Map<string, Promise<readonly Layer[]>>;
}

/** Parses a file once, however often it is asked for. */
export function parsedLayers(file: string, context: Pick<LoadContext, 'budget' | 'parsed'>): Promise<readonly Layer[]> {
  let layers = context.parsed.get(file);
  if (layers === undefined) {
    layers = readText(file, maxFileBytes, 'Compose file').then((text) => parseLayers(file, text, context.budget));
    context.parsed.set(file, layers);
  }
  return layers;
}

/** Reads, interpolates and checks one file; for `extends` too. */
export async function readLayers(file: string, context: LoadContext): Promise<Layer[]> {
  context.budget('files');
  const layers = await parsedLayers(file, context);
  return layers.map((layer) => {
    const tree = interpolateTree(layer.tree, [], layer, context) as Dict;
    return { ...layer, tree: check(tree, composeFile, [], { locate: layer.locate }) as Dict };
  });
}

/** Substitutes variables in every text that is a value; keys are never touched. */
function interpolateTree(value: Value, path: KeyPath, layer: Layer, context: LoadContext): Value {
  if (typeof value === 'string') return value.includes('$') ? interpolateText(value, path, layer, context) : value;
  if (isList(value)) {
    context.budget('values', value.length);
    return value.map((item, index) => interpolateTree(item, [...path, index], layer, context));
  }
  if (!isDict(value)) return value;
  const made = dict();
  const keys = Object.keys(value);
  context.budget('values', keys.length);
  for (const key of keys) made[key] = interpolateTree(value[key] as Value, [...path, key], layer, context);
  return made;
}

function interpolateText(text: string, path: KeyPath, layer: Layer, context: LoadContext): string {
  try {
    const made = interpolate(text, context.lookup, (name) =>
      context.warn(`The variable ${name} is not set; it becomes an empty text.`),
    );
    context.budget('characters', made.length);
    return made;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw composeProblem(error.message, error.right, layer.locate(path), path);
  }
}
