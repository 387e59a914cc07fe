/**
 * What is asked of an engine to create a project, by Quayside and by Docker Compose 2.26, recorded by an engine that
 * accepts everything: so fields that this machine cannot run (devices, other platforms, storage drivers) are compared too.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureComposePeer } from '../../scripts/setup/compose-peer.mjs';
import { modelLabel } from '../../src/main/compose/labels.ts';
import { loadProject } from '../../src/main/compose/load.ts';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import { converge } from '../../src/main/stack/converge.ts';
import { ProblemError } from '../../src/shared/model/problem.ts';
import { type AcceptingEngine, openAcceptingEngine } from '../fakes/accepting-engine.ts';
import type { ComposeCase } from '../fixtures/compose/case.ts';
import { hashCases } from '../fixtures/compose/hash-cases.ts';
import { caseOptions, casePeerArguments, caseVariables, writeCase } from '../fixtures/compose/on-disk.ts';

const run = promisify(execFile);
let peer = '';
let folder = '';

beforeAll(async () => {
  peer = await ensureComposePeer();
  folder = await mkdtemp(join(tmpdir(), 'qs-bodies-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Where we differ on purpose: what is left out of both before they are compared, and why. Nothing else may differ. */
const deliberate: readonly { readonly reason: string; readonly left: (path: string) => boolean }[] = [
  {
    reason: 'ours alone: what a container was made from, for telling later what changed; Compose does not mind it',
    left: (path) => path.endsWith(`.Labels.${modelLabel}`),
  },
  {
    reason: 'the release: 2.26.1 here, with the suffix of its package there',
    left: (path) => path.endsWith('.Labels.com.docker.compose.version'),
  },
  {
    reason: 'engines from API 1.44 on know no CheckDuplicate; Compose sends it to them all the same',
    left: (path) => /^networks\.\d+\.CheckDuplicate$/.test(path),
  },
  {
    reason: 'Compose 2.26 forgets the options of a device request; 5 sends them',
    left: (path) => /\.DeviceRequests\.\d+\.Options$/.test(path),
  },
  {
    reason: 'Compose 2.26 forgets the driver options of an endpoint; 2.40 sends them',
    left: (path) => /\.(EndpointsConfig\.[^.]+|EndpointConfig)\.DriverOpts$/.test(path),
  },
  {
    reason: 'Compose 2.26 forgets the options of ipam; 5.7 sends them',
    left: (path) => /^networks\.\d+\.IPAM\.Options$/.test(path),
  },
  {
    reason: 'Compose writes the asked-for addresses a second time into fields that are the engine’s answer',
    left: (path) => /\.(EndpointsConfig\.[^.]+|EndpointConfig)\.(IPAddress|IPv6Gateway)$/.test(path),
  },
  {
    reason: 'Compose 2.26 loses a MAC address on engines from API 1.44 on; 2.40 gives it to the endpoint as we do',
    left: (path) => /\.(EndpointsConfig\.[^.]+|EndpointConfig)\.MacAddress$/.test(path),
  },
  {
    reason: 'Compose loses the mode of volumes_from, so that `:ro` becomes writable',
    left: (path) => /\.HostConfig\.VolumesFrom\.\d+$/.test(path),
  },
];
const oneMac = 'later releases of Compose give the MAC address of the first network to the container, as we do';
/** Compose 2.26 refuses these, and why we do not. */
const refusedByPeer: Readonly<Record<string, string>> = {
  '1.41 healthcheck as text':
    'an engine before API 1.44 ignores start_interval; later releases of Compose say so and go on',
  '1.41 networks as map': oneMac,
  '1.41 hash: network options': oneMac,
};
const needed = new Set<string>();

const cases = hashCases.filter((one) => one.differs === undefined);

/** The older API is another one for networks, addresses and probes only. */
const older = cases.filter(({ name }) => /network|mac_address|healthcheck|platform|hash: /.test(name));

