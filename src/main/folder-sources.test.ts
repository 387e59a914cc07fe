import { chmod, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProblemError, problem } from '../shared/model/problem.ts';
import { type Environment, openEnvironment } from './config/environment.ts';
import { sourceFolders } from './config/source-folders.ts';
import { createFolderSources, type FolderSources } from './folder-sources.ts';
import type { Knowledge } from './knowledge/knowledge.ts';
import type { OperationRunner } from './operations/operation-runner.ts';
import { createOperationRunner } from './operations/runner.ts';
import type { Lifecycle } from './stack/lifecycle.ts';

let base: string;
let environment: Environment;
let runner: OperationRunner;
let folders: FolderSources;
/** Sources that the backend has, and what its next answers are. */
let mounted: { id: string; path: string }[];
/** Folders of other owners' sources. */
let othersUse: string[];
let refusal: ProblemError | null;
let startFails: boolean;
/** The folders that were mounted when the stack was started. */
let started: string[][];
let papers: string;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'quayside-folder-sources-')));
  papers = join(base, 'papers');
  await mkdir(papers);
  await chmod(papers, 0o755);
  environment = await openEnvironment({ dataDir: join(base, 'data'), name: 'dev', composeDir: resolve('compose') });
  runner = createOperationRunner({ journalDir: environment.journalDir, environment: 'dev' });
  mounted = [];
  othersUse = [];
  refusal = null;
  startFails = false;
  started = [];
  const lifecycle = {
    start: ({ services }: { services: readonly string[] }) =>
      runner.begin({
        kind: 'start',
        stack: environment.project,
        title: 'Start the stack',
        exclusive: true,
        async run() {
          started.push([...services, ...(await sourceFolders(environment)).map(({ slug }) => slug)]);
          if (startFails) throw new ProblemError(problem('port-taken', 'Port 7420 is taken', 'By somebody.'));
          return 'healthy';
        },
      }),
  } as unknown as Lifecycle;
  const knowledge = {
    bases: { get: async () => ({}) },
    sources: {
      mounted: async () => mounted,
      foldersInUse: async () => [...mounted.map(({ path }) => path), ...othersUse],
      async addMounted({ path }: { path: string }) {
        if (refusal !== null) throw refusal;
        mounted.push({ id: `s${mounted.length + 1}`, path });
        return { jobId: 'j1' };
      },
      followSync: async () => ({ added: 3, failed: 1 }),
      async remove(id: string) {
        mounted = mounted.filter((one) => one.id !== id);
      },
    },
  } as unknown as Knowledge;
  folders = createFolderSources({ environment, lifecycle, runner, knowledge });
});
afterEach(async () => {
  await runner.close();
  await rm(base, { recursive: true, force: true });
});

const add = async () => runner.wait(await folders.add({ kb: 'default', path: papers, everySeconds: null }));
const remembered = async () => (await sourceFolders(environment)).map(({ path }) => path);

describe('a folder as a source', () => {
  it('is given to the backend, then kept up with', async () => {
    const operation = await add();
    expect(operation).toMatchObject({
      state: 'done',
      outcome: '3 files are being read in, 1 could not be taken',
      title: `Keep up with ${papers}`,
    });
    expect(started).toEqual([['backend', 'papers']]);
    expect(mounted).toEqual([{ id: 's1', path: '/sources/papers' }]);
  });

  it('is not left with the backend when the backend does not start or does not want it', async () => {
    startFails = true;
    expect((await add()).problem?.code).toBe('port-taken');
    expect(await remembered()).toEqual([]);
    startFails = false;
    refusal = new ProblemError(problem('kb-read-only', 'Read only', 'It is.'));
    expect((await add()).problem?.code).toBe('kb-read-only');
    expect(await remembered()).toEqual([]);
  });

  it('stays with the backend while another source needs it', async () => {
    await add();
    refusal = new ProblemError(problem('source-exists', 'There is one', 'There is.'));
    expect((await add()).problem?.code).toBe('source-exists');
    expect(await remembered()).toEqual([papers]);
    mounted.push({ id: 's2', path: '/sources/papers/2024' });
    await folders.remove('s1', 'keep');
    expect(await remembered()).toEqual([papers]);
    await folders.remove('s2', 'keep');
    expect(await remembered()).toEqual([]);
  });

  it('stays with the backend while a source of another owner needs it', async () => {
    await add();
    othersUse = ['/sources/papers/2024'];
    await folders.remove('s1', 'keep');
    expect(await remembered()).toEqual([papers]);
  });

  it('is refused before anything begins', async () => {
    const request = { kb: 'default', path: environment.secretsDir, everySeconds: null };
    await expect(folders.add(request)).rejects.toMatchObject({ problem: { code: 'folder-own-data' } });
    expect(runner.list()).toEqual([]);
  });
});
