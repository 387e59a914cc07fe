/** Inputs of the fuzz test: each follows from the seed and its number alone, so that one can be repeated by itself. */
import { fieldCases } from '../fixtures/compose/fields.ts';
import { fileCases } from '../fixtures/compose/files.ts';

/** The files of a project; `compose.yaml` is the one that is loaded. */
export type FuzzInput = Readonly<Record<string, string>>;

/** Numbers from 0 to 1 that repeat for a seed (mulberry32). */
type Random = () => number;

function random(start: number): Random {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** @param hostileEvery of so many inputs one is large, deep or self-referring; the others are ordinary files with a few changes */
export function fuzzInput(seed: number, run: number, hostileEvery: number): FuzzInput {
  const next = random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(run + 1, 0x85ebca6b));
  if (run % hostileEvery === hostileEvery - 1) return hostileInput(next);
  const one = pick([...fieldCases, ...fileCases], next);
  const files: Record<string, string> = { ...one.files };
  const text = files['compose.yaml'] ?? 'services: {a: {image: x}}';
  // Blind changes mostly end in the YAML parser; words for words reach what lies behind it.
  files['compose.yaml'] = next() < 0.6 ? changeWords(text, next) : mutate(text, next);
  if (next() < 0.3) files['.env'] = mutate(files['.env'] ?? 'A=1\nB="x $A"\n', next);
  return files;
}