describe.each([
  ['1.44', cases],
  ['1.41', older],
] as const)('§5.0 the create bodies at API %s', (apiVersion, compared) => {
  it.each(compared.map((one, index) => [one.name, one, index] as const))('%s', async (name, one, index) => {
    const root = join(folder, apiVersion, `c${index}`);
    await writeCase(root, one);
    const refused = refusedByPeer[`${apiVersion} ${name}`] !== undefined;
    const theirs = await recorded(root, apiVersion, async (engine) => {
      const asked = run(peer, [...casePeerArguments(one), 'create', '--no-build', '--pull', 'never'], {
        cwd: root,
        env: { ...caseVariables(one), DOCKER_HOST: engine.host },
      });
      if (refused) await expect(asked).rejects.toThrow();
      else await asked;
    });
    const ours = await recorded(root, apiVersion, (engine) => create(engine, root, one));
    expect(Object.keys(ours.containers).length).toBeGreaterThan(0);
    if (refused) return;
    const [oursLeft, theirsLeft] = [leaves(ours), leaves(theirs)];
    for (const { reason, left } of deliberate) {
      const mine = takeOut(oursLeft, left);
      if (mine !== takeOut(theirsLeft, left)) needed.add(reason);
    }
    expect(Object.fromEntries(oursLeft)).toEqual(Object.fromEntries(theirsLeft));
  });
});

describe('the table of deliberate differences', () => {
  it('has no entry that is not needed', () => {
    expect([...needed].sort()).toEqual(deliberate.map(({ reason }) => reason).sort());
  });
});

/** Every value by its path, as in "containers.p-web-1.body.HostConfig.Init". */
function leaves(value: unknown, path = '', into = new Map<string, unknown>()): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || deliberate.some(({ left }) => left(path))) into.set(path, value);
  else {
    for (const [key, entry] of Object.entries(value)) leaves(entry, path === '' ? key : `${path}.${key}`, into);
  }
  return into;
}

/** Removes the paths and answers what was there. */
function takeOut(from: Map<string, unknown>, left: (path: string) => boolean): string {
  const taken = [...from].filter(([path]) => left(path));
  for (const [path] of taken) from.delete(path);
  return JSON.stringify(taken);
}

/** Our own `up` on an engine that refuses every start. */
async function create(accepting: AcceptingEngine, root: string, one: ComposeCase): Promise<void> {
  const engine = createDockerEngine({ url: accepting.host, foundBy: 'test' });
  const nothing = (): void => undefined;
  try {
    await converge({
      engine,
      project: await loadProject({ ...caseOptions(root, one), allowUnsupported: true }),
      dialect: 'D24',
      environmentFiles: (one.envFiles ?? []).map((file) => join(root, file)),
      report: () => ({ phase: nothing, detail: nothing, done: nothing, skip: nothing, fail: nothing }),
      signal: new AbortController().signal,
    });
    throw new Error('a start was not refused');
  } catch (error) {
    if (!(error instanceof ProblemError) || !JSON.stringify(error.problem).includes('not started here')) throw error;
  } finally {
    engine.close();
  }
}

async function recorded(root: string, apiVersion: string, act: (engine: AcceptingEngine) => Promise<void>) {
  const engine = await openAcceptingEngine(join(root, 'e.sock'), apiVersion);
  try {
    await act(engine);
    return {
      containers: Object.fromEntries(
        engine.containers.map(({ name, platform, body }) => [name, { platform, body: normal(body) }]),
      ),
      networks: normal(engine.networks),
      volumes: normal(engine.volumes),
      connects: normal(engine.connects),
    };
  } finally {
    await engine.close();
  }
}

/** Drops what an engine takes for absent, and puts lists without an order into one. */
function normal(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => normal(item));
    return unordered.has(key) || key === '' ? sorted(items) : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const made: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const kept = name === 'com.docker.compose.depends_on' ? String(entry).split(',').sort() : normal(entry, name);
    if (!isAbsent(kept) || (key === 'Labels' && kept === '')) made[name] = kept;
  }
  return made;
}

const unordered = new Set(['Env', 'Binds', 'Mounts', 'ExtraHosts', 'Ulimits', 'Links']);

function sorted(items: unknown[]): unknown[] {
  return items
    .map((item) => [JSON.stringify(item), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);
}

function isAbsent(value: unknown): boolean {
  if (value === null || value === undefined || value === 0 || value === '' || value === false) return true;
  if (Array.isArray(value)) return value.every((item) => item === 0);
  return typeof value === 'object' && Object.keys(value).length === 0;
}
