/** One service from any of its short syntaxes into the long one. */
import { parseBytes } from './bytes.ts';
import { composeProblem, type KeyPath, type Locate, shown } from './compose-problem.ts';
import { formatDuration, parseDuration } from './durations.ts';
import { parseMount } from './mount-syntax.ts';
import { parsePort, parseRange } from './ports-syntax.ts';
import { splitCommand } from './shlex.ts';
import { type Dict, dict, isDict, isList, scalarText, type Value } from './yaml-value.ts';

type Change = (value: Value, path: KeyPath, locate: Locate) => Value;

/** @param raw has passed the schema. @throws ProblemError for texts that the schema cannot judge: ports, commands, … */
export function canonicalService(raw: Dict, path: KeyPath, locate: Locate): Dict {
  return applyChanges(raw, changes, path, locate);
}

/** Applies the change of each key to its value; keys without one are kept as they are. */
export function applyChanges(raw: Dict, table: Readonly<Record<string, Change>>, path: KeyPath, locate: Locate): Dict {
  const made = dict();
  for (const key of Object.keys(raw)) {
    const change = Object.hasOwn(table, key) ? table[key] : undefined;
    const value = raw[key] as Value;
    made[key] = change === undefined ? value : change(value, [...path, key], locate);
  }
  return made;
}

/** Applies a table to a mapping's own keys. */
export function within(table: Readonly<Record<string, Change>>): Change {
  return (value, path, locate) => (isDict(value) ? applyChanges(value, table, path, locate) : value);
}

function each(change: Change): Change {
  return (value, path, locate) =>
    isList(value) ? value.map((item, index) => change(item, [...path, index], locate)) : value;
}

/** `{K: v}` or `[K=v]` as a mapping of texts; a key without a value becomes `absent`. */
export function textMap(absent: '' | null): Change {
  return (value) => {
    const made = dict();
    if (isList(value)) {
      for (const item of value) {
        const entry = item === null ? '' : scalarText(item as string);
        const equals = entry.indexOf('=');
        if (equals === -1) made[entry] = absent;
        else made[entry.slice(0, equals)] = entry.slice(equals + 1);
      }
    } else if (isDict(value)) {
      for (const key of Object.keys(value)) {
        const entry = value[key] as Value;
        made[key] = entry === null ? absent : scalarText(entry as string);
      }
    }
    return made;
  };
}

const stringList: Change = (value) => (isList(value) ? value.map((item) => scalarText(item as string)) : value);
const toList: Change = (value) => (isList(value) ? value : [value]);
const bytesText: Change = (value) => parseBytes(value as string | number) ?? value;
const durationText: Change = (value) => {
  const parsed = typeof value === 'string' ? parseDuration(value) : undefined;
  return parsed === undefined ? value : formatDuration(parsed);
};

const command: Change = (value, path, locate) => {
  if (typeof value !== 'string') return value;
  const words = splitCommand(value);
  if (words !== undefined) return words;
  throw composeProblem(
    `${shown(value)} is not a command`,
    'Close its quotes and brackets, or write it as a list: ["sh", "-c", "…"].',
    locate(path),
    path,
  );
};

/** @param folder is where a secret without a target is mounted. */
const fileReferences = (folder?: string): Change =>
  each((value) => {
    const made = isDict(value) ? value : dict([['source', value]]);
    if (folder !== undefined && made.target === undefined) made.target = `${folder}/${String(made.source)}`;
    return made;
  });

const dependsOn: Change = (value) => {
  const made = dict();
  if (isList(value)) {
    for (const name of value) made[String(name)] = dependency(dict());
  } else if (isDict(value)) {
    for (const name of Object.keys(value)) made[name] = dependency(value[name] as Dict);
  }
  return made;
};

function dependency(given: Dict): Dict {
  return dict([
    ...Object.entries(given),
    ['condition', given.condition ?? 'service_started'],
    ['required', given.required ?? true],
  ]);
}

const device: Change = (value, path, locate) => {
  const parts = String(value).split(':');
  if (parts.length > 3) {
    throw composeProblem(`${shown(value)} is not a device`, 'Write host:container:rwm.', locate(path), path);
  }
  const [source = '', target = source, permissions = 'rwm'] = parts;
  return dict([
    ['source', source],
    ['target', target],
    ['permissions', permissions],
  ]);
};

const ports: Change = (value, path, locate) => {
  if (!isList(value)) return value;
  return value.flatMap((item, index) => {
    const where = [...path, index];
    if (isDict(item)) return [longPort(item, where, locate)];
    const parsed = parsePort(scalarText(item as string | number));
    if (typeof parsed !== 'string') return parsed;
    throw composeProblem(
      `${shown(item)} is not a port`,
      `Write "8080:80", "127.0.0.1:8080:80" or "80/udp": ${parsed}.`,
      locate(where),
      where,
    );
  });
};

function longPort(port: Dict, path: KeyPath, locate: Locate): Dict {
  const published = port.published === undefined ? '' : scalarText(port.published as string);
  if (published !== '' && parseRange(published) === undefined) {
    throw composeProblem(
      `\`published\` is ${shown(published)}`,
      'It must be a port from 0 to 65535, or a range such as "8080-8090".',
      locate([...path, 'published']),
      [...path, 'published'],
    );
  }
  const target = port.target;
  if (typeof target !== 'number' || target < 1 || target > 65535) {
    throw composeProblem(
      target === undefined ? 'a port has no `target`' : `\`target\` is ${shown(target)}`,
      'It must be the port of the container, from 1 to 65535.',
      locate([...path, 'target']),
      path,
    );
  }
  return dict([
    ...Object.entries(port),
    ['mode', port.mode ?? 'ingress'],
    ['protocol', port.protocol ?? 'tcp'],
    ['published', published],
  ]);
}

