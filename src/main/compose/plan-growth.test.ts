/** How the time of a plan grows with the number of services. */
import { describe, expect, it } from 'vitest';
import {
  actualOf,
  container,
  labelled,
  networkOf,
  projectOf,
  service,
  volumeOf,
} from '../../../tests/unit/shop-project.ts';
import { serviceHashes } from './config-hash.ts';
import { modelLabel } from './labels.ts';
import { describeModel } from './model-diff.ts';
import { makePlan } from './plan.ts';

describe('planning', () => {
  const time = (count: number): number => {
    const names = Array.from({ length: count }, (_, index) => `s${index}`);
    const dependsOn = (index: number) => ({
      [`s${Math.floor(index / 2)}`]: { condition: 'service_started', required: true } as const,
      [`s${index - 1}`]: { condition: 'service_completed_successfully', required: true, restart: true } as const,
    });
    const services = Object.fromEntries(
      names.map((name, index) => [
        name,
        service({
          networks: { [`n${index % 50}`]: null },
          volumes: [{ type: 'volume', source: `v${index}`, target: '/data' }],
          ...(index === 0 ? {} : { depends_on: dependsOn(index) }),
        }),
      ]),
    );
    const networks = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`n${i}`, { name: `shop_n${i}`, ipam: {} }]),
    );
    const volumes = Object.fromEntries(names.map((_, i) => [`v${i}`, { name: `shop_v${i}` }]));
    const project = projectOf(services, { networks, volumes });
    const found = names.map((name, index) =>
      // A third has changed, a third is stopped.
      container(name, 1, {
        configHash: index % 3 === 0 ? 'old' : 'current',
        state: index % 3 === 1 ? 'exited' : 'running',
        networks: { [`shop_n${index % 50}`]: `n${index % 50}` },
        volumes: [`shop_v${index}`],
        labels: { [modelLabel]: describeModel(service()) },
      }),
    );
    const orphans = Array.from({ length: count }, (_, index) => container(`gone${index}`));
    const actual = actualOf([...found, ...orphans], {
      networks: Object.keys(networks).map((key) => ({
        ...networkOf({}, labelled('network', key), `shop_${key}`),
        id: key,
      })),
      volumes: Object.keys(volumes).map((key) => volumeOf(key)),
    });
    const hashes = (name: string) => [...Object.values(serviceHashes(project, name)), 'current'];
    const times = Array.from({ length: 7 }, () => {
      // Time of our own, not of the clock: others use the machine too.
      const before = process.cpuUsage();
      makePlan(project, actual, { hashes, removeOrphans: true });
      return process.cpuUsage(before).user;
    });
    return Math.min(...times);
  };

  it('plans 500 services, hashes included, in time that grows with their number (how long it takes: bench/loader.ts)', () => {
    time(500);
    const few = time(125);
    const many = time(500);
    // Four times as many take four times as long; what compares each with each would take sixteen times.
    expect(many / few).toBeLessThan(9);
  });
});
