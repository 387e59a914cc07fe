import { afterEach, describe, expect, it } from 'vitest';
import { createFakeEngine, type FakeBehaviour } from '../../../tests/unit/fake-engine.ts';
import { service as anyService, projectOf } from '../../../tests/unit/shop-project.ts';
import type { Phase } from '../../shared/model/operation.ts';
import { toProblem } from '../../shared/model/problem.ts';
import { readActual } from './actual.ts';
import { type ApplyOptions, applyPlan, type ServiceReport } from './apply.ts';
import type { ComposeProject, ComposeService } from './model.ts';
import { makePlan } from './plan.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

type Condition = 'service_started' | 'service_healthy' | 'service_completed_successfully';
const service = (dependsOn: Record<string, Condition> = {}, more: Partial<ComposeService> = {}): ComposeService =>
  anyService({
    depends_on: Object.fromEntries(
      Object.entries(dependsOn).map(([name, condition]) => [name, { condition, required: true }]),
    ),
    ...more,
  });

function bench(services: Record<string, ComposeService>, behaviour: Record<string, FakeBehaviour> = {}) {
  const fake = createFakeEngine(behaviour);
  open.push(fake.close);
  const project = projectOf(services);
  const phases: string[] = [];
  const report = (name: string): ServiceReport => ({
    phase: (phase: Phase) => void phases.push(`${name} ${phase}`),
    detail: () => undefined,
    done: () => void phases.push(`${name} done`),
    skip: () => void phases.push(`${name} skipped`),
    fail: () => void phases.push(`${name} failed`),
  });
  const abort = new AbortController();
  async function up(more: Partial<ApplyOptions> = {}, changed: ComposeProject = project) {
    const actual = await readActual(fake.engine, 'shop', ['tiny'], false);
    const plan = makePlan(changed, actual, {
      hashes: (name) => [JSON.stringify(changed.services[name]).length.toString()],
      restartUnhealthy: true,
    });
    return applyPlan({
      engine: fake.engine,
      plan,
      actual,
      apiVersion: '1.41',
      hash: (name) => JSON.stringify(changed.services[name]).length.toString(),
      composeVersion: '2.26.1',
      environmentFiles: [],
      report,
      signal: abort.signal,
      ...more,
    });
  }
  const at = (call: string): number => fake.calls.indexOf(call);
  return { fake, up, abort, phases, at, project };
}