function pick<T>(list: readonly T[], next: Random): T {
  const one = list[Math.floor(next() * list.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: pieces of Compose files.
const pieces = [
  '\n',
  '  ',
  '\t',
  ':',
  ': ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '&a ',
  '*a',
  '<<: *a',
  '!reset null',
  '!override ',
  '!!str ',
  '!x ',
  '|',
  '>',
  '#',
  '?',
  '%',
  '@',
  '`',
  '\\',
  '\0',
  '\u2028',
  '\ud800',
  '💥',
  '${',
  '}',
  '${A',
  '$$',
  '${A:-',
  '${A:?b}',
  'null',
  '~',
  'true',
  '0x',
  '1e999',
  '-1',
  '.inf',
  '.nan',
  '99999999999999999999',
  '0440',
  '2001-12-14',
  '---\n',
  '...\n',
  'services:',
  'web:',
  'image: x',
  'extends: web',
  'include: [compose.yaml]',
  'depends_on: [web]',
  'ports: ["1-65535"]',
  'network_mode: "service:web"',
  'volumes: [/a]',
  'env_file: .env',
  'profiles: [p]',
  'deploy: {}',
  'build: .',
  '__proto__: {}',
  'constructor: x',
  'x-a: &a {b: *a}',
  'healthcheck: {disable: true}',
  'secrets: [s]',
  'configs: [{source: c}]',
  'name: ""',
  'version: 3',
  '=',
  'A=',
  "A='",
  'export ',
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: pieces of Compose files.

function mutate(text: string, next: Random): string {
  let made = text;
  for (let count = 1 + Math.floor(next() * 4); count > 0; count--) {
    const at = Math.floor(next() * (made.length + 1));
    const to = Math.min(made.length, at + Math.floor(next() * 12));
    const kind = next();
    if (kind < 0.45) made = made.slice(0, at) + pick(pieces, next) + made.slice(at);
    else if (kind < 0.65) made = made.slice(0, at) + made.slice(to);
    else if (kind < 0.8)
      made = made.slice(0, at) + made.slice(at, to).repeat(1 + Math.floor(next() * 5)) + made.slice(to);
    else if (kind < 0.9) made = made.slice(0, at) + String.fromCharCode(Math.floor(next() * 256)) + made.slice(at + 1);
    else {
      const lines = made.split('\n');
      const [line = ''] = lines.splice(Math.floor(next() * lines.length), 1);
      lines.splice(Math.floor(next() * (lines.length + 1)), 0, line);
      made = lines.join('\n');
    }
  }
  return made.slice(0, 20_000);
}

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: pieces of Compose files.
const words = [
  ...[
    '0',
    '1',
    '-1',
    '80',
    '65536',
    '1e9',
    '0440',
    '1s',
    '1h1m',
    '10m',
    '-1k',
    'true',
    'null',
    '~',
    '.nan',
    "''",
    '""',
    '[]',
    '{}',
  ],
  ...[
    'x',
    'a',
    'web',
    'db',
    'default',
    'none',
    'host',
    'always',
    'service:web',
    'container:x',
    'CMD',
    'NONE',
    '/',
    '.',
    '..',
    '~/x',
  ],
  ...[
    '$A',
    '${A}',
    '${A:-x}',
    '${A:?}',
    '$$',
    '8000-8010',
    '1-65535',
    '127.0.0.1:80:80',
    '/a:/b:ro',
    'a=b',
    '!reset',
    '&a',
    '*a',
    '<<',
  ],
  ...[
    'image',
    'ports',
    'volumes',
    'networks',
    'depends_on',
    'environment',
    'extends',
    'build',
    'deploy',
    'healthcheck',
    'scale',
  ],
  ...[
    'labels',
    'secrets',
    'configs',
    'profiles',
    'ulimits',
    'logging',
    'network_mode',
    'x-a',
    '__proto__',
    'constructor',
    'toString',
  ],
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: pieces of Compose files.

/** Puts words in the place of others, and takes, repeats or moves whole lines. */
function changeWords(text: string, next: Random): string {
  let made = text;
  for (let count = next() < 0.6 ? 1 : 2; count > 0; count--) {
    const found = [...made.matchAll(/[\w./$~+-]+/g)];
    if (next() < 0.85 && found.length > 0) {
      const { 0: old, index } = pick(found, next);
      const word = next() < 0.5 ? pick(words, next) : pick(found, next)[0];
      made = made.slice(0, index) + word + made.slice(index + old.length);
      continue;
    }
    const lines = made.split('\n');
    const from = Math.floor(next() * lines.length);
    const line = lines[from] ?? '';
    const kind = next();
    if (kind < 0.35) lines.splice(from, 1);
    else if (kind < 0.7) lines.splice(Math.floor(next() * lines.length), 0, line);
    else lines.splice(from, 0, `${/^\s*/.exec(line)?.[0] ?? ''}${pick(words, next)}: ${pick(words, next)}`);
    made = lines.join('\n');
  }
  return made.slice(0, 20_000);
}

/** A file that would cost much time or memory if it were believed; some are changed a little besides. */
function hostileInput(next: Random): FuzzInput {
  const kinds = Object.values(hostile);
  // Sizes spread over all magnitudes, up to what the loader's own limits let in and a little beyond.
  const files = pick(kinds, next)((most) => Math.max(1, Math.floor(most ** (0.3 + 0.75 * next()))), next);
  if (next() < 0.7) return files;
  return { ...files, 'compose.yaml': mutateLong(files['compose.yaml'] ?? '', next) };
}

/** Every kind at its largest, one after the other, and then again in another form. */
export function largestInput(run: number): { readonly name: string; readonly input: FuzzInput } {
  const kinds = Object.entries(hostile);
  const [kind = '', make] = kinds[run % kinds.length] ?? [];
  const form = Math.floor(run / kinds.length);
  return { name: `${kind}, form ${form}`, input: make?.((most) => most, random(form * 7919 + 1)) ?? {} };
}

export const hostileKinds = (): number => Object.keys(hostile).length;

/** As `mutate`, without its bound of length. */
function mutateLong(text: string, next: Random): string {
  const at = Math.floor(next() * (text.length + 1));
  return next() < 0.5
    ? text.slice(0, at) + pick(pieces, next) + text.slice(at)
    : text.slice(0, at) + text.slice(at + Math.floor(next() * 40));
}

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('');

/** What each makes follows from a size (the argument of `upTo` is about its most) and further numbers. */
type Hostile = (upTo: (most: number) => number, next: Random) => FuzzInput;

const one = (text: string): FuzzInput => ({ 'compose.yaml': text });

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: pieces of Compose files.
const hostile: Readonly<Record<string, Hostile>> = {
  aliases(upTo, next) {
    const fan = 1 + Math.floor(next() * 20);
    const where = pick(['x0', 'services: {w: {image: x, labels: {k: v}}}\nx0'], next);
    const levels = lines(upTo(60), (i) => `x${i + 1}: &a${i + 1} [${Array(fan).fill(`*a${i}`).join(',')}]\n`);
    return one(`${where}: &a0 [x, x]\n${levels}`);
  },
  merges(upTo, next) {
    const fan = 1 + Math.floor(next() * 20);
    const keys = lines(upTo(2000), (i) => `k${i}: v, `);
    return one(
      `x0: &a0 {${keys}}\n${lines(upTo(60), (i) => `x${i + 1}: &a${i + 1} {<<: [${Array(fan).fill(`*a${i}`).join(',')}]}\n`)}`,
    );
  },
  anchorsOfServices(upTo) {
    return one(
      `x-s: &s {image: x, environment: {${lines(upTo(1000), (i) => `K${i}: v, `)}}}\nservices:\n${lines(upTo(2500), (i) => ` s${i}: *s\n`)}`,
    );
  },
  nesting(upTo, next) {
    const open = pick(['[', '{a: ', '- ', '? ', '{? [', '!!map {a: ', '&a [', '"', '[[],'], next);
    return one(`services: {a: {image: x}}\nx-a: ${open.repeat(upTo(1_000_000))}`);
  },
  indentation(upTo) {
    return one(`services: {a: {image: x}}\nx-a:\n${lines(upTo(1500), (i) => `${' '.repeat(i + 1)}a:\n`)}`);
  },
  wide(upTo, next) {
    const item = pick(['1,', '[],', '{},', '"",', 'a: ,', '~,', '&a 1,', '? ,', '!!str ,', 'a,'], next);
    return one(`services: {a: {image: x}}\nx-a: [${item.repeat(upTo(500_000))}]`);
  },
  marks(upTo, next) {
    const mark = pick(
      ['---\n', '...\n', '%a\n', '%TAG ! a\n', '# x\n', '\n', '\t', '! ', '!a ', '&a ', '*a ', '"', "'", '|\n', '>\n'],
      next,
    );
    return one(`${mark.repeat(upTo(400_000))}\nservices: {a: {image: x}}\n`);
  },
  services(upTo, next) {
    const body = pick(['{}', '{image: x}', '', '{image: x, networks: [default, n]}', '{image: x, build: .}'], next);
    return one(`services:\n${lines(upTo(60_000), (i) => ` a${i}: ${body}\n`)}\nnetworks: {n: }\n`);
  },
  dependencies(upTo, next) {
    const count = upTo(600);
    const reach = Math.floor(next() * count);
    const to = (i: number): string => lines(Math.min(i, reach), (j) => `s${i - 1 - j}, `);
    const key = pick(['depends_on', 'links', 'volumes_from', 'external_links'], next);
    return one(`services:\n${lines(count, (i) => ` s${i}: {image: x, ${key}: [${to(i)}]}\n`)}`);
  },
  undefinedNames(upTo, next) {
    const kind = pick(['networks', 'volumes', 'secrets', 'configs', 'services'], next);
    const name = 'abcdefgh'.repeat(1 + Math.floor(next() * 8));
    const entry = kind === 'secrets' || kind === 'configs' ? '{file: x}' : kind === 'services' ? '{image: x}' : '';
    const field = { networks: '[N]', volumes: '["N:/a"]', secrets: '[N]', configs: '[N]', services: '[N]' }[kind] ?? '';
    const key = kind === 'services' ? 'depends_on' : kind;
    const top = `${kind}:\n${lines(upTo(70_000), (i) => ` ${name}${i}: ${entry}\n`)}`;
    const user = `u: {image: x, ${key}: ${field.replace('N', `x${name}`)}}`;
    return one(kind === 'services' ? `${top} ${user}\n` : `services: {${user}}\n${top}`);
  },
  resets(upTo, next) {
    const tag = pick(['!reset null', '!override v', '!override {a: b}'], next);
    const keys = lines(upTo(40_000), (i) => `    K${i}: v\n`);
    const tags = lines(upTo(40_000), (i) => `    K${i}: ${tag}\n`);
    const head = 'services:\n  web:\n   image: x\n   labels:\n';
    return one(`${head}${keys}\n---\n${head}${tags}`);
  },
  documents(upTo) {
    const keys = lines(upTo(1500), (i) => `   K${i}: v\n`);
    return one(lines(upTo(55), () => `---\nservices:\n web:\n  image: x\n  labels:\n${keys}`));
  },
  nestedVariables(upTo, next) {
    const depth = upTo(100_000);
    const operator = pick([':-', '-', ':+', '+', ':?', '?'], next);
    const one_ = `\${A${operator}`.repeat(depth) + (next() < 0.7 ? '}'.repeat(depth) : '');
    return one(`services: {a: {image: x, labels: {k: "${one_}"}}}`);
  },
  manyVariables(upTo, next) {
    const reference = pick(
      ['$A', '${A}', '$$', '$', '${A:-x}', '${', '${A:-${B:-${C:-d}}}', '${A:-$A$A$A}', '${}'],
      next,
    );
    const env = `A="${'x'.repeat(upTo(200_000))}"\nB=b\n`;
    const each = reference.repeat(upTo(20_000));
    return {
      'compose.yaml': `services: {a: {image: x, labels: [${lines(upTo(20), (i) => `"k${i}=${each}", `)}]}}`,
      '.env': env,
    };
  },
  doublingEnv(upTo, next) {
    const times = 1 + Math.floor(next() * 10);
    const env = `A0=${'x'.repeat(upTo(1000))}\n${lines(upTo(200), (i) => `A${i + 1}="${`$A${i}`.repeat(times)}"\n`)}`;
    return { 'compose.yaml': 'services: {a: {image: x, env_file: .env}}', '.env': env };
  },
  hugeEnv(upTo, next) {
    const line = pick(
      [
        'A=1\n',
        'A\n',
        '#\n',
        '\n',
        'export A=1\n',
        "A='",
        'A="\\n',
        'A: b\n',
        'A=$A\n',
        ' ',
        'a',
        '=',
        'A=1 # x\n',
        '"',
        '\\',
      ],
      next,
    );
    const numbered = next() < 0.3;
    const env = numbered ? lines(upTo(30_000), (i) => `A${i}=1\n`) : line.repeat(upTo(300_000));
    const more = lines(upTo(1000), (i) => ` s${i}: {image: x, env_file: .env}\n`);
    return { 'compose.yaml': `services:\n a: {image: x, env_file: [.env, .env]}\n${more}`, '.env': env };
  },
  longTexts(upTo, next) {
    const field = pick(
      [
        'image',
        'command',
        'entrypoint',
        'mem_limit',
        'cpus',
        'stop_grace_period',
        'restart',
        'user',
        'hostname',
        'platform',
        'network_mode',
        'pid',
        'ipc',
        'container_name',
        'working_dir',
        'shm_size',
        'pids_limit',
        'extends',
        'build',
        'env_file',
        'pull_policy',
        'stop_signal',
        'dns',
        'tmpfs',
        'mac_address',
        'cpuset',
        'scale',
      ],
      next,
    );
    const list = pick(
      [
        'ports',
        'volumes',
        'expose',
        'extra_hosts',
        'devices',
        'environment',
        'labels',
        'links',
        'depends_on',
        'networks',
        'profiles',
        'secrets',
        'group_add',
        'security_opt',
        'volumes_from',
        'device_cgroup_rules',
      ],
      next,
    );
    const piece = pick(
      [
        'a',
        '1',
        '0',
        ':',
        ' ',
        '/',
        '\\\\',
        "'",
        '-',
        '.',
        '1h',
        '0.',
        'a:',
        '1-',
        '[',
        '=',
        ',',
        '../',
        '~',
        '\\"a\\" ',
        '\\t',
        '9.9.9.9:',
        '[::',
        '${A:-',
      ],
      next,
    );
    const text = `"${piece.repeat(upTo(900_000 / piece.length))}"`;
    return one(`services: {a: {image: x, ${next() < 0.5 ? `${field}: ${text}` : `${list}: [${text}]`}}}`);
  },
  manyTexts(upTo, next) {
    const list = pick(
      [
        'ports',
        'volumes',
        'expose',
        'extra_hosts',
        'devices',
        'environment',
        'labels',
        'dns',
        'tmpfs',
        'profiles',
        'cap_add',
        'security_opt',
        'external_links',
      ],
      next,
    );
    const text = pick(
      [
        '80:80',
        '/a:/b',
        '1',
        'a:1.2.3.4',
        '/dev/a:/dev/b',
        'A=b',
        '/a',
        '127.0.0.1:1-3:1-3/udp',
        '8000-8100',
        './a:/b:ro,z',
      ],
      next,
    );
    const numbered = next() < 0.5;
    return one(
      `services: {a: {image: x, ${list}: [${lines(upTo(70_000), (i) => (numbered ? `"${text}${i}",` : `"${text}",`))}]}}`,
    );
  },
  ports(upTo, next) {
    const end = 1 + Math.floor(next() * 65_535);
    const spec = pick(
      [`1-${end}`, `1-${end}:1-${end}`, `127.0.0.1:1-${end}:1-${end}/udp`, `1-${end}:80`, `[::1]:1-${end}:1-${end}`],
      next,
    );
    const key = pick(['ports', 'ports', 'expose'], next);
    return one(
      `services:\n${lines(
        upTo(60),
        (i) =>
          ` s${i}: {image: x, ${key}: [${Array(1 + Math.floor(next() * 3))
            .fill(`"${spec}"`)
            .join(', ')}]}\n`,
      )}`,
    );
  },
  extendsChain(upTo) {
    const labels = lines(upTo(5000), (i) => `k${i}: v, `);
    const length = upTo(70);
    return one(
      `services:\n${lines(length, (i) => ` s${i}: {extends: s${i + 1}}\n`)} s${length}: {image: x, labels: {${labels}}}\n`,
    );
  },
  extendsMany(upTo, next) {
    const labels = lines(upTo(5000), (i) => `k${i}: v, `);
    const from = next() < 0.5 ? 'base' : '{service: base, file: other.yaml}';
    const base = ` base: {image: x, labels: {${labels}}, ports: ["1-${upTo(3000)}"]}\n`;
    return {
      'compose.yaml': `services:\n${base}${lines(upTo(2100), (i) => ` s${i}: {extends: ${from}}\n`)}`,
      'other.yaml': `services:\n${base}`,
    };
  },
  extendsFiles(upTo) {
    const count = upTo(130);
    const files: Record<string, string> = { 'compose.yaml': 'services: {s: {extends: {service: s, file: f0.yaml}}}\n' };
    for (let i = 0; i < count; i += 1) {
      files[`f${i}.yaml`] =
        `services: {s: {image: x, labels: {k${i}: v}, extends: {service: s, file: f${i + 1}.yaml}}}\n`;
    }
    files[`f${count}.yaml`] = 'services: {s: {image: x}}\n';
    return files;
  },
  includes(upTo, next) {
    const count = upTo(130);
    const fan = 1 + Math.floor(next() * 4);
    const many = lines(upTo(2000), (i) => ` v${i}: {labels: {a: b}}\n`);
    const files: Record<string, string> = { '.env': 'A=1\n' };
    const nameOf = (i: number): string => (i === 0 ? 'compose.yaml' : `f${i}.yaml`);
    for (let i = 0; i <= count; i += 1) {
      const below = Array.from({ length: fan }, (_, j) => i * fan + 1 + j).filter((j) => j <= count);
      const paths = next() < 0.05 ? ['compose.yaml'] : below.map(nameOf);
      files[nameOf(i)] =
        `include: [${paths.join(', ')}]\nservices: {s${i}: {image: x}}\nvolumes:\n${i % 10 === 0 ? many : ' v: \n'}`;
    }
    return files;
  },
  sameInclude(upTo) {
    const body = lines(upTo(4000), (i) => ` n${i}: {labels: {a: b, c: d}}\n`);
    return {
      'compose.yaml': `include: [${'a.yaml, '.repeat(upTo(110))}]\nservices: {s: {image: x}}\n`,
      'a.yaml': `services: {t: {image: x}}\nnetworks:\n${body}`,
    };
  },
  beyondTheLimit(upTo) {
    return {
      'compose.yaml': `# ${'x'.repeat(upTo(3 << 20))}\nservices: {a: {image: x, env_file: .env}}\n`,
      '.env': 'A=1\n'.repeat(upTo(200_000)),
    };
  },
};
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: pieces of Compose files.
