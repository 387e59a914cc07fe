import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Problem, ProblemError, problemSchema } from '../../shared/model/problem.ts';
import { loadProject } from './load.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-load-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function load(text: string, variables: Record<string, string> = {}) {
  const file = join(folder, 'compose.yaml');
  await writeFile(file, text);
  return loadProject({ files: [file], projectName: 'test', variables });
}

async function refusal(text: string): Promise<Problem> {
  try {
    await load(text);
  } catch (error) {
    if (error instanceof ProblemError) return problemSchema.parse(error.problem);
    throw error;
  }
  throw new Error('it was loaded');
}

const build = 'services:\n  a:\n    build:\n      context: .\n';

describe('a finding', () => {
  it('§5.57 names file, line and key, shows the line with a caret and says what would be right', async () => {
    const problem = await refusal('services:\n  web:\n    imagee: redis\n');
    expect(problem).toMatchObject({ code: 'compose-invalid', service: 'web' });
    expect(problem.title).toBe('compose.yaml, line 3: `imagee` is not a key of a service');
    expect(problem.cause).toContain('Did you mean `image`?');
    expect(problem.cause).toContain('services.web.imagee');
    expect(problem.evidence).toEqual([
      expect.stringMatching(/compose\.yaml:3:5$/),
      '3 |     imagee: redis',
      '  |     ^',
    ]);
    expect(problem.remedies[0]?.label).toMatch(/^Correct line 3 of .*compose\.yaml$/);
  });

  it.each([
    ['unknown key at the top', 'service: {}', 1, 'Did you mean `services`?'],
    ['wrong type', 'services:\n  a:\n    image: [x]', 3, 'It must be a text'],
    ['wrong boolean', 'services:\n  a:\n    image: x\n    privileged: maybe', 4, 'It must be true or false'],
    ['missing value', 'services:\n  a:\n    image:', 3, 'Give it a value'],
    ['wrong port', 'services:\n  a:\n    image: x\n    ports:\n      - "80"\n      - "abc"', 6, '"8080:80"'],
    ['wrong size', 'services:\n  a:\n    image: x\n    mem_limit: lots', 4, '512m'],
    ['wrong duration', 'services:\n  a:\n    image: x\n    stop_grace_period: 5', 4, '30s'],
    ['wrong choice', 'services:\n  a:\n    image: x\n    pull_policy: alway', 4, 'Did you mean `always`?'],
    [
      'undefined network',
      'services:\n  a:\n    image: x\n    networks: [frnt]\nnetworks: {front: }',
      4,
      'Did you mean `front`?',
    ],
    ['undefined volume', 'services:\n  a:\n    image: x\n    volumes:\n      - data:/d', 5, 'under `volumes`'],
    ['undefined secret', 'services:\n  a:\n    image: x\n    secrets: [key]', 4, 'under `secrets`'],
    [
      'undefined dependency',
      'services:\n  a:\n    image: x\n    depends_on: [bb]\n  b: {image: x}',
      4,
      'Did you mean `b`?',
    ],
    ['undefined namespace', 'services:\n  a:\n    image: x\n    network_mode: service:vpn', 4, 'under `services`'],
    ['cycle', 'services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}', 2, 'a -> b -> a'],
    ['cycle of extends', 'services:\n  a: {extends: b}\n  b: {extends: a}', 2, 'a -> b -> a'],
    ['duplicate key', 'services:\n  a: {image: x}\n  a: {image: y}', 3, 'given twice'],
    ['broken YAML', 'services:\n  a: {image: x', 2, 'indentation, quotes and brackets'],
    ['key that is a number', 'services:\n  a:\n    image: x\n    labels: {1: x}', 4, '"1"'],
    ['required variable', 'services:\n  a:\n    image: "${IMAGE:?which one}"', 3, 'which one'],
    ['bad reference', 'services:\n  a:\n    image: "${IMA GE}"', 3, 'a plain dollar sign is written $$'],
    [
      'field of a later Compose',
      'services:\n  a:\n    image: x\n    gpus: all',
      4,
      'deploy.resources.reservations.devices',
    ],
    ['field not run', 'services:\n  a:\n    image: x\n    credential_spec: {file: x}', 4, 'does not run this field'],
    ['a key of every JavaScript object', 'services:\n  a:\n    image: x\n    constructor: y', 4, 'Known keys'],
    ['a boolean of the kind', 'services:\n  a:\n    image: x\n    tty: constructor', 4, 'true or false'],
    ['a build with secrets', `${build}      secrets: [s]\nsecrets: {s: {file: ./s}}`, 5, 'Copy what the build needs'],
    ['a build with ssh', `${build}      ssh: [default]`, 5, 'Fetch private sources'],
    ['a build with more contexts', `${build}      additional_contexts: {b: ./b}`, 5, 'under the one `context`'],
    ['a privileged build', `${build}      privileged: true`, 5, 'without extra privileges'],
    ['a cache of BuildKit', `${build}      cache_from: ["type=gha"]`, 5, 'Name images'],
    ['a pull policy of no kind', 'services:\n  a:\n    image: x\n    pull_policy: every_day', 4, 'every_12h'],
    [
      'mount not run',
      'services:\n  a:\n    image: x\n    volumes: [{type: npipe, source: a, target: b}]',
      4,
      'Use bind, volume or tmpfs',
    ],
    ['no image', 'services:\n  a:\n    command: x', 2, '`image: name:tag`'],
    [
      'inactive dependency',
      'services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, profiles: [p]}',
      2,
      'profiles (p)',
    ],
    ['unknown anchor', 'services:\n  a: *b', 2, '&b'],
    ['date', 'services:\n  a:\n    image: x\n    labels: {d: 2001-12-14}', 4, '"2001-12-14"'],
    [
      'limits that disagree',
      'services:\n  a:\n    image: x\n    cpus: 1\n    deploy: {resources: {limits: {cpus: 2}}}',
      4,
      'keep one',
    ],
  ])('of %s', async (_name, text, line, right) => {
    const problem = await refusal(text);
    expect(problem.code).toBe('compose-invalid');
    expect(problem.title).toMatch(new RegExp(`^compose\\.yaml, line ${line}:`));
    expect(`${problem.title} ${problem.cause}`).toContain(right);
    expect(problem.evidence.length).toBe(3);
  });

  it('§5.37 of a start_interval without a start_period says what to add', async () => {
    const problem = await refusal('services:\n  a:\n    image: x\n    healthcheck: {test: y, start_interval: 1s}\n');
    expect(problem.title).toContain('line 4');
    expect(problem.cause).toContain('start_period');
  });

  it('in an override names the file that said it', async () => {
    await writeFile(join(folder, 'over.yaml'), 'services:\n  a:\n    networks: [nowhere]\n');
    await writeFile(join(folder, 'base.yaml'), 'services:\n  a: {image: x}\n');
    const loading = loadProject({ files: [join(folder, 'base.yaml'), join(folder, 'over.yaml')], variables: {} });
    await expect(loading).rejects.toMatchObject({ problem: { title: expect.stringMatching(/^over\.yaml, line 3:/) } });
  });

  it('in an env file shows its line number and never its text', async () => {
    await writeFile(join(folder, 'secret.env'), "A=1\nPASSWORD='hunter2\n");
    const problem = await refusal('services: {a: {image: x, env_file: secret.env}}');
    expect(problem.title).toMatch(/^secret\.env, line 2:/);
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  it('of a missing file says so', async () => {
    const loading = loadProject({ files: [join(folder, 'nope.yaml')], variables: {} });
    await expect(loading).rejects.toMatchObject({
      problem: { code: 'compose-invalid', title: expect.stringContaining('does not exist') },
    });
  });
});

describe('a model', () => {
  it('carries files, environment, profiles, warnings and disabled services', async () => {
    const project = await load('version: "3"\nservices: {a: {image: "x:$TAG"}, b: {image: y, profiles: [p]}}', {
      A: '1',
    });
    expect(project).toMatchObject({
      name: 'test',
      workingDir: folder,
      files: [join(folder, 'compose.yaml')],
      profiles: [],
    });
    expect(Object.keys(project.services)).toEqual(['a']);
    expect(Object.keys(project.disabledServices)).toEqual(['b']);
    expect(project.environment.A).toBe('1');
    expect(project.warnings).toEqual([expect.stringContaining('TAG'), expect.stringContaining('version')]);
  });

  it('keeps names that JavaScript would stumble over', async () => {
    const project = await load(
      'services: {__proto__: {image: x, environment: {__proto__: a, toString: b}}, constructor: {image: y}}',
    );
    expect(Object.keys(project.services).sort()).toEqual(['__proto__', 'constructor']);
    const first = Object.entries(project.services).find(([name]) => name === '__proto__')?.[1];
    expect(Object.keys(first?.environment ?? {})).toEqual(['__proto__', 'toString']);
  });
});

describe('a hostile file', () => {
  const rounds = (count: number, line: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => line(index)).join('');
  it.each([
    ['many services', `services:\n${rounds(60_000, (i) => ` a${i}: {}\n`)}`],
    ['a long list', `x-a: [${'1,'.repeat(500_000)}1]`],
    ['deep brackets', `x: ${'['.repeat(500_000)}`],
    ['deep indentation', rounds(1_400, (i) => `${' '.repeat(i)}a:\n`)],
    ['deep dashes', `${'- '.repeat(500_000)}x`],
    ['deep keys', `${'? '.repeat(300_000)}x`],
    [
      'laughing aliases',
      `x0: &a0 [x,x]\n${rounds(20, (i) => `x${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]\n`)}`,
    ],
    [
      'laughing merges',
      `x0: &a0 {k: v}\n${rounds(20, (i) => `x${i + 1}: &a${i + 1} {<<: [${Array(9).fill(`*a${i}`).join(',')}]}\n`)}`,
    ],
    ['an alias of itself', 'x-a: &a [*a]'],
    ['nested variables', `services: {a: {image: "${'${A:-'.repeat(100_000)}"}}`],
    ['quotes', '"'.repeat(1_000_000)],
    ['tags', '! '.repeat(500_000)],
    ['directives', '%a\n'.repeat(250_000)],
    ['documents', '---\n'.repeat(250_000)],
    ['port ranges', `services: {a: {image: x, ports: [${Array(200).fill('"1-65535:1-65535"').join(',')}]}}`],
    [
      'a chain of extends',
      `services:\n${rounds(1_900, (i) => ` a${i}: {image: x, extends: a${i + 1}}\n`)} a1900: {image: x}`,
    ],
    ['a file that includes itself', 'include: [compose.yaml]\nservices: {a: {image: x}}'],
    ['more than 1 MiB', `# ${'x'.repeat(1 << 20)}`],
    ['zero bytes', 'a\0b'],
  ])('of %s ends in a Problem', async (_name, text) => {
    expect((await refusal(text)).code).toBe('compose-invalid');
  });
});