describe('applying a plan', () => {
  it('creates all at once and starts each when what it depends on allows', async () => {
    const { fake, up, at } = bench(
      { web: service({ api: 'service_healthy' }), api: service({ db: 'service_healthy' }), db: service() },
      { db: { healthyAfterMs: 60 }, api: { healthyAfterMs: 40 }, web: { healthyAfterMs: null } },
    );
    const outcomes = await up({ earlyProbe: false });
    expect([...outcomes.values()]).toEqual(['ready', 'ready', 'ready']);
    const firstStart = fake.calls.findIndex((call) => call.startsWith('start'));
    expect(fake.calls.slice(0, firstStart).filter((call) => call.startsWith('create'))).toHaveLength(3);
    expect(at('events')).toBeLessThan(firstStart);
    expect(at('start shop-db-1')).toBeLessThan(at('start shop-api-1'));
    expect(at('start shop-api-1')).toBeLessThan(at('start shop-web-1'));
    expect(fake.calls.some((call) => call.startsWith('exec'))).toBe(false);
  });

  it('starts dependents on the first good probe, and still ends with the verdict of the engine', async () => {
    const { fake, up, phases } = bench(
      { web: service({ db: 'service_healthy' }), db: service() },
      { db: { healthyAfterMs: 900, probeAfterMs: 20 }, web: { healthyAfterMs: null } },
    );
    const startedAt = performance.now();
    await up();
    expect(performance.now() - startedAt).toBeGreaterThan(880);
    expect(phases.indexOf('web done')).toBeLessThan(phases.indexOf('db done'));
    expect(fake.calls).toContain('exec shop-db-1 check');
  });

  it('sees what runs at first and fails in its first moments, without a healthcheck', async () => {
    const { up } = bench(
      { web: service({ db: 'service_started' }), db: service() },
      { db: { healthyAfterMs: null }, web: { healthyAfterMs: null, exitAfterMs: 120, exitCode: 3 } },
    );
    const problem = toProblem(await up().catch((error: unknown) => error));
    expect(problem).toMatchObject({ code: 'service-exited', service: 'web' });
  });

  it('writes nothing for a stack that is up', async () => {
    const { fake, up } = bench(
      { web: service({ db: 'service_healthy' }), db: service() },
      { db: { healthyAfterMs: 5 }, web: { healthyAfterMs: null } },
    );
    await up();
    const before = fake.writes().length;
    fake.calls.length = 0;
    expect(before).toBeGreaterThan(0);
    await up();
    expect(fake.writes()).toEqual([]);
    expect(fake.calls).not.toContain('events');
  });

  it('counts a job that exits 0 as done and does not run it again', async () => {
    const { fake, up } = bench(
      { web: service({ init: 'service_completed_successfully' }), init: service() },
      { init: { exitAfterMs: 20, exitCode: 0 }, web: { healthyAfterMs: null } },
    );
    const outcomes = await up();
    expect(outcomes.get('init')).toBe('done');
    expect(outcomes.get('web')).toBe('ready');
    fake.calls.length = 0;
    await up();
    expect(fake.writes()).toEqual([]);
  });

  it('names the probe, keeps what started and skips only dependents', async () => {
    const { fake, up, phases } = bench(
      { web: service({ db: 'service_healthy' }), db: service(), cache: service() },
      { db: { unhealthyAfterMs: 30, log: 'FATAL: no room' }, cache: { healthyAfterMs: 60 } },
    );
    const problem = toProblem(await up().catch((error: unknown) => error));
    expect(problem).toMatchObject({ code: 'service-unhealthy', service: 'db' });
    expect(problem.cause).toContain('not yet');
    expect(problem.evidence).toContain('log: FATAL: no room');
    expect(problem.remedies[0]).toMatchObject({ action: 'retry' });
    expect(phases).toContain('web skipped');
    expect(phases).toContain('cache done');
    expect([...fake.containers.values()].map(({ state }) => state).sort()).toEqual(['created', 'running', 'running']);
  });

  it('restarts what is unhealthy when it is started again', async () => {
    const behaviour: Record<string, FakeBehaviour> = { db: { unhealthyAfterMs: 10 } };
    const { fake, up } = bench({ db: service() }, behaviour);
    await up().catch(() => undefined);
    behaviour.db = { healthyAfterMs: 10 };
    await up();
    expect(fake.writes().slice(-2)).toEqual(['stop shop-db-1', 'start shop-db-1']);
  });

  it.each([
    [{ exitAfterMs: 10, exitCode: 3 }, 'service-exited', 'exit code 3'],
    [{ exitAfterMs: 10, exitCode: 127 }, 'service-exited', 'not found'],
  ])('tells an exit in words: %o', async (how, code, words) => {
    const { up } = bench({ db: service() }, { db: { healthyAfterMs: 1000, ...how } });
    const problem = toProblem(await up().catch((error: unknown) => error));
    expect(problem.code).toBe(code);
    expect(problem.cause).toContain(words);
  });

  it('sees a service without a healthcheck that ended while others were waited for', async () => {
    const { up } = bench(
      { web: service(), db: service() },
      { web: { exitAfterMs: 20, exitCode: 1 }, db: { healthyAfterMs: 80 } },
    );
    expect(toProblem(await up().catch((error: unknown) => error))).toMatchObject({
      code: 'service-exited',
      service: 'web',
    });
  });

  it('refuses to wait for the health of a service without a healthcheck', async () => {
    const { up } = bench({ web: service({ db: 'service_healthy' }), db: service() }, { db: { healthyAfterMs: null } });
    const problem = toProblem(await up().catch((error: unknown) => error));
    expect(problem.cause).toContain('has no healthcheck configured');
  });

  it('stops where it is on cancel, starts nothing more, and goes on from there', async () => {
    const { fake, up, abort } = bench(
      { web: service({ db: 'service_healthy' }), db: service() },
      { db: { healthyAfterMs: 300 }, web: { healthyAfterMs: null } },
    );
    setTimeout(() => abort.abort(new Error('cancelled')), 50);
    const problem = toProblem(await up({ earlyProbe: false }).catch((error: unknown) => error));
    expect(problem.code).toBe('cancelled');
    expect(fake.calls).not.toContain('start shop-web-1');
    await up({ signal: new AbortController().signal });
    expect(fake.calls).toContain('start shop-web-1');
    expect(fake.calls.filter((call) => call.startsWith('create'))).toHaveLength(2);
  });

  it('replaces only what changed, the new one made before the old one goes', async () => {
    const { fake, up, project } = bench({ web: service(), db: service() });
    await up();
    const [webId] = [...fake.containers.values()].filter(({ name }) => name === 'shop-web-1').map(({ id }) => id);
    fake.calls.length = 0;
    const changed = { ...project, services: { ...project.services, web: service({}, { environment: { A: '1' } }) } };
    await up({}, changed);
    expect(fake.writes()).toEqual([
      `create ${webId?.slice(0, 12)}_shop-web-1`,
      'stop shop-web-1',
      'remove shop-web-1',
      `rename ${webId?.slice(0, 12)}_shop-web-1 shop-web-1`,
      'start shop-web-1',
    ]);
    const made = [...fake.containers.values()].find(({ name }) => name === 'shop-web-1');
    expect(made?.labels['com.docker.compose.replace']).toBe('web-1');
  });

  it('takes away a container whose start was refused for its port', async () => {
    const { fake, up } = bench({ web: service() }, { web: { startError: new Error('port is already allocated') } });
    const error = await up({ explainStart: async () => ({ error: new Error('taken'), remove: true }) }).catch(
      (e: unknown) => e,
    );
    expect(toProblem(error).cause).toBe('taken');
    expect(fake.containers.size).toBe(0);
  });
});
