/** The loader against Docker Compose itself: the same projects, the same canonical model, the same refusals. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureComposePeer } from '../../scripts/setup/compose-peer.mjs';
import { loadProject } from '../../src/main/compose/load.ts';
import type { ComposeProject } from '../../src/main/compose/model.ts';
import { ProblemError } from '../../src/shared/model/problem.ts';
import type { ComposeCase } from '../fixtures/compose/case.ts';
import { emptyCases } from '../fixtures/compose/empties.ts';
import { fieldCases } from '../fixtures/compose/fields.ts';
import { fileCases } from '../fixtures/compose/files.ts';
import { caseOptions, casePeerArguments, caseVariables, writeCase } from '../fixtures/compose/on-disk.ts';

const run = promisify(execFile);
let peer = '';
let folder = '';

beforeAll(async () => {
  peer = await ensureComposePeer();
  folder = await mkdtemp(join(tmpdir(), 'quayside-compose-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each([
  ['fields', fieldCases],
  ['empties', emptyCases],
  ['files', fileCases],
] as const)('%s', (group, cases) => {
  it('has a name for each case', () => {
    expect(new Set(cases.map((one) => one.name)).size).toBe(cases.length);
  });

  it.each(cases.map((one, index) => [one.name, one, index] as const))('%s', async (_name, one, index) => {
    const root = join(folder, group, `c${index}`);
    await writeCase(root, one);
    const theirs = await peerModel(root, one);
    const ours = await ourModel(root, one);
    if (one.refused === true || one.refusedByUs !== undefined) {
      expect(ours, 'Quayside refuses it').toBeInstanceOf(ProblemError);
      if (ours instanceof ProblemError) expect(ours.problem.code).toBe('compose-invalid');
      expect(theirs instanceof Error, 'Compose refuses it').toBe(one.refused === true);
      return;
    }
    if (theirs instanceof Error) throw theirs;
    if (ours instanceof Error) throw ours;
    if (one.differs !== undefined) expect(printed(ours)).not.toEqual(theirs);
    else expect(printed(ours)).toEqual(theirs);
  });
});

describe('the bundled stack', () => {
  it('is the same to both', async () => {
    const file = fileURLToPath(new URL('../../compose/compose.yaml', import.meta.url));
    const variables = {
      QUAYSIDE_DATA: '/srv/quayside/dev',
      QUAYSIDE_UID: '1000',
      QUAYSIDE_GID: '1000',
      QUAYSIDE_BACKEND_PORT: '7421',
    };
    const one: ComposeCase = { name: 'bundled', files: {}, load: [file], projectName: 'quayside-dev', variables };
    const theirs = await peerModel(folder, one);
    if (theirs instanceof Error) throw theirs;
    const ours = await loadProject({ ...caseOptions('/', one) });
    expect(printed(ours)).toEqual(theirs);
    expect(ours.warnings).toEqual([]);
  });
});

/** What `config --format json` prints, with `$$` undone. */
async function peerModel(root: string, one: ComposeCase): Promise<unknown> {
  try {
    const { stdout } = await run(peer, [...casePeerArguments(one), 'config', '--format', 'json'], {
      cwd: root,
      env: caseVariables(one),
      maxBuffer: 64 << 20,
    });
    return undoDollars(JSON.parse(stdout));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function ourModel(root: string, one: ComposeCase): Promise<ComposeProject | Error> {
  try {
    return await loadProject({ ...caseOptions(root, one), allowUnsupported: true });
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
}

function undoDollars(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$$', '$');
  if (Array.isArray(value)) return value.map(undoDollars);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key.replaceAll('$$', '$'), undoDollars(entry)]),
  );
}

/**
 * Our model as Compose 2.26 prints it: sections that are empty are left out, and so are two things that only Compose 5
 * prints and hashes: `create_host_path: false` and the options of `ipam`.
 */
function printed(model: ComposeProject): unknown {
  const sections = ['networks', 'volumes', 'secrets', 'configs'] as const;
  return JSON.parse(
    JSON.stringify({
      name: model.name,
      services: model.services,
      ...Object.fromEntries(
        sections.filter((key) => Object.keys(model[key]).length > 0).map((key) => [key, model[key]]),
      ),
      ...model.extensions,
    }),
    (key, value: unknown) => {
      if (key === 'create_host_path' && value === false) return undefined;
      if (key !== 'ipam' || typeof value !== 'object' || value === null) return value;
      const { options: _, ...ipam } = value as Record<string, unknown>;
      return ipam;
    },
  );
}
