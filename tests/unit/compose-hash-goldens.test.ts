/**
 * Our config-hashes against those that real Docker Compose binaries wrote (tests/fixtures/compose/record-hashes.mjs),
 * without any binary at hand.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dialectOf, hashDialects, networkHash, serviceHash, volumeHash } from '../../src/main/compose/config-hash.ts';
import { loadProject } from '../../src/main/compose/load.ts';
import type { ComposeProject } from '../../src/main/compose/model.ts';
import { acceptedId } from '../fakes/accepting-engine.ts';
import { hashCases, modelSince, recordable, recordedIn } from '../fixtures/compose/hash-cases.ts';
import recorded from '../fixtures/compose/hash-goldens.json' with { type: 'json' };
import { caseOptions, writeCase } from '../fixtures/compose/on-disk.ts';

type Goldens = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>>>;
const goldens: Goldens = recorded;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qs-goldens-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('§5.8 the hashes that Docker Compose wrote', () => {
  it('were recorded for every case, by a release of each dialect', () => {
    expect(Object.keys(goldens).sort()).toEqual(hashCases.map(({ name }) => name).sort());
    const versions = Object.values(goldens).flatMap((golden) => Object.values(golden).flatMap(Object.values).flat(2));
    expect([...new Set(versions.map((version) => dialectOf(String(version))))].sort()).toEqual(
      [...hashDialects].sort(),
    );
  });

  it.each(hashCases.map((one, index) => [one.name, one, index] as const))('%s', async (name, one, index) => {
    const base = join(folder, `c${index}`);
    const root = join(base, 'quayside-golden');
    await writeCase(root, one);
    const project = moved(
      await loadProject({ ...caseOptions(root, recordable(one)), allowUnsupported: true }),
      base,
      recordedIn.replace(/\/[^/]*$/, ''),
    );
    const ids = Object.fromEntries(
      Object.entries(project.services).map(([key, service]) => [
        key,
        acceptedId(service.container_name ?? `${project.name}-${key}-1`),
      ]),
    );
    const golden = goldens[name] ?? {};
    expect(Object.keys(golden).length).toBeGreaterThan(0);
    const ours: Record<string, string> = {};
    const theirs: Record<string, string> = {};
    for (const [what, hashes] of Object.entries(golden)) {
      for (const [hash, versions] of Object.entries(hashes)) {
        for (const version of versions) {
          if (isBefore(version, modelSince[name])) continue;
          theirs[`${version} ${what}`] = hash;
          ours[`${version} ${what}`] = hashOf(project, what, ids, version);
        }
      }
    }
    expect(ours).toEqual(theirs);
  });
});

function hashOf(project: ComposeProject, what: string, ids: Readonly<Record<string, string>>, version: string): string {
  const dot = what.indexOf('.');
  const key = what.slice(dot + 1);
  const dialect = dialectOf(version);
  if (what.startsWith('services.')) return serviceHash(project, key, ids, dialect);
  const network = project.networks[key];
  const volume = project.volumes[key];
  if (what.startsWith('networks.') && network !== undefined) return networkHash(network, dialect);
  if (what.startsWith('volumes.') && volume !== undefined) return volumeHash(volume);
  throw new Error(`${what} is not in the project`);
}

/** Whether a release is older than another, as in "2.40". */
function isBefore(version: string, other: string | undefined): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = (other ?? '0.0').split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/** The project as if its files lay where they were when recorded. */
function moved(project: ComposeProject, from: string, to: string): ComposeProject {
  return JSON.parse(JSON.stringify(project).replaceAll(from, to)) as ComposeProject;
}
