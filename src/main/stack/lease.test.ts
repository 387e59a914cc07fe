import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../shared/model/json.ts';
import { ProblemError, problem, toProblem } from '../../shared/model/problem.ts';
import { ownProcess } from '../operations/process-identity.ts';
import { type Lease, type LeaseOptions, takeLease, withLease } from './lease.ts';
import { claimBody, type LeaseSelf } from './lease-claim.ts';
import { machineIdentity } from './machine-identity.ts';

/** The volumes of an engine, each call taking effect at some moment between being sent and being answered. */
function volumesOf({ jitterMs = 0 } = {}) {
  const volumes = new Map<string, JsonObject>();
  const state = { clockMs: Date.parse('2026-01-01T12:00:00Z'), away: false, full: false, writes: 0 };
  const beganAt = performance.now();
  const pass = async () => {
    if (jitterMs > 0) await delay(Math.random() * jitterMs);
    if (state.away) throw new ProblemError(problem('engine-stopped', 'gone', 'gone'));
  };
  const engine: LeaseOptions['engine'] = {
    async createVolume(body) {
      await pass();
      if (state.full) throw new ProblemError(problem('disk-full', 'full', 'full'));
      state.writes += 1;
      const atMs = state.clockMs + performance.now() - beganAt;
      const createdAt = new Date(Math.floor(atMs / 1000) * 1000).toISOString();
      const name = String(body.Name);
      if (!volumes.has(name)) volumes.set(name, { ...body, CreatedAt: createdAt });
      await pass();
    },
    async listVolumes() {
      await pass();
      const all = [...volumes.values()];
      await pass();
      return all;
    },
    async removeVolume(name) {
      await pass();
      volumes.delete(name);
      await pass();
    },
  };
  return { engine, volumes, state };
}

const elsewhere: LeaseSelf = { machine: 'another', host: 'far', pid: 7, started: 'then' };
const fast = { renewMs: 40, doubtMs: 10_000, watchMs: 200, contendMs: 2000 };

let made: Lease[] = [];
let world: ReturnType<typeof volumesOf>;
beforeEach(() => {
  world = volumesOf();
});
afterEach(async () => {
  for (const lease of made) await lease.release();
  made = [];
});

async function take(more: Partial<LeaseOptions> = {}): Promise<Lease> {
  const signal = new AbortController().signal;
  const lease = await takeLease({ engine: world.engine, project: 'p', title: 'Start', signal, timing: fast, ...more });
  made.push(lease);
  return lease;
}
const codeOf = (act: Promise<unknown>) =>
  act.then(
    () => 'taken',
    (error: unknown) => toProblem(error).code,
  );
const claim = (self: LeaseSelf, createdAt: string, project = 'p') => {
  const body = claimBody({ volume: `v-${project}`, holder: 'h', project, self, title: 'Stop', since: 'once' });
  world.volumes.set(`v-${project}`, { ...body, CreatedAt: createdAt });
};

