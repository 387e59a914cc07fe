import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Operation, operationSchema } from '../../shared/model/operation.ts';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import { takeLock } from './lock.ts';
import type { OperationContext } from './operation-runner.ts';
import { ownProcess } from './process-identity.ts';
import { createOperationRunner } from './runner.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-runner-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

const runnerHere = (redact?: (text: string) => string) =>
  createOperationRunner({ journalDir: join(folder, 'journal'), environment: 'dev', ...(redact ? { redact } : {}) });

/** A body that ends when told to. */
function held() {
  let release: (outcome: string) => void = () => undefined;
  const until = new Promise<string>((resolve) => {
    release = resolve;
  });
  const run = (context: OperationContext): Promise<string> =>
    Promise.race([
      until,
      new Promise<string>((_, reject) => {
        context.signal.addEventListener('abort', () => reject(context.signal.reason as Error));
      }),
    ]);
  return { run, release };
}

describe('an operation', () => {
  it('tells how long it took, also when the clock is set meanwhile', async () => {
    const runner = runnerHere();
    const clock = vi.spyOn(Date, 'now');
    try {
      const id = await runner.begin({
        kind: 'start',
        title: 'Start the stack',
        stack: 'shop',
        exclusive: true,
        async run(context) {
          const step = context.step('service/db', 'db', { service: 'db', phase: 'waiting' });
          step.start();
          clock.mockReturnValue(1_000_000);
          step.done();
          return 'up';
        },
      });
      const { startedAtMs, endedAtMs, steps } = await runner.wait(id);
      for (const [from, to] of [
        [startedAtMs, endedAtMs],
        [steps[0]?.startedAtMs, steps[0]?.endedAtMs],
      ]) {
        const tookMs = (to ?? Number.NaN) - (from ?? Number.NaN);
        expect(tookMs).toBeGreaterThanOrEqual(0);
        expect(tookMs).toBeLessThan(10_000);
      }
    } finally {
      clock.mockRestore();
      await runner.close();
    }
  });

  it('runs, shows its steps and is kept in the journal as it ended', async () => {
    const runner = runnerHere();
    const seen: Operation[] = [];
    runner.subscribe((operation) => seen.push(operation));
    const id = await runner.begin({
      kind: 'start',
      title: 'Start the stack',
      stack: 'shop',
      exclusive: true,
      async run(context) {
        const step = context.step('service/db', 'db', { service: 'db', phase: 'waiting' });
        step.phase('creating');
        step.phase('starting', 'Almost there');
        step.done();
        return '1 of 1 services is healthy';
      },
    });
    const ended = await runner.wait(id);
    expect(ended).toMatchObject({ state: 'done', outcome: '1 of 1 services is healthy', problem: null });
    expect(ended.steps[0]).toMatchObject({ state: 'done', phase: 'starting', service: 'db' });
    for (const operation of seen) operationSchema.parse(operation);
    expect(seen.filter(({ state }) => state === 'done')).toEqual([ended]);
    expect(seen.at(-1)).toEqual(ended);

    const next = runnerHere();
    expect(await next.recover()).toEqual([]);
    expect(next.list()).toEqual([ended]);
    await next.close();
    await runner.close();
  });

  it('fails with the Problem it threw and closes its open steps', async () => {
    const runner = runnerHere();
    const id = await runner.begin({
      kind: 'start',
      title: 'Start',
      stack: 'shop',
      exclusive: true,
      async run(context) {
        context.step('a', 'a').start();
        context.step('b', 'b');
        throw new ProblemError(problem('port-taken', 'Port 7420 is taken', 'By nginx.'));
      },
    });
    const ended = await runner.wait(id);
    expect(ended).toMatchObject({ state: 'failed', problem: { code: 'port-taken' } });
    expect(ended.steps.map((step) => step.state)).toEqual(['cancelled', 'skipped']);
    await runner.close();
  });

  it('is cancelled into the state its body leaves behind', async () => {
    const runner = runnerHere();
    const id = await runner.begin({ kind: 'start', title: 'Start', stack: 'shop', exclusive: true, run: held().run });
    runner.cancel(id);
    expect(runner.get(id)?.cancelling).toBe(true);
    expect(await runner.wait(id)).toMatchObject({ state: 'cancelled', cancelling: false, problem: null });
    await runner.close();
  });

  it('does not listen to cancel when it cannot be cancelled', async () => {
    const runner = runnerHere();
    const { run, release } = held();
    const id = await runner.begin({
      kind: 'stop',
      title: 'Stop',
      stack: 'shop',
      exclusive: false,
      cancellable: false,
      run,
    });
    runner.cancel(id);
    release('Stopped');
    expect(await runner.wait(id)).toMatchObject({ state: 'done' });
    await runner.close();
  });

  it('keeps secrets out of what is shown and written', async () => {
    const runner = runnerHere((text) => text.replaceAll('hunter2', '•••'));
    const id = await runner.begin({
      kind: 'start',
      title: 'Start',
      stack: 'shop',
      exclusive: false,
      async run(context) {
        context.step('a', 'a').start('using hunter2');
        await context.note({ what: 'hunter2' });
        throw new ProblemError(problem('x-failed', 'No hunter2', 'hunter2!', { evidence: ['pw=hunter2'] }));
      },
    });
    await runner.wait(id);
    const text = await readFile(join(folder, 'journal', `${id}.json`), 'utf8');
    expect(text).toContain('•••');
    expect(text).not.toContain('hunter2');
    await runner.close();
  });

  it('tells details at most 10 times a second and states at once', async () => {
    const runner = runnerHere();
    const { run, release } = held();
    let step: ReturnType<OperationContext['step']> | undefined;
    const id = await runner.begin({
      kind: 'pull',
      title: 'Pull',
      stack: 'shop',
      exclusive: false,
      run(context) {
        step = context.step('image', 'image');
        step.start();
        return run(context);
      },
    });
    await Promise.resolve();
    let told = 0;
    runner.subscribe(() => {
      told += 1;
    });
    const startedAt = performance.now();
    while (performance.now() - startedAt < 350) {
      step?.progress({ done: told, total: null, unit: 'bytes' });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toBeGreaterThanOrEqual(2);
    expect(told).toBeLessThanOrEqual(5);
    const before = told;
    step?.done();
    await Promise.resolve();
    expect(told).toBe(before + 1);
    release('Pulled');
    await runner.wait(id);
    await runner.close();
  });

  it('keeps the last 50 ended, newest first, in memory and on disk', async () => {
    const runner = runnerHere();
    const ids: string[] = [];
    for (let index = 0; index < 55; index += 1) {
      const id = await runner.begin({
        kind: 'verify',
        title: `Verify ${index}`,
        stack: 'shop',
        exclusive: false,
        run: async () => 'ok',
      });
      await runner.wait(id);
      ids.push(id);
    }
    expect(runner.list().map((operation) => operation.id)).toEqual(ids.slice(5).reverse());
    await runner.close();
    await vi.waitFor(
      async () => {
        expect((await readdir(join(folder, 'journal'))).filter((name) => name.endsWith('.json'))).toHaveLength(50);
      },
      { timeout: 15_000 },
    );
  });
});

describe('exclusive operations', () => {
  it('refuses a second and names the first; lets others run beside', async () => {
    const runner = runnerHere();
    const first = held();
    const id = await runner.begin({
      kind: 'start',
      title: 'Start the stack',
      stack: 'shop',
      exclusive: true,
      run: first.run,
    });
    const second = runner.begin({
      kind: 'stop',
      title: 'Stop the stack',
      stack: 'shop',
      exclusive: true,
      run: held().run,
    });
    await expect(second).rejects.toMatchObject({
      problem: { code: 'operation-running', title: '"Start the stack" is still under way' },
    });
    const beside = await runner.begin({
      kind: 'ingest',
      title: 'Ingest',
      stack: 'shop',
      exclusive: false,
      run: async () => 'done',
    });
    await runner.wait(beside);
    first.release('Started');
    await runner.wait(id);
    const after = await runner.begin({
      kind: 'stop',
      title: 'Stop',
      stack: 'shop',
      exclusive: true,
      run: async () => 'done',
    });
    expect(await runner.wait(after)).toMatchObject({ state: 'done' });
    await runner.close();
  });

  it('lets whoever hears of the end begin the next at once', async () => {
    const runner = runnerHere();
    const next = new Promise<string>((resolve, reject) => {
      runner.subscribe((operation) => {
        if (operation.title !== 'First' || operation.state === 'running') return;
        runner
          .begin({ kind: 'stop', title: 'Second', stack: 'shop', exclusive: true, run: async () => 'ok' })
          .then(resolve, reject);
      });
    });
    await runner.begin({ kind: 'start', title: 'First', stack: 'shop', exclusive: true, run: async () => 'ok' });
    expect(await runner.wait(await next)).toMatchObject({ state: 'done' });
    await runner.close();
  });

  it('refuses what another panel on the same data runs', async () => {
    const here = runnerHere();
    const there = runnerHere();
    const first = held();
    const id = await here.begin({
      kind: 'start',
      title: 'Start the stack',
      stack: 'shop',
      exclusive: true,
      run: first.run,
    });
    await expect(
      there.begin({ kind: 'stop', title: 'Stop', stack: 'shop', exclusive: true, run: held().run }),
    ).rejects.toMatchObject({
      problem: { code: 'operation-running' },
    });
    first.release('ok');
    await here.wait(id);
    await there.wait(
      await there.begin({ kind: 'stop', title: 'Stop', stack: 'shop', exclusive: true, run: async () => 'ok' }),
    );
    await Promise.all([here.close(), there.close()]);
  });

  it('takes over from a process that is gone, or whose number another has now', async () => {
    const path = join(folder, 'exclusive.lock');
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    const left = { operationId: 'op-x', title: 'Start', sinceMs: 1 };
    const own = await ownProcess();
    for (const stale of [
      JSON.stringify({ pid: child.pid, started: '', ...left }),
      JSON.stringify({ pid: own.pid, started: `${own.started}0`, ...left }),
      'half a fi',
    ]) {
      await writeFile(path, stale);
      const lock = await takeLock(path, 'op-y', 'Stop');
      expect(lock.taken).toBe(true);
      if (lock.taken) await lock.release();
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('lets exactly one of many through', async () => {
    // Many rounds: a takeover that can let two through does so only now and then.
    for (let round = 0; round < 40; round += 1) {
      const path = join(folder, `exclusive-${round}.lock`);
      await writeFile(path, 'stale');
      const locks = await Promise.all(Array.from({ length: 20 }, (_, index) => takeLock(path, `op-${index}`, 'Start')));
      expect(locks.filter((lock) => lock.taken)).toHaveLength(1);
    }
  });
});

describe('recover', () => {
  it('marks what a killed panel left open and answers its notes, but leaves a living one alone', async () => {
    const runner = runnerHere();
    const { run, release } = held();
    const id = await runner.begin({
      kind: 'start',
      title: 'Start the stack',
      stack: 'shop',
      exclusive: true,
      async run(context) {
        context.step('service/db', 'db').start();
        await context.note({ did: 'network', name: 'x_default' });
        return run(context);
      },
    });
    const path = join(folder, 'journal', `${id}.json`);
    await vi.waitFor(async () => expect(await readFile(path, 'utf8')).toContain('x_default'), { timeout: 15_000 });
    const other = runnerHere();
    expect(await other.recover()).toEqual([]);

    const record = JSON.parse(await readFile(path, 'utf8'));
    record.process = { pid: 999_999_999, started: 'long ago' };
    release('ok');
    await runner.wait(id);
    await runner.close();
    await writeFile(path, JSON.stringify(record));
    const found = await other.recover();
    expect(found).toHaveLength(1);
    expect(found[0]?.notes).toEqual([{ did: 'network', name: 'x_default' }]);
    expect(found[0]?.operation).toMatchObject({ id, state: 'interrupted' });
    expect(other.list()[0]).toMatchObject({ id, state: 'interrupted' });
    expect(await other.recover()).toEqual([]);
    await other.close();
  });

  it('skips what it cannot read', async () => {
    const runner = runnerHere();
    await runner.wait(
      await runner.begin({ kind: 'verify', title: 'v', stack: 'shop', exclusive: false, run: async () => 'ok' }),
    );
    await writeFile(join(folder, 'journal', 'op-broken.json'), '{"operation":');
    const next = runnerHere();
    expect(await next.recover()).toEqual([]);
    expect(next.list()).toHaveLength(1);
    await Promise.all([runner.close(), next.close()]);
  });
});
