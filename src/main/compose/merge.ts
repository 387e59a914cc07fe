/** Compose's rules for merging one canonical file (or service) over another. */
import type { KeyPath } from './compose-problem.ts';
import { type Dict, dict, isDict, isList, scalarText, type Value } from './yaml-value.ts';

/** What identifies an entry of a list: a later one with the same identity takes the earlier one's place. */
type Identity = (entry: Value) => string;

const byText: Identity = (entry) => scalarText(entry as string);
const byField =
  (...fields: readonly string[]): Identity =>
  (entry) =>
    isDict(entry) ? fields.map((field) => String(entry[field] ?? '')).join('\0') : String(entry);

const identities: Readonly<Record<string, Identity>> = {
  cap_add: byText,
  cap_drop: byText,
  dns: byText,
  dns_opt: byText,
  dns_search: byText,
  expose: byText,
  external_links: byText,
  links: byText,
  profiles: byText,
  security_opt: byText,
  tmpfs: byText,
  env_file: byField('path'),
  devices: byField('target'),
  volumes: byField('target'),
  ports: byField('host_ip', 'published', 'target', 'protocol'),
  secrets: (entry) => referenceTarget(entry, '/run/secrets/'),
  configs: (entry) => referenceTarget(entry, '/'),
};

function referenceTarget(entry: Value, folder: string): string {
  if (!isDict(entry)) return String(entry);
  const target = String(entry.target ?? entry.source ?? '');
  return target.startsWith('/') ? target : `${folder}${target}`;
}

/** A file over what was merged before. Neither argument is changed. */
export function mergeFiles(base: Dict, over: Dict): Dict {
  const made = dict(Object.entries(base));
  for (const key of Object.keys(over)) {
    const value = over[key] as Value;
    const before = made[key];
    if (key === 'services' && isDict(before) && isDict(value)) made[key] = mergeEntries(before, value, mergeServices);
    else if (isDict(before) && isDict(value) && !key.startsWith('x-'))
      made[key] = mergeEntries(before, value, mergeAny);
    else made[key] = value;
  }
  return made;
}

/** A service over another of the same name, or over the one it extends. */
export function mergeServices(base: Value, over: Value): Value {
  if (!isDict(base) || !isDict(over)) return over ?? base;
  const made = dict(Object.entries(base));
  for (const key of Object.keys(over)) {
    const value = over[key] as Value;
    made[key] = key in made && !key.startsWith('x-') ? mergeField(key, made[key] as Value, value) : value;
  }
  return made;
}

/** Removes the repetitions that one list may hold by itself. */
export function uniqueService(service: Dict): Dict {
  for (const key of Object.keys(service)) {
    const identity = Object.hasOwn(identities, key) ? identities[key] : undefined;
    const value = service[key];
    if (identity !== undefined && isList(value)) service[key] = unique(value, identity);
  }
  return service;
}

function mergeField(key: string, before: Value, value: Value): Value {
  if (key === 'command' || key === 'entrypoint') return value;
  if (value === null) return before;
  if (before === null) return value;
  if (key === 'networks' && isDict(before) && isDict(value)) return mergeEntries(before, value, mergeNetwork);
  if (key === 'logging' && isDict(before) && isDict(value)) return mergeLogging(before, value);
  if (key === 'healthcheck' && isDict(before) && isDict(value)) {
    const made = mergeAny(before, value) as Dict;
    if (value.test !== undefined) made.test = value.test;
    return made;
  }
  if (key === 'ulimits' && isDict(before) && isDict(value))
    return dict([...Object.entries(before), ...Object.entries(value)]);
  if (isList(before) && isList(value)) {
    const joined = [...before, ...value];
    const identity = Object.hasOwn(identities, key) ? identities[key] : undefined;
    return identity === undefined ? joined : unique(joined, identity);
  }
  return mergeAny(before, value);
}

/** As any mapping, but an alias stands once. */
function mergeNetwork(before: Value, value: Value): Value {
  const made = mergeAny(before, value);
  if (isDict(made) && isList(made.aliases)) made.aliases = unique(made.aliases, byText);
  return made;
}

/** Options belong to a driver: with another driver the earlier ones are dropped. */
function mergeLogging(before: Dict, value: Dict): Value {
  const sameDriver = before.driver === undefined || value.driver === undefined || before.driver === value.driver;
  return sameDriver ? mergeAny(before, value) : value;
}

/** Mappings merge key by key, lists are appended, anything else is replaced. */
function mergeAny(before: Value, value: Value): Value {
  if (isDict(before) && isDict(value)) return mergeEntries(before, value, mergeAny);
  if (isList(before) && isList(value)) return [...before, ...value];
  return value === null && isDict(before) ? before : value;
}

function mergeEntries(before: Dict, value: Dict, merge: (before: Value, value: Value) => Value): Dict {
  const made = dict(Object.entries(before));
  for (const key of Object.keys(value)) {
    const entry = value[key] as Value;
    made[key] = key in made && !key.startsWith('x-') ? merge(made[key] as Value, entry) : entry;
  }
  return made;
}

function unique(list: readonly Value[], identity: Identity): Value[] {
  const places = new Map<string, number>();
  const made: Value[] = [];
  for (const entry of list) {
    const key = identity(entry);
    const place = places.get(key);
    if (place === undefined) {
      places.set(key, made.length);
      made.push(entry);
    } else made[place] = entry;
  }
  return made;
}

/** Removes what stands at the paths, as far as anything does; parents are copied, each once, so that nothing shared changes. */
export function without(tree: Dict, paths: readonly KeyPath[]): Dict {
  return paths.length === 0 ? tree : pruned(tree, pathTree(paths));
}

/** The paths as a tree of keys; null stands for the end of one. */
interface PathTree extends Map<string | number, PathTree | null> {}

function pathTree(paths: readonly KeyPath[]): PathTree {
  const root: PathTree = new Map();
  for (const path of paths) {
    let node = root;
    for (const [index, key] of path.entries()) {
      const below = node.get(key);
      // What stands above it goes already.
      if (below === null) break;
      if (index === path.length - 1) node.set(key, null);
      else {
        const next = below ?? new Map();
        node.set(key, next);
        node = next;
      }
    }
  }
  return root;
}

function pruned(tree: Dict, paths: PathTree): Dict {
  const made = dict(Object.entries(tree));
  for (const [key, below] of paths) {
    if (!(key in made)) continue;
    const child = made[key];
    if (below === null) delete made[key];
    else if (isDict(child)) made[key] = pruned(child, below);
  }
  return made;
}
