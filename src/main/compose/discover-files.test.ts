import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProblemError } from '../../shared/model/problem.ts';
import { discoverComposeFiles } from './discover-files.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'qs-discover-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function tree(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
}

async function found(folder: string, variables: Readonly<Record<string, string>> = {}) {
  const short = (path: string) => relative(root, path) || '.';
  const { files, workingDir, envFiles, environmentFiles, warnings } = await discoverComposeFiles(
    join(root, folder),
    variables,
  );
  return {
    files: files.map(short),
    workingDir: short(workingDir),
    envFiles: envFiles?.map(short),
    environmentFiles: environmentFiles.map(short),
    warnings,
  };
}

const nothingMore = { envFiles: undefined, environmentFiles: [], warnings: [] };

// That Compose finds the same is proven in tests/engine/compose-discover.test.ts.
describe('the Compose files of a folder', () => {
  it.each([
    [['compose.yaml'], ['compose.yaml']],
    [['docker-compose.yaml'], ['docker-compose.yaml']],
    [
      ['docker-compose.yml', 'docker-compose.override.yml'],
      ['docker-compose.yml', 'docker-compose.override.yml'],
    ],
    [
      ['compose.yml', 'docker-compose.override.yaml', 'other.yaml'],
      ['compose.yml', 'docker-compose.override.yaml'],
    ],
  ])('of %j are %j', async (there, expected) => {
    await tree(Object.fromEntries(there.map((name) => [name, ''])));
    expect(await found('.')).toEqual({ ...nothingMore, files: expected, workingDir: '.' });
  });

  it('are those of the nearest parent that has one, and its folder is the project', async () => {
    await tree({ 'compose.yaml': '', 'a/compose.yml': '', 'a/b/c/x': '', 'a/b/c/compose.override.yaml': '' });
    expect(await found('a/b/c')).toEqual({ ...nothingMore, files: ['a/compose.yml'], workingDir: 'a' });
  });

  it('are the first of several, and a warning says so', async () => {
    await tree({
      'compose.yaml': '',
      'docker-compose.yml': '',
      'compose.override.yaml': '',
      'compose.override.yml': '',
    });
    const { files, warnings } = await found('.');
    expect(files).toEqual(['compose.yaml', 'compose.override.yml']);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain(`${join(root, 'compose.yaml')} is used`);
    expect(warnings[1]).toContain(`${join(root, 'compose.override.yml')} is used`);
  });

  it('are what COMPOSE_FILE lists, from the environment before the .env, and no override joins them', async () => {
    await tree({
      'compose.yaml': '',
      'sub/one.yaml': '',
      'two.yaml': '',
      'three.yaml': '',
      'compose.override.yml': '',
      '.env': 'COMPOSE_FILE=sub/one.yaml;two.yaml\nCOMPOSE_PATH_SEPARATOR=;\n',
    });
    expect(await found('.')).toEqual({
      ...nothingMore,
      files: ['sub/one.yaml', 'two.yaml'],
      workingDir: 'sub',
      envFiles: ['.env'],
    });
    expect((await found('.', { COMPOSE_FILE: 'three.yaml' })).files).toEqual(['three.yaml']);
  });

  it('come with the env files that COMPOSE_ENV_FILES names, which the label names too', async () => {
    await tree({ 'compose.yaml': '', '.env': 'COMPOSE_FILE=none.yaml', 'a.env': 'A=1', 'b.env': 'A=2' });
    expect(await found('.', { COMPOSE_ENV_FILES: 'a.env,b.env' })).toEqual({
      files: ['compose.yaml'],
      workingDir: '.',
      envFiles: ['a.env', 'b.env'],
      environmentFiles: ['a.env', 'b.env'],
      warnings: [],
    });
    expect((await found('.', { COMPOSE_DISABLE_ENV_FILE: '1' })).envFiles).toEqual([]);
  });

  it('found above come with the .env of both folders, that of the folder asked for the stronger', async () => {
    await tree({ 'compose.yaml': '', '.env': 'A=1', 'sub/.env': 'A=2' });
    expect((await found('sub')).envFiles).toEqual(['.env', 'sub/.env']);
  });

  it.each([
    ['a folder without any', 'empty', {}, 'No Compose file in'],
    ['a folder that is not there', 'nowhere', {}, 'does not exist'],
    ['a file that COMPOSE_FILE misses', 'empty', { COMPOSE_FILE: 'gone.yaml' }, 'gone.yaml does not exist'],
    ['standard input', 'empty', { COMPOSE_FILE: '-' }, 'COMPOSE_FILE names no file'],
    ['an empty place', 'empty', { COMPOSE_FILE: 'x::y', COMPOSE_PATH_SEPARATOR: '::' }, 'x does not exist'],
  ])('%s is a Problem', async (_name, folder, variables, title) => {
    await tree({ 'empty/other': '' });
    const error = await discoverComposeFiles(join(root, folder), variables as Record<string, string>).catch(
      (reason: unknown) => reason,
    );
    if (!(error instanceof ProblemError)) throw error;
    expect(error.problem.code).toBe('compose-not-found');
    expect(error.problem.title).toContain(title);
    expect(error.problem.remedies.length).toBeGreaterThan(0);
  });
});
