import { chmod, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadProject } from '../compose/load.ts';
import { composeFilesOf } from './capabilities.ts';
import { type Environment, openEnvironment } from './environment.ts';
import {
  checkedFolder,
  folderBehind,
  forgetFolder,
  rememberFolder,
  sourceFolders,
  writeSourceFolders,
} from './source-folders.ts';
import { composeVariables } from './variables.ts';

let base: string;
let environment: Environment;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'quayside-folders-')));
  environment = await openEnvironment({ dataDir: join(base, 'data'), name: 'dev', composeDir: resolve('compose') });
});
afterEach(() => rm(base, { recursive: true, force: true }));

async function folder(...parts: string[]): Promise<string> {
  const path = join(base, ...parts);
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
  return path;
}
async function mounts(): Promise<[source: string | undefined, target: string, readOnly: boolean | undefined][]> {
  const project = await loadProject({
    files: await composeFilesOf(environment),
    projectName: environment.project,
    variables: await composeVariables(environment),
    envFiles: [],
  });
  return (project.services.backend?.volumes ?? [])
    .filter(({ target }) => target.startsWith('/sources/'))
    .map(({ source, target, read_only }) => [source, target, read_only]);
}

describe('folders of sources', () => {
  it('are given to the backend alone, read-only, by a file that Compose merges', async () => {
    const path = await folder('My $papers');
    expect(await mounts()).toEqual([]);
    expect(await rememberFolder(environment, path)).toMatchObject({ slug: 'My -papers', added: true });
    expect(await rememberFolder(environment, path)).toMatchObject({ slug: 'My -papers', added: false });
    expect(await mounts()).toEqual([[path, '/sources/My -papers', true]]);
    // The place that it is mounted on: nothing can be made in a folder that is mounted read-only.
    expect(await readdir(join(environment.volumesDir, 'sources'))).toEqual(['My -papers']);
    expect(await folderBehind(environment, '/sources/My -papers/2024')).toBe(join(path, '2024'));
    expect(await folderBehind(environment, '/sources/other')).toBeNull();
  });

  it('of one name have places of their own', async () => {
    const [one, two] = [await folder('a', 'notes'), await folder('b', 'Notes')];
    await rememberFolder(environment, one);
    await rememberFolder(environment, two);
    expect((await sourceFolders(environment)).map(({ slug }) => slug)).toEqual(['notes', 'Notes-2']);
  });

  it('leave nothing behind when they are forgotten', async () => {
    const { slug } = await rememberFolder(environment, await folder('papers'));
    await forgetFolder(environment, slug);
    expect(await mounts()).toEqual([]);
    expect(await composeFilesOf(environment)).toEqual(environment.composeFiles);
    expect(await readdir(join(environment.volumesDir, 'sources'))).toEqual([]);
  });

  it('that are away are not mounted, and not as an empty folder either; they come back', async () => {
    const path = await folder('disk');
    await rememberFolder(environment, path);
    await rm(path, { recursive: true });
    await writeSourceFolders(environment);
    expect(await mounts()).toEqual([]);
    expect(await readdir(join(environment.volumesDir, 'sources'))).toEqual([]);
    await folder('disk');
    await writeSourceFolders(environment);
    expect(await mounts()).toEqual([[path, '/sources/disk', true]]);
  });
});

describe('checkedFolder', () => {
  const codeOf = (path: string, home = '/nowhere'): Promise<string> =>
    checkedFolder(environment, path, home).then(
      () => 'taken',
      (error: { problem: { code: string } }) => error.problem.code,
    );

  it('takes a folder of documents, and answers where it really is', async () => {
    const path = await folder('papers');
    expect(await checkedFolder(environment, join(path, '..', 'papers'))).toBe(path);
  });

  it('refuses what is no folder', async () => {
    await writeFile(join(base, 'file.md'), 'x');
    expect(await codeOf(join(base, 'file.md'))).toBe('folder-missing');
    expect(await codeOf(join(base, 'nothing'))).toBe('folder-missing');
  });

  it('refuses what holds secrets, or far more than documents', async () => {
    const home = await folder('home', 'ada');
    expect(await codeOf(environment.secretsDir)).toBe('folder-own-data');
    expect(await codeOf(base)).toBe('folder-own-data');
    expect(await codeOf('/')).toBe('folder-own-data');
    expect(await codeOf(home, home)).toBe('folder-too-wide');
    expect(await codeOf(join(home, '..'), home)).toBe('folder-too-wide');
    expect(await codeOf('/etc')).toBe('folder-too-wide');
    expect(await codeOf(await folder('home', 'ada', 'papers'), home)).toBe('taken');
  });

  it.runIf(process.platform === 'linux')('refuses what the containers’ user may not list', async () => {
    const path = await folder('private');
    await chmod(path, 0o000);
    expect(await codeOf(path)).toBe('folder-unreadable');
  });
});