describe('a lease', () => {
  it('keeps others out until it is given back, and leaves nothing behind', async () => {
    const first = await take({ title: 'Start the stack' });
    const refusal = await take({ title: 'Stop' }).catch(toProblem);
    expect(refusal).toMatchObject({ code: 'stack-busy', title: 'Another panel is changing p' });
    expect(refusal).toHaveProperty(
      'cause',
      expect.stringMatching(/“Start the stack” runs since \d{4}-.*process \d+ on /),
    );
    await take({ project: 'other' });
    await first.release();
    expect([...world.volumes.values()].map((volume) => JSON.stringify(volume))).toEqual([
      expect.stringContaining('"quayside.lease":"other"'),
    ]);
    await take();
  });

  it('bears no label of Compose', async () => {
    await take();
    expect(JSON.stringify([...world.volumes.values()])).not.toContain('com.docker.compose');
  });

  it('is refused without a write while someone of this machine holds it', async () => {
    await take({ timing: { ...fast, renewMs: 60_000 } });
    const before = world.state.writes;
    expect(await codeOf(take())).toBe('stack-busy');
    expect(world.state.writes).toBe(before);
  });

  it('goes to one only of many who ask at once, here and elsewhere', async () => {
    world = volumesOf({ jitterMs: 4 });
    for (let round = 0; round < 15; round += 1) {
      let inside = 0;
      let most = 0;
      const results = await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          codeOf(
            withLease(
              {
                engine: world.engine,
                project: 'p',
                title: 'Start',
                signal: new AbortController().signal,
                timing: fast,
                ...(index % 2 === 0 ? {} : { self: { ...elsewhere, machine: `m${index}` } }),
              },
              async () => {
                inside += 1;
                most = Math.max(most, inside);
                await delay(120);
                inside -= 1;
              },
            ),
          ),
        ),
      );
      expect(most).toBe(1);
      expect(results.filter((result) => result === 'taken').length).toBeGreaterThanOrEqual(1);
      expect(world.volumes.size).toBe(0);
    }
  });

  it('is not kept by a process that has ended, and its remains go', async () => {
    const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await once(child, 'exit');
    const ended = { machine: await machineIdentity(), host: 'here', pid: child.pid ?? 0, started: 'x' };
    claim(ended, '2026-01-01T12:00:00Z');
    claim(ended, '2026-01-01T12:00:00Z', 'elsewhere');
    await take();
    expect(world.volumes.size).toBe(1);
  });

  it('that this very process left behind is not in its own way', async () => {
    claim({ machine: await machineIdentity(), host: 'here', ...(await ownProcess()) }, '2026-01-01T12:00:00Z');
    await take();
    expect(world.volumes.size).toBe(1);
  });

  it('of another machine is taken over only when it shows no sign of life', async () => {
    claim(elsewhere, '2026-01-01T11:00:00Z');
    const words: (string | null)[] = [];
    const from = performance.now();
    await take({ onWatch: (text) => words.push(text) });
    expect(performance.now() - from).toBeGreaterThan(fast.watchMs);
    expect(words).toEqual([expect.stringContaining('far'), null]);
  });

  it('of another machine that was made a moment ago is believed', async () => {
    claim(elsewhere, '2026-01-01T11:59:58Z');
    const refusal = await take().catch(toProblem);
    expect(refusal).toMatchObject({
      code: 'stack-busy',
      remedies: [{ action: 'retry' }, { action: 'copy-command', command: 'docker volume rm v-p' }],
    });
    expect(world.volumes.size).toBe(1);
  });

  it.each([
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ])('is kept when the engine’s clock jumps an hour %s', async (_direction, jumpMs) => {
    const holder = await take({ self: elsewhere });
    world.state.clockMs += jumpMs;
    expect(await codeOf(take())).toBe('stack-busy');
    expect(holder.lost.aborted).toBe(false);
    await holder.release();
    expect(world.volumes.size).toBe(0);
  });

  it('is renewed, and written again when somebody prunes the volumes', async () => {
    await take();
    const [first] = world.volumes.keys();
    await expect.poll(() => world.volumes.size === 1 && !world.volumes.has(first ?? '')).toBe(true);
    world.volumes.clear();
    await expect.poll(() => world.volumes.size).toBe(1);
    expect(await codeOf(take())).toBe('stack-busy');
  });

  it('is known to be lost when someone took over while we slept', async () => {
    const sleeper = await take({ self: elsewhere, timing: { ...fast, renewMs: 600 } });
    world.state.clockMs += 3_600_000;
    await take();
    await expect.poll(() => sleeper.lost.aborted, { timeout: 15_000 }).toBe(true);
    expect(toProblem(sleeper.lost.reason).code).toBe('stack-taken-over');
    expect(world.volumes.size).toBe(1);
  });

  it('stops what runs under it when it is lost, and says why', async () => {
    const run = withLease(
      {
        engine: world.engine,
        project: 'p',
        title: 'Start',
        signal: new AbortController().signal,
        self: elsewhere,
        timing: { ...fast, renewMs: 600 },
      },
      (signal) => delay(20_000, undefined, { signal }),
    );
    const ended = codeOf(run);
    await expect.poll(() => world.volumes.size).toBe(1);
    world.state.clockMs += 3_600_000;
    await take();
    expect(await ended).toBe('stack-taken-over');
  });

  it('that could not be given back because the engine was away goes when the engine is back', async () => {
    const lease = await take();
    world.state.away = true;
    await lease.release();
    expect(world.volumes.size).toBe(1);
    world.state.away = false;
    await expect.poll(() => world.volumes.size, { timeout: 15_000 }).toBe(0);
  });

  it('is done without on a full disk, unless somebody else is there', async () => {
    world.state.full = true;
    await take();
    expect(world.volumes.size).toBe(0);
    claim(elsewhere, '2026-01-01T12:00:00Z');
    expect(await codeOf(take())).toBe('stack-busy');
  });

  it('is let go of on cancel', async () => {
    claim(elsewhere, '2026-01-01T11:00:00Z');
    const abort = new AbortController();
    const asked = codeOf(take({ signal: abort.signal, onWatch: () => abort.abort(new Error('no longer')) }));
    expect(await asked).toBe('unexpected');
    expect([...world.volumes.keys()]).toEqual(['v-p']);
  });
});
