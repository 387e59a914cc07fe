/** From the places where a setting may be made to the one value that counts. No I/O. */
import { z } from 'zod';
import { type ConfigName, type ConfigValues, configKeys, configNames, envNameOf } from './keys.ts';

/** Strongest first. Whatever stands above `database` locks the key for the API. */
export const configSources = ['command-line', 'environment', 'env-file', 'database', 'default'] as const;
export type ConfigSource = (typeof configSources)[number];

/** What each place says: texts, except for the database, which holds JSON. */
export interface Layers {
  readonly commandLine: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly envFile: Readonly<Record<string, string | undefined>>;
  readonly database: Readonly<Record<string, unknown>>;
}

export interface Resolved {
  readonly values: ConfigValues;
  readonly sources: Readonly<Record<ConfigName, ConfigSource>>;
  /** Values that do not fit and are passed over. */
  readonly bad: readonly { readonly key: ConfigName; readonly source: ConfigSource; readonly message: string }[];
}

/** `--set key=value` and `--set=key=value`, the last one of a key counts. @throws {Error} naming what it does not know */
export function commandLineLayer(argv: readonly string[]): Record<string, string> {
  const layer: Record<string, string> = {};
  for (let at = 0; at < argv.length; at += 1) {
    const given = argv[at] ?? '';
    const pair = given === '--set' ? argv[++at] : given.startsWith('--set=') ? given.slice(6) : undefined;
    const [, key, value] = /^([A-Za-z.]+)=([\s\S]*)$/.exec(pair ?? '') ?? [];
    if (key === undefined || value === undefined || !Object.hasOwn(configKeys, key))
      throw new Error(`The command line does not fit at "${given}": say --set key=value with a known key`);
    layer[key] = value;
  }
  return layer;
}

/** A text as the value that a key takes: numbers and switches in their usual spelling. */
export function fromText(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? text : value;
  } catch {
    return text;
  }
}

function candidates(name: ConfigName, layers: Layers): [ConfigSource, unknown][] {
  const env = envNameOf(name);
  const texts: [ConfigSource, string | undefined][] = [
    ['command-line', layers.commandLine[name]],
    ['environment', layers.environment[env]],
    ['env-file', layers.envFile[env]],
  ];
  return [
    // Compose hands an unset variable on as an empty one.
    ...texts.flatMap(([source, text]): [ConfigSource, unknown][] =>
      text === undefined || text.trim() === '' ? [] : [[source, fromText(text.trim())]],
    ),
    ...(Object.hasOwn(layers.database, name) ? [['database', layers.database[name]] as [ConfigSource, unknown]] : []),
  ];
}

/** The strongest value that fits, key by key. */
export function resolve(layers: Layers): Resolved {
  const bad: { key: ConfigName; source: ConfigSource; message: string }[] = [];
  const chosen = configNames.map((name): [ConfigName, unknown, ConfigSource] => {
    for (const [source, value] of candidates(name, layers)) {
      const parsed = configKeys[name].schema.safeParse(value);
      if (parsed.success) return [name, parsed.data, source];
      bad.push({ key: name, source, message: z.prettifyError(parsed.error) });
    }
    return [name, configKeys[name].default, 'default'];
  });
  return {
    values: Object.freeze(Object.fromEntries(chosen.map(([name, value]) => [name, value]))) as ConfigValues,
    sources: Object.fromEntries(chosen.map(([name, , source]) => [name, source])) as Record<ConfigName, ConfigSource>,
    bad,
  };
}
