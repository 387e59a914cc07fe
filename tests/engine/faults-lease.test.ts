/** The lease on the real engine: what it costs, what others see of it, and that it holds between processes. */
import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import { leaseLabel } from '../../src/main/engine/label-guard.ts';
import { takeLease } from '../../src/main/stack/lease.ts';
import { projectLabel } from '../../src/shared/model/compose-labels.ts';
import { toProblem } from '../../src/shared/model/problem.ts';
import { createFaultyEngine } from '../fakes/faulty-engine.ts';
import { faultStack } from './fault-stack.ts';
import { createScratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const engine = createDockerEngine({ url: 'unix:///var/run/docker.sock', foundBy: 'test' });
const project = `quayside-test-lease-${randomBytes(3).toString('hex')}`;
const signal = new AbortController().signal;
const claims = () => engine.listVolumes([`${leaseLabel}=${project}`]);

afterAll(async () => {
  for (const volume of await claims()) await engine.removeVolume(String(volume.Name), { project });
  engine.close();
});

describe('the lease on a real engine', () => {
  it('keeps out a second one, with its own words, and leaves no volume', async () => {
    const lease = await takeLease({ engine, project, title: 'Start the stack', signal });
    expect(await claims()).toHaveLength(1);
    const refusal = await takeLease({ engine, project, title: 'Stop', signal }).catch(toProblem);
    expect(refusal).toMatchObject({ code: 'stack-busy', cause: expect.stringContaining('Start the stack') });
    await lease.release();
    expect(await claims()).toEqual([]);
  });

  it('goes to exactly one of many at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      // Each as if on a machine of its own: then no one can be refused by looking at processes.
      const asked = await Promise.allSettled(
        Array.from({ length: 5 }, (_, index) =>
          takeLease({
            engine,
            project,
            title: 'Start',
            signal,
            self: { machine: `m${index}`, host: `h${index}`, pid: index, started: '' },
          }),
        ),
      );
      const got = asked.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(got).toHaveLength(1);
      await got[0]?.release();
      expect(await claims()).toEqual([]);
    }
  });

  it('is not taken where nothing is written, and given back where something is', async () => {
    const faulty = await createFaultyEngine();
    const through = createDockerEngine({ url: faulty.url, foundBy: 'test' });
    const scratch = await createScratch(engine);
    try {
      await scratch.write(faultStack(await ensureTinyImage(engine)));
      const lease = { title: 'Start' };
      await scratch.up({ engine: through, lease });
      const made = faulty.calls.filter(({ path }) => path.startsWith('/volumes/create'));
      expect(made).toHaveLength(2);
      expect(await engine.listVolumes([`${leaseLabel}=${scratch.project}`])).toEqual([]);
      faulty.reset();
      await scratch.up({ engine: through, lease });
      expect(faulty.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
    } finally {
      await scratch.close();
      through.close();
      await faulty.close();
    }
  });

  it('costs no more than a few calls to the engine', async () => {
    const taking: number[] = [];
    const byHand: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      const from = performance.now();
      const lease = await takeLease({ engine, project, title: 'Start', signal });
      const taken = performance.now();
      await lease.release();
      const again = performance.now();
      await engine.listVolumes([`${leaseLabel}=${project}`]);
      const name = `${project}-by-hand`;
      await engine.createVolume({ Name: name, Labels: { [projectLabel]: project } });
      byHand.push(performance.now() - again);
      taking.push(taken - from);
      await engine.removeVolume(name, { project });
    }
    const [lease = Number.NaN, floor = Number.NaN] = [taking, byHand].map((of) => of.sort((a, b) => a - b)[4]);
    console.log(
      `taking the lease: ${lease.toFixed(1)} ms, a list and a volume by hand ${floor.toFixed(1)} ms (medians of 9)`,
    );
    expect(lease / floor).toBeLessThan(6);
  });
});
