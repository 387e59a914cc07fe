/** Items 27 to 36 of compose.md, section 5, that tests/engine/apply.test.ts has not: what a start waits for, and how it fails. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asObject, asText } from '../../src/shared/model/json.ts';
import { type Problem, toProblem } from '../../src/shared/model/problem.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const engine = openEngine();
const image = await ensureTinyImage(engine);
let scratch: Scratch;

beforeEach(async () => {
  scratch = await createScratch(engine);
});
afterEach(() => scratch.close());
afterAll(() => engine.close());

const run = (command: string, more = '') =>
  `{ image: "${image}", init: true, command: ["sh", "-c", "${command}"], stop_grace_period: 1s${more} }`;
const idle = (more = '') => run('sleep 1000', more);
const problemOf = (promise: Promise<unknown>): Promise<Problem> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => toProblem(error),
  );
const states = async () =>
  Object.fromEntries(Object.entries(await scratch.containers()).map(([name, { state }]) => [name, state]));
const startedAt = async (name: string) => {
  const raw = await engine.inspectContainer((await scratch.containers())[name]?.id ?? '');
  return asText(asObject(raw?.State).StartedAt);
};

describe('waiting', () => {
  it('§5.27 a dependency that exits with 1 fails, and who waits for it does not start', async () => {
    await scratch.write(`
services:
  db: ${run('echo no room; exit 1', ', healthcheck: { test: ["CMD", "true"], interval: 30s }')}
  web: ${idle(', depends_on: { db: { condition: service_healthy } }')}
`);
    const problem = await problemOf(scratch.up());
    expect(problem).toMatchObject({ code: 'service-exited', service: 'db' });
    expect(problem.evidence).toEqual(expect.arrayContaining(['exit code 1', 'log: no room']));
    expect(await states()).toEqual({ 'db-1': 'exited', 'web-1': 'created' });
  });

  it('§5.28 the health of what has no health check cannot be waited for', async () => {
    await scratch.write(
      `services:\n  db: ${idle()}\n  web: ${idle(', depends_on: { db: { condition: service_healthy } }')}\n`,
    );
    const problem = await problemOf(scratch.up());
    expect(problem.cause).toContain('has no healthcheck configured');
    expect((await states())['web-1']).toBe('created');
  });

  it('§5.31 a one-shot that nobody waits for and that exits 0 is a success', async () => {
    await scratch.write(
      `services:\n  once: ${run('exit 0')}\n  db: ${idle(', healthcheck: { test: ["CMD", "true"], interval: 500ms }')}\n`,
    );
    const outcomes = await scratch.up();
    expect(['done', 'ready']).toContain(outcomes.get('once'));
    expect(await states()).toEqual({ 'once-1': 'exited', 'db-1': 'running' });
  });

  it('§5.32 what is not required and unhealthy is told, and its dependent starts all the same', async () => {
    await scratch.write(`
services:
  extra: ${idle(', healthcheck: { test: ["CMD", "false"], interval: 500ms, timeout: 2s, retries: 1 }')}
  web: ${idle(', depends_on: { extra: { condition: service_healthy, required: false } }')}
`);
    expect(await problemOf(scratch.up())).toMatchObject({ code: 'service-unhealthy', service: 'extra' });
    expect(await states()).toEqual({ 'extra-1': 'running', 'web-1': 'running' });
    expect(scratch.phases).toContain('web done');
  });

  it('§5.33 a start that may take only so long says what is not ready; its container runs on', async () => {
    await scratch.write(`
services:
  slow: ${run('echo warming up; sleep 1000', ', healthcheck: { test: ["CMD", "false"], interval: 300ms, timeout: 2s, retries: 1000 }')}
  web: ${idle(', depends_on: { slow: { condition: service_healthy } }')}
`);
    const beganAt = performance.now();
    const problem = await problemOf(scratch.up({ waitTimeoutMs: 1500 }));
    expect(performance.now() - beganAt).toBeLessThan(15_000);
    expect(problem).toMatchObject({ code: 'service-late', title: 'slow is not ready after 1.5 s', service: 'slow' });
    expect(problem.evidence).toContain('log: warming up');
    expect(await states()).toEqual({ 'slow-1': 'running', 'web-1': 'created' });
  });

  it('§5.34 a cycle is told before the engine is asked to change anything', async () => {
    await scratch.write(`services:\n  a: ${idle(', depends_on: [b]')}\n  b: ${idle(', depends_on: [a]')}\n`);
    const problem = await problemOf(scratch.up());
    expect(JSON.stringify(problem)).toMatch(/a -> b -> a|b -> a -> b/);
    expect(await states()).toEqual({});
    expect(await engine.listNetworks([`com.docker.compose.project=${scratch.project}`])).toEqual([]);
  });

  it('§5.36 what has no replicas is not waited for', async () => {
    await scratch.write(
      `services:\n  db: ${idle(', scale: 0')}\n  web: ${idle(', depends_on: { db: { condition: service_healthy } }')}\n`,
    );
    await scratch.up();
    expect(await states()).toEqual({ 'web-1': 'running' });
  });
});

describe('trying again what failed', () => {
  it('starts that part and what waited for it, and touches nothing else', async () => {
    await scratch.write(`
services:
  db: ${run('sleep 1000', ', volumes: ["data:/data"], healthcheck: { test: "cat /data/ok", interval: 400ms, timeout: 2s, retries: 2 }')}
  api: ${idle(', depends_on: { db: { condition: service_healthy } }')}
  web: ${idle(', depends_on: { api: { condition: service_started } }')}
  other: ${idle()}
volumes: { data: {} }
`);
    const problem = await problemOf(scratch.up());
    expect(problem).toMatchObject({ code: 'service-unhealthy', service: 'db' });
    const retry = problem.remedies.find(({ action }) => action === 'retry');
    expect(retry).toEqual({ action: 'retry', label: 'Start db again', service: 'db' });
    expect(await states()).toEqual({ 'db-1': 'running', 'api-1': 'created', 'web-1': 'created', 'other-1': 'running' });
    const untouched = await startedAt('other-1');
    const before = await startedAt('db-1');
    const db = (await scratch.containers())['db-1']?.id ?? '';
    await engine.exec(db, { project: scratch.project }, { cmd: ['touch', '/data/ok'] });
    await scratch.up({ services: [retry?.service ?? ''], resumeWaiting: true });
    expect(new Set(Object.values(await states()))).toEqual(new Set(['running']));
    expect(await startedAt('other-1')).toBe(untouched);
    expect(await startedAt('db-1')).not.toBe('');
    expect(Date.parse(await startedAt('api-1'))).toBeGreaterThan(Date.parse(before));
  });

  it('is offered for each of several that failed, also where the engine itself refused', async () => {
    await scratch.write(`
services:
  a: ${run('exit 3', ', healthcheck: { test: ["CMD", "true"], interval: 30s }')}
  b: { image: "${image}", command: ["/no/such/program"] }
  c: ${idle()}
`);
    const problem = await problemOf(scratch.up());
    const retries = problem.remedies.filter(({ action }) => action === 'retry').map(({ service }) => service);
    expect(retries.sort()).toEqual(['a', 'b']);
    expect((await states())['c-1']).toBe('running');
  });
});
