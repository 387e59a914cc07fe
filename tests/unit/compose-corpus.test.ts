/** That the corpus which is compared with Docker Compose leaves no field and no rule out. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBudget } from '../../src/main/compose/budget.ts';
import { loadProject } from '../../src/main/compose/load.ts';
import type { Rule } from '../../src/main/compose/schema.ts';
import { composeFile } from '../../src/main/compose/schema-project.ts';
import { fileObjectShape, networkShape, type Shape, serviceShape, volumeShape } from '../../src/main/compose/shape.ts';
import { parseLayers } from '../../src/main/compose/yaml-source.ts';
import type { ComposeCase } from '../fixtures/compose/case.ts';
import { emptyCases } from '../fixtures/compose/empties.ts';
import { fieldCases } from '../fixtures/compose/fields.ts';
import { fileCases } from '../fixtures/compose/files.ts';
import { caseOptions, writeCase } from '../fixtures/compose/on-disk.ts';

const corpus: readonly ComposeCase[] = [...fieldCases, ...emptyCases, ...fileCases];
/** Those that both load: what they say is compared, not only refused. */
const loaded = corpus.filter((one) => one.refused !== true && one.refusedByUs === undefined);
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qs-corpus-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Every key of the grammar by its path; `*` stands for a free key, `[]` for an item. */
function keysOf(rule: Rule, path = ''): string[] {
  return [
    ...Object.entries(rule.fields ?? {}).flatMap(([key, field]) => [
      `${path}.${key}`,
      ...keysOf(field, `${path}.${key}`),
    ]),
    ...(rule.list === undefined ? [] : keysOf(rule.list, `${path}[]`)),
    ...(rule.entries === undefined ? [] : keysOf(rule.entries, `${path}.*`)),
  ];
}

/** The keys of the grammar that a value uses. */
function usedBy(value: unknown, rule: Rule, path: string, into: Set<string>): void {
  if (Array.isArray(value)) {
    if (rule.list !== undefined) for (const item of value) usedBy(item, rule.list, `${path}[]`, into);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, entry] of Object.entries(value)) {
      const field = rule.fields?.[key];
      if (field !== undefined) {
        into.add(`${path}.${key}`);
        usedBy(entry, field, `${path}.${key}`, into);
      } else if (rule.entries !== undefined) usedBy(entry, rule.entries, `${path}.*`, into);
    }
  }
}

/** Every key of the canonical model, likewise. */
function shapeKeys(shape: Shape, path: string): string[] {
  if (typeof shape === 'string') return [];
  if ('nullable' in shape) return shapeKeys(shape.nullable, path);
  if ('list' in shape) return shapeKeys(shape.list, `${path}[]`);
  if ('map' in shape) return shapeKeys(shape.map, `${path}.*`);
  return shape.struct.flatMap(([key, field]) => [`${path}.${key}`, ...shapeKeys(field, `${path}.${key}`)]);
}

function modelKeys(value: unknown, shape: Shape, path: string, into: Set<string>): void {
  if (typeof shape === 'string' || typeof value !== 'object' || value === null) return;
  if ('nullable' in shape) modelKeys(value, shape.nullable, path, into);
  else if ('list' in shape) for (const item of Object.values(value)) modelKeys(item, shape.list, `${path}[]`, into);
  else if ('map' in shape) for (const item of Object.values(value)) modelKeys(item, shape.map, `${path}.*`, into);
  else {
    for (const [key, field] of shape.struct) {
      const entry = (value as Readonly<Record<string, unknown>>)[key];
      if (entry === undefined) continue;
      into.add(`${path}.${key}`);
      modelKeys(entry, field, `${path}.${key}`, into);
    }
  }
}

/** Keys that the table of the model has for the sake of a shared part or a later release, and the grammar refuses. */
const never = [
  'service.build.entitlements',
  'service.build.ulimits.*.single',
  'service.ulimits.*.single',
  'service.deploy.resources.limits.devices',
  'service.deploy.resources.limits.generic_resources',
  'service.deploy.resources.reservations.pids',
  'network.enable_ipv4',
];

describe('the corpus', () => {
  it('is of at least 120 files and more projects, each named once', () => {
    const files = corpus.flatMap((one) => Object.keys(one.files).filter((name) => /\.ya?ml$/.test(name)));
    expect(files.length).toBeGreaterThanOrEqual(400);
    const names = corpus.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('uses every key that a Compose file may hold', () => {
    const used = new Set<string>();
    for (const one of loaded) {
      for (const [name, text] of Object.entries(one.files)) {
        if (!/\.ya?ml$/.test(name)) continue;
        for (const { tree } of parseLayers(name, text, createBudget())) usedBy(tree, composeFile, '', used);
      }
    }
    expect(keysOf(composeFile).filter((key) => !used.has(key))).toEqual([]);
  });

  it('makes every key of the canonical model', { timeout: 60_000 }, async () => {
    const made = new Set<string>();
    for (const [index, one] of loaded.entries()) {
      const root = join(folder, `c${index}`);
      await writeCase(root, one);
      const project = await loadProject({ ...caseOptions(root, one), allowUnsupported: true });
      for (const service of Object.values(project.services)) modelKeys(service, serviceShape, 'service', made);
      for (const network of Object.values(project.networks)) modelKeys(network, networkShape, 'network', made);
      for (const volume of Object.values(project.volumes)) modelKeys(volume, volumeShape, 'volume', made);
      for (const object of [...Object.values(project.secrets), ...Object.values(project.configs)]) {
        modelKeys(object, fileObjectShape, 'object', made);
      }
    }
    const wanted = [
      ...shapeKeys(serviceShape, 'service'),
      ...shapeKeys(networkShape, 'network'),
      ...shapeKeys(volumeShape, 'volume'),
      ...shapeKeys(fileObjectShape, 'object'),
    ];
    const isNever = (key: string) => never.some((prefix) => key.startsWith(prefix));
    expect(wanted.filter((key) => !made.has(key) && !isNever(key))).toEqual([]);
    expect(never.filter((key) => made.has(key))).toEqual([]);
  });

  it('§5.52 has a case for every merge rule, both of the ways a rule can be written', () => {
    const merged = new Set(corpus.filter(({ name }) => name.startsWith('merge: ')).map(({ name }) => name.slice(7)));
    const rules: Readonly<Record<string, readonly string[]>> = {
      'scalars replace': ['scalars', 'command set to null'],
      'maps are merged': ['deploy', 'storage_opt and blkio', 'top-level entries'],
      'command, entrypoint and healthcheck.test replace': ['command and entrypoint', 'healthcheck'],
      'lists append without repetition': [
        'lists without repetition',
        'lists that grow',
        'cap_drop and profiles',
        'env_file',
      ],
      'by name': ['environment map and list', 'labels list and map', 'build args', 'sysctls and extra_hosts'],
      'by target': ['volumes by target', 'devices by target', 'secrets', 'configs'],
      'by address, target, published and protocol': ['ports', 'ports long and short', 'ports range over one'],
      'list and map': [
        'networks list and map',
        'networks map and list',
        'depends_on list and map',
        'depends_on map and list',
      ],
      'logging by driver': ['logging same driver', 'logging another driver'],
      '!reset': ['reset of a scalar', 'reset of a list', 'reset of a map entry', 'reset of a service'],
      '!override': ['override of a list', 'override of a map'],
    };
    expect(
      Object.values(rules)
        .flat()
        .filter((name) => !merged.has(name)),
    ).toEqual([]);
  });
});
