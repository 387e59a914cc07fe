/** The config-hash against the label Docker Compose writes when it creates the same service. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureComposePeer } from '../../scripts/setup/compose-peer.mjs';
import { serviceHash, serviceHashes } from '../../src/main/compose/config-hash.ts';
import { loadProject } from '../../src/main/compose/load.ts';
import { openAcceptingEngine } from '../fakes/accepting-engine.ts';
import type { ComposeCase } from '../fixtures/compose/case.ts';
import { hashCases } from '../fixtures/compose/hash-cases.ts';
import { caseOptions, casePeerArguments, caseVariables, writeCase } from '../fixtures/compose/on-disk.ts';

const run = promisify(execFile);
let peer = '';
let folder = '';

beforeAll(async () => {
  peer = await ensureComposePeer();
  folder = await mkdtemp(join(tmpdir(), 'qs-hash-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

// Where the peer's own model is another on purpose, so is its hash.
const cases = hashCases.filter((one) => one.differs === undefined);

describe('§5.8 the hash of every service', () => {
  it.each(cases.map((one, index) => [one.name, one, index] as const))('%s', async (_name, one, index) => {
    const root = join(folder, `c${index}`);
    await writeCase(root, one);
    await compare(root, one);
  });
});

async function compare(root: string, one: ComposeCase): Promise<void> {
  const engine = await openAcceptingEngine(join(root, 'e.sock'));
  try {
    await run(peer, [...casePeerArguments(one), 'create', '--no-build', '--pull', 'never'], {
      cwd: root,
      env: { ...caseVariables(one), DOCKER_HOST: engine.host },
    });
    const project = await loadProject({ ...caseOptions(root, one), allowUnsupported: true });
    const ids: Record<string, string> = {};
    for (const { id, body } of engine.containers) ids[body.Labels['com.docker.compose.service'] ?? ''] = id;
    expect(engine.containers.length).toBeGreaterThan(0);
    for (const { body } of engine.containers) {
      const service = body.Labels['com.docker.compose.service'] ?? '';
      const label = body.Labels['com.docker.compose.config-hash'];
      expect(serviceHash(project, service, ids, 'D24'), service).toBe(label);
      expect(Object.values(serviceHashes(project, service, ids))).toContain(label);
    }
  } finally {
    await engine.close();
  }
}
