/**
 * A run changes exactly what its plan says, and can be cancelled at any of its calls. Calls are counted on the engine's
 * socket. QUAYSIDE_FAULTS=all cancels at every one of them instead of at every second.
 */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadProject } from '../../src/main/compose/load.ts';
import { planView } from '../../src/main/compose/plan-view.ts';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import type { EngineClient } from '../../src/main/engine/engine-client.ts';
import { type ConvergeOptions, planProject } from '../../src/main/stack/converge.ts';
import type { PlanView } from '../../src/shared/model/plan.ts';
import { toProblem } from '../../src/shared/model/problem.ts';
import { type Call, createFaultyEngine, type FaultyEngine } from '../fakes/faulty-engine.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const engine = openEngine();
const image = await ensureTinyImage(engine);
const everyCall = process.env.QUAYSIDE_FAULTS === 'all';
let recorder: FaultyEngine;
let through: EngineClient;
let scratch: Scratch;

beforeEach(async () => {
  recorder = await createFaultyEngine();
  through = createDockerEngine({ url: recorder.url, foundBy: 'test' });
  scratch = await createScratch(engine);
});
afterEach(async () => {
  recorder.rule(null);
  await scratch.close();
  through.close();
  await recorder.close();
});
afterAll(() => engine.close());

type More = Pick<ConvergeOptions, 'services' | 'removeOrphans' | 'forceRecreate'>;

async function view(more: More = {}): Promise<PlanView> {
  const project = await loadProject({
    files: [scratch.file],
    projectName: scratch.project,
    variables: {},
    envFiles: [],
  });
  return planView((await planProject(engine, project, more)).plan, []);
}

async function names(): Promise<Map<string, string>> {
  const listed = await engine.listContainers([`com.docker.compose.project=${scratch.project}`]);
  return new Map(listed.map(({ id, name }) => [id, name]));
}

/** What a run of this plan has to ask of the engine, and nothing else. */
function expectedCalls(plan: PlanView): string[] {
  const calls: string[] = [];
  const replaced = new Set<string>();
  for (const { containers } of plan.services) {
    for (const { name, action } of containers) {
      if (action === 'recreate') replaced.add(name);
      const steps = {
        create: ['create', 'start'],
        recreate: ['create', 'stop', 'remove', 'rename', 'start'],
        restart: ['stop', 'start'],
        start: ['start'],
        unpause: ['unpause'],
        keep: [],
        done: [],
      }[action];
      calls.push(...steps.map((step) => `${step} ${name}`));
    }
  }
  for (const { name } of plan.removals) calls.push(`stop ${name}`, `remove ${name}`);
  for (const { action, disconnects } of plan.networks) {
    if (action === 'recreate') {
      calls.push('network remove', ...disconnects.map(() => 'network disconnect'));
      calls.push(...disconnects.filter((name) => !replaced.has(name)).map(() => 'network connect'));
    }
    if (action !== 'keep') calls.push('network create');
  }
  for (const { action } of plan.volumes) if (action === 'create') calls.push('volume create');
  return calls.sort();
}

function readCall({ method, path }: Call, known: ReadonlyMap<string, string>): string {
  const created = /^\/containers\/create\?name=([^&]+)/.exec(path)?.[1];
  if (created !== undefined) return `create ${decodeURIComponent(created).replace(/^[0-9a-f]{12}_/, '')}`;
  const container = /^\/containers\/([0-9a-f]+)(?:\/(\w+))?/.exec(path);
  if (container !== null) {
    const name = (known.get(container[1] ?? '') ?? '?').replace(/^[0-9a-f]{12}_/, '');
    return `${method === 'DELETE' ? 'remove' : container[2]} ${name}`;
  }
  const object = /^\/(network|volume)s\/[^/?]+(?:\/(\w+))?/.exec(path);
  if (object === null) return `${method} ${path}`;
  if (method === 'DELETE') return `${object[1]} remove`;
  return `${object[1]} ${object[2] ?? 'create'}`;
}

/** Plans, runs, and answers what was planned and what was asked of the engine. */
async function compare(more: More = {}): Promise<{ plan: PlanView; planned: string[]; done: string[] }> {
  const plan = await view(more);
  const before = await names();
  recorder.reset();
  await scratch.up({ engine: through, ...more });
  const known = new Map([...before, ...(await names())]);
  const changing = recorder.calls.filter(({ change }) => change !== null);
  return { plan, planned: expectedCalls(plan), done: changing.map((call) => readCall(call, known)).sort() };
}

const idle = (more = '') =>
  `{ image: "${image}", init: true, command: ["sleep", "1000"], stop_grace_period: 2s${more} }`;

