/** A whole file from short syntax into the long one, with relative paths made absolute. */
import { applyChanges, canonicalService, textMap, within } from './canonical-service.ts';
import type { KeyPath, Locate } from './compose-problem.ts';
import { resolveServicePaths, resolveTopLevelPaths } from './paths.ts';
import { type Dict, dict, isDict, type Value } from './yaml-value.ts';

const stringMap = textMap('');
const network = within({
  driver_opts: stringMap,
  labels: stringMap,
});
const volume = within({ driver_opts: stringMap, labels: stringMap });
const fileObject = within({ driver_opts: stringMap, labels: stringMap });

/**
 * @param raw has passed the schema.
 * @param folder is what the file's relative paths are relative to.
 */
export function canonicalFile(raw: Dict, folder: string, home: string, locate: Locate): Dict {
  const made = dict(Object.entries(raw));
  made.services = eachEntry(raw.services, ['services'], (service, path) =>
    isDict(service) ? resolveServicePaths(canonicalService(service, path, locate), folder, home) : service,
  );
  const tops = applyChanges(
    dict(
      ['networks', 'volumes', 'secrets', 'configs'].flatMap((key) =>
        raw[key] === undefined ? [] : [[key, raw[key] as Value] as const],
      ),
    ),
    {
      networks: (value, path) => eachEntry(value, path, (entry, at) => network(entry, at, locate)),
      volumes: (value, path) => eachEntry(value, path, (entry, at) => volume(entry, at, locate)),
      secrets: (value, path) => eachEntry(value, path, (entry, at) => fileObject(entry, at, locate)),
      configs: (value, path) => eachEntry(value, path, (entry, at) => fileObject(entry, at, locate)),
    },
    [],
    locate,
  );
  for (const key of Object.keys(tops)) made[key] = tops[key] as Value;
  return resolveTopLevelPaths(made, folder, home);
}

function eachEntry(value: Value | undefined, path: KeyPath, change: (entry: Value, path: KeyPath) => Value): Dict {
  const made = dict();
  if (!isDict(value)) return made;
  for (const key of Object.keys(value)) made[key] = change(value[key] as Value, [...path, key]);
  return made;
}
