import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadProject } from '../compose/load.ts';
import { scalingObstacle } from '../stack/scalable.ts';
import { capabilityNamed, composeFilesOf, listCapabilities, setCapability } from './capabilities.ts';
import { type Environment, openEnvironment } from './environment.ts';
import { readState, updateState } from './environment-state.ts';
import { composeVariables } from './variables.ts';

let dataDir: string;
let environment: Environment;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'quayside-capabilities-'));
  environment = await openEnvironment({ dataDir, name: 'dev', composeDir: resolve('compose') });
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const load = async () =>
  loadProject({
    files: await composeFilesOf(environment),
    projectName: environment.project,
    variables: await composeVariables(environment),
    envFiles: [],
  });

describe('capabilities', () => {
  it('are all off at first, and the stack is the one file', async () => {
    expect((await listCapabilities(environment)).filter(({ on }) => on)).toEqual([]);
    expect(await composeFilesOf(environment)).toEqual([join(resolve('compose'), 'compose.yaml')]);
    expect(Object.keys((await load()).services).sort()).toEqual(['backend', 'nlp', 'postgres', 'qdrant', 'redis']);
  });

  it('are remembered, and come in a fixed order whatever was switched on first', async () => {
    const all = (await listCapabilities(environment)).map(({ name }) => name);
    for (const name of [...all].reverse()) expect(await setCapability(environment, name, true)).toBe(true);
    expect(await setCapability(environment, 'gateway', true)).toBe(false);
    expect(await composeFilesOf(environment)).toEqual([
      join(resolve('compose'), 'compose.yaml'),
      ...(await listCapabilities(environment)).map(({ file }) => file),
    ]);
    await load();
    expect(await setCapability(environment, 'gateway', false)).toBe(true);
    expect(await setCapability(environment, 'gateway', false)).toBe(false);
    expect((await readState(environment)).capabilities).not.toContain('gateway');
  });

  it('that a later release wrote are kept and passed over', async () => {
    await updateState(environment, (state) => ({ ...state, capabilities: ['telescope'] }));
    expect(await composeFilesOf(environment)).toHaveLength(1);
    await setCapability(environment, 'gateway', true);
    expect(JSON.parse(await readFile(join(environment.root, 'environment.json'), 'utf8')).capabilities).toEqual([
      'telescope',
      'gateway',
    ]);
  });

  it('are refused under a name that is none', () => {
    expect(() => capabilityNamed('gatway')).toThrow('There is no capability "gatway"');
  });
});

describe('the gateway', () => {
  it('publishes the port of the backend, which publishes none and may run twice', async () => {
    await updateState(environment, (state) => ({ ...state, ports: { backend: 7431 } }));
    const before = await load();
    expect(scalingObstacle(before, 'backend')?.cause).toContain('publishes port 7431');
    await setCapability(environment, 'gateway', true);
    const model = await load();
    expect(model.services.backend?.ports ?? []).toEqual([]);
    expect(model.services.gateway?.ports).toMatchObject([{ host_ip: '127.0.0.1', published: '7431', target: 8080 }]);
    expect(scalingObstacle(model, 'backend')).toBeNull();
    expect(scalingObstacle(model, 'nlp')).toBeNull();
    expect(Object.keys(model.services.backend?.depends_on ?? {})).toEqual(
      expect.arrayContaining(['postgres', 'redis', 'qdrant', 'nlp', 'nlp-gateway']),
    );
  });

  it('leaves one backend when it goes, because the port is again its own', async () => {
    await setCapability(environment, 'gateway', true);
    await updateState(environment, (state) => ({ ...state, scale: { backend: 2, nlp: 3 } }));
    await setCapability(environment, 'gateway', false);
    expect((await readState(environment)).scale).toEqual({ nlp: 3 });
  });
});

it.each(['postgres', 'redis', 'qdrant'])('%s says why there is only one of it', async (service) => {
  const obstacle = scalingObstacle(await load(), service);
  expect(obstacle?.cause).toMatch(/^[A-Z].{20,}\.$/);
});
