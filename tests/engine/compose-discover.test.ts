/** Which files a folder stands for, against Docker Compose run in that folder. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureComposePeer } from '../../scripts/setup/compose-peer.mjs';
import { discoverComposeFiles } from '../../src/main/compose/discover-files.ts';
import { loadProject } from '../../src/main/compose/load.ts';
import { ProblemError } from '../../src/shared/model/problem.ts';
import { writeCase } from '../fixtures/compose/on-disk.ts';

const run = promisify(execFile);
let peer = '';
let folder = '';

beforeAll(async () => {
  peer = await ensureComposePeer();
  folder = await mkdtemp(join(tmpdir(), 'qs-discover-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Says of itself which file it is; a later one shows what was merged over it. */
const yaml = (name: string) => `services: {web: {image: "${name}-$\{A:-none}", labels: {"l.${name}": "$\{B:-none}"}}}`;

interface Case {
  readonly files: Readonly<Record<string, string>>;
  readonly from?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly refused?: true;
  /** The peer's answer is another on purpose: why. */
  readonly differs?: string;
}

const cases: Readonly<Record<string, Case>> = {
  'compose.yaml before the older names': {
    files: { 'compose.yaml': yaml('a'), 'compose.yml': yaml('b'), 'docker-compose.yml': yaml('c') },
  },
  'docker-compose.yml before docker-compose.yaml': {
    files: { 'docker-compose.yml': yaml('c'), 'docker-compose.yaml': yaml('d') },
  },
  'an override of either name': {
    files: { 'compose.yaml': yaml('a'), 'docker-compose.override.yaml': yaml('o') },
  },
  'the first of several overrides': {
    files: { 'compose.yml': yaml('a'), 'compose.override.yml': yaml('o'), 'compose.override.yaml': yaml('p') },
  },
  'a parent': { files: { 'compose.yaml': yaml('a'), 'x/y/z': '' }, from: 'x/y' },
  'a parent, with a .env in both': {
    files: { 'compose.yaml': yaml('a'), '.env': 'A=above\nB=above', 'x/.env': 'A=below' },
    from: 'x',
    differs: 'Compose 2.26 reads the .env above only; 2.40 and 5 read both, and the folder asked for wins',
  },
  'COMPOSE_FILE of the environment': {
    files: { 'compose.yaml': yaml('a'), 'one.yaml': yaml('one'), 'sub/two.yaml': yaml('two') },
    variables: { COMPOSE_FILE: 'one.yaml:sub/two.yaml' },
  },
  'COMPOSE_FILE of .env with a separator': {
    files: {
      '.env': 'COMPOSE_FILE=sub/two.yaml,one.yaml\nCOMPOSE_PATH_SEPARATOR=,\nA=above',
      'one.yaml': yaml('one'),
      'sub/two.yaml': yaml('two'),
      'sub/.env': 'A=below\nB=below',
    },
  },
  COMPOSE_ENV_FILES: {
    files: { 'compose.yaml': yaml('a'), '.env': 'A=default', 'p.env': 'A=p\nB=p', 'q.env': 'B=q' },
    variables: { COMPOSE_ENV_FILES: 'p.env,q.env' },
  },
  COMPOSE_DISABLE_ENV_FILE: {
    files: { 'compose.yaml': yaml('a'), '.env': 'A=default' },
    variables: { COMPOSE_DISABLE_ENV_FILE: 'true' },
  },
  'COMPOSE_PROFILES of the environment': {
    files: { 'compose.yaml': 'services: {a: {image: x, profiles: [p]}, b: {image: y, profiles: [q]}}' },
    variables: { COMPOSE_PROFILES: 'p, r' },
  },
  'COMPOSE_PROFILES of .env, all': {
    files: {
      'compose.yaml': 'services: {a: {image: x, profiles: [p]}, b: {image: y, profiles: [q]}}',
      '.env': 'COMPOSE_PROFILES=*',
    },
  },
  'COMPOSE_PROJECT_NAME of .env': {
    files: { 'compose.yaml': yaml('a'), '.env': 'COMPOSE_PROJECT_NAME=other' },
  },
  'a folder named .env': { files: { 'compose.yaml': yaml('a'), '.env/x': '' } },
  'nothing there': { files: { other: '' }, refused: true },
  'COMPOSE_FILE misses': {
    files: { 'compose.yaml': yaml('a') },
    variables: { COMPOSE_FILE: 'gone.yaml' },
    refused: true,
  },
};

describe('a folder', () => {
  it.each(Object.keys(cases).map((name, index) => [name, index] as const))('with %s', async (name, index) => {
    const one = cases[name];
    if (one === undefined) throw new Error(name);
    const root = join(folder, `c${index}`);
    await writeCase(root, { name, files: one.files });
    const from = join(root, one.from ?? '.');
    const variables = { HOME: homedir(), PATH: process.env.PATH ?? '', ...one.variables };
    const theirs = await run(peer, ['config', '--format', 'json'], { cwd: from, env: variables }).catch(
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    const ours = await load(from, variables);
    if (one.refused === true) {
      expect(theirs).toBeInstanceOf(Error);
      if (!(ours instanceof ProblemError)) throw new Error('we took it');
      expect(ours.problem.code).toBe('compose-not-found');
      return;
    }
    if (theirs instanceof Error) throw theirs;
    if (ours instanceof Error) throw ours;
    const { name: projectName, services } = JSON.parse(theirs.stdout) as { name: string; services: unknown };
    const made = { name: ours.name, services: JSON.parse(JSON.stringify(ours.services)) as unknown };
    if (one.differs === undefined) expect(made).toEqual({ name: projectName, services });
    else expect(made).not.toEqual({ name: projectName, services });
    expect(ours.found.warnings.length > 0).toBe(/Found multiple/.test(theirs.stderr));
  });
});

async function load(from: string, variables: Readonly<Record<string, string>>) {
  try {
    const found = await discoverComposeFiles(from, variables);
    const { files, workingDir, envFiles } = found;
    const model = await loadProject({ files, workingDir, variables, ...(envFiles === undefined ? {} : { envFiles }) });
    return { ...model, found };
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
}