describe('a run does what its plan says', () => {
  it('for a first start, a no-op, and each kind of change', async () => {
    const yaml = ({ a = '1', net = '{}', scale = 1, orphan = '' } = {}) => `
services:
  web: ${idle(`, environment: { A: "${a}" }, volumes: ["data:/data"]`)}
  db: ${idle(`, networks: [back], scale: ${scale}`)}
  follower: ${idle(', depends_on: { web: { condition: service_started, restart: true } }')}
${orphan}networks: { back: ${net} }
volumes: { data: {} }
`;
    const old = `  old: ${idle()}\n`;
    const step = async (what: string, text: string, most: number, more: More = {}) => {
      await scratch.write(text);
      const { plan, planned, done } = await compare(more);
      expect(done, what).toEqual(planned);
      expect(done.length, what).toBe(most);
      expect(plan.writes, what).toBe(most > 0);
      expect((await view(more)).writes, `${what}, afterwards`).toBe(false);
    };
    await step('first start', yaml({ orphan: old }), 2 + 1 + 4 * 2);
    await step('no-op', yaml({ orphan: old }), 0);
    await step('an orphan is left alone', yaml(), 0);
    await step('the orphan goes', yaml(), 2, { removeOrphans: true });
    await step('one service changed, one follows it', yaml({ a: '2' }), 5 + 2);
    await step('two more replicas', yaml({ a: '2', scale: 3 }), 2 * 2);
    await step('the network changed', yaml({ a: '2', scale: 3, net: '{ internal: true }' }), 3 + 2 + 3);
    await step('fewer replicas on a changed network', yaml({ a: '2' }), 2 * 2 + 1 + 2 + 1);
    const [dbId = ''] = [...(await names())].find(([, name]) => name.endsWith('-db-1')) ?? [];
    await engine.stopContainer(dbId, { project: scratch.project });
    await step('one was stopped', yaml({ a: '2' }), 1);
  });
});

describe('a run that is cancelled', () => {
  it('at any call ends in a known state, from which the next up gets on', async () => {
    const yaml = (round: number) => `
services:
  web: ${idle(`, environment: { ROUND: "${round}" }, networks: [default, back], volumes: ["data:/data"], depends_on: [db]`)}
  db: ${idle(`, networks: [back], scale: ${1 + (round % 2)}`)}
  follower: ${idle(', depends_on: { web: { condition: service_started, restart: true } }')}
networks: { back: { labels: { round: "${round}" } } }
volumes: { data: {} }
`;
    await scratch.write(yaml(0));
    await scratch.up();
    const mark = `made for ${scratch.project}`;
    const exec = async (...cmd: string[]): Promise<string> => {
      const [id = ''] = [...(await names())].find(([, name]) => name.endsWith('-web-1')) ?? [];
      return (await engine.exec(id, { project: scratch.project }, { cmd })).stdout.trim();
    };
    await exec('sh', '-c', `echo ${mark} > /data/mark`);

    // Undisturbed, to know how many calls there are.
    await scratch.write(yaml(1));
    recorder.reset();
    await scratch.up({ engine: through });
    const total = recorder.calls.filter(({ change }) => change !== null).length;
    expect(total).toBeGreaterThan(12);

    let cancelled = 0;
    for (let round = 2, at = 1; at <= total; round += 1, at += everyCall ? 1 : 2) {
      const where = `cancelled at changing call ${at}`;
      const abort = new AbortController();
      const act = async () => abort.abort(new Error('cancelled'));
      await scratch.write(yaml(round));
      recorder.reset();
      recorder.rule(({ change }) => (change === at ? { kind: round % 2 === 0 ? 'first' : 'then', act } : null));
      const code = await scratch.up({ engine: through, signal: abort.signal }).then(
        () => null,
        (error: unknown) => toProblem(error).code,
      );
      recorder.rule(null);
      // Cancelled at its last call it may have come to its end.
      if (code !== null) {
        expect(code, where).toBe('cancelled');
        cancelled += 1;
      }
      // Known: whatever is there, the next up plans on it and leaves nothing over.
      await scratch.up();
      const all = Object.entries(await scratch.containers());
      const replicas = round % 2 === 0 ? ['db-1'] : ['db-1', 'db-2'];
      expect(all.map(([name, { state }]) => `${name} ${state}`).sort(), where).toEqual(
        [...replicas, 'follower-1', 'web-1'].map((name) => `${name} running`),
      );
      expect((await view()).writes, where).toBe(false);
      expect(await exec('cat', '/data/mark'), where).toBe(mark);
      expect(await exec('sh', '-c', 'echo $ROUND'), where).toBe(String(round));
      const networks = await engine.listNetworks([`com.docker.compose.project=${scratch.project}`]);
      expect(networks, where).toHaveLength(2);
    }
    expect(cancelled).toBeGreaterThan(5);
  }, 240_000);
});