const mount: Change = (value, path, locate) => {
  if (isDict(value)) return longMount(value, path, locate);
  const parsed = parseMount(String(value));
  if (typeof parsed !== 'string') return parsed;
  throw composeProblem(
    `${shown(value)} is not a volume`,
    `Write name:/path, ./folder:/path or /path, with :ro for read-only: ${parsed}.`,
    locate(path),
    path,
  );
};

function longMount(value: Dict, path: KeyPath, locate: Locate): Dict {
  if (value.type === undefined) {
    throw composeProblem('a volume has no `type`', 'It is bind, volume or tmpfs.', locate(path), path);
  }
  return within({ tmpfs: within({ size: bytesText }) })(value, path, locate) as Dict;
}

const extraHosts: Change = (value, path, locate) => {
  const made = dict();
  const add = (host: string, address: string) => {
    const known = made[host];
    const bare = address.replace(/^\[(.*)\]$/, '$1');
    if (isList(known)) known.push(bare);
    else made[host] = [bare];
  };
  if (isDict(value)) {
    for (const host of Object.keys(value)) {
      for (const address of [value[host] ?? ''].flat()) add(host, String(address));
    }
  } else if (isList(value)) {
    value.forEach((item, index) => {
      const entry = /^([^=:]+)[=:](.+)$/s.exec(String(item));
      if (entry === null) {
        const where = [...path, index];
        throw composeProblem(`${shown(item)} is not a host`, 'Write "name=address".', locate(where), where);
      }
      add(entry[1] ?? '', entry[2] ?? '');
    });
  }
  return made;
};

const healthcheck = within({
  test: (value) => (isList(value) ? value : ['CMD-SHELL', value]),
  interval: durationText,
  timeout: durationText,
  start_period: durationText,
  start_interval: durationText,
});

const networks: Change = (value, path, locate) => {
  if (isList(value)) return dict(value.map((name) => [String(name), null] as const));
  if (!isDict(value)) return value;
  const made = dict();
  for (const name of Object.keys(value)) {
    made[name] = within({ driver_opts: textMap('') })(value[name] as Value, [...path, name], locate);
  }
  return made;
};

const envFiles: Change = (value) =>
  (isList(value) ? value : [value]).map((item) =>
    isDict(item)
      ? dict([
          ['path', item.path ?? ''],
          ['required', item.required ?? true],
        ])
      : dict([
          ['path', item],
          ['required', true],
        ]),
  );

const count: Change = (value, path, locate) => {
  if (value === 'all') return -1;
  const parsed = typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof parsed === 'number' && Number.isInteger(parsed)) return parsed;
  throw composeProblem(`\`count\` is ${shown(value)}`, 'It must be a whole number or "all".', locate(path), path);
};

const updateConfig = within({ delay: durationText, monitor: durationText });
const deploy = within({
  labels: textMap(''),
  update_config: updateConfig,
  rollback_config: updateConfig,
  restart_policy: within({ delay: durationText, window: durationText }),
  resources: within({
    limits: within({ memory: bytesText }),
    reservations: within({ memory: bytesText, devices: each(within({ count, options: textMap('') })) }),
  }),
});

const throttles = each(within({ rate: bytesText }));
const build: Change = (value, path, locate) =>
  within({
    args: textMap(null),
    labels: textMap(''),
    additional_contexts: textMap(''),
    extra_hosts: extraHosts,
    secrets: fileReferences(),
    shm_size: bytesText,
    ssh: (given) => (isDict(given) ? sshList(given) : stringList(given, path, locate)),
  })(isDict(value) ? value : dict([['context', value]]), path, locate);

function sshList(given: Dict): Value {
  return Object.keys(given).map((key) => (given[key] === null ? key : `${key}=${String(given[key])}`));
}

const changes: Readonly<Record<string, Change>> = {
  annotations: textMap(''),
  blkio_config: within({
    device_read_bps: throttles,
    device_read_iops: throttles,
    device_write_bps: throttles,
    device_write_iops: throttles,
  }),
  build,
  command,
  configs: fileReferences(),
  depends_on: dependsOn,
  deploy,
  devices: each(device),
  dns: toList,
  dns_search: toList,
  entrypoint: command,
  env_file: envFiles,
  environment: textMap(null),
  expose: stringList,
  extends: (value) => (isDict(value) ? value : dict([['service', value]])),
  extra_hosts: extraHosts,
  group_add: stringList,
  healthcheck,
  labels: textMap(''),
  logging: within({ options: textMap('') }),
  mem_limit: bytesText,
  mem_reservation: bytesText,
  mem_swappiness: bytesText,
  memswap_limit: bytesText,
  networks,
  ports,
  pull_policy: (value) => (value === 'if_not_present' ? 'missing' : value),
  secrets: fileReferences('/run/secrets'),
  shm_size: bytesText,
  stop_grace_period: durationText,
  storage_opt: textMap(''),
  sysctls: textMap(''),
  tmpfs: toList,
  volumes: each(mount),
};
