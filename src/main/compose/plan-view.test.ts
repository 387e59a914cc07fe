import { describe, expect, it } from 'vitest';
import { type PlanImage, planViewSchema } from '../../shared/model/plan.ts';
import { planSummary } from '../../shared/model/plan-summary.ts';
import type { ActualContainer } from './actual.ts';
import { configFilesLabel } from './labels.ts';
import type { ComposeProject, ComposeService } from './model.ts';
import { hideSecrets } from './model-diff.ts';
import type { Plan, PlannedContainer } from './plan.ts';
import { planView } from './plan-view.ts';

const service: ComposeService = { command: null, entrypoint: null, image: 'tiny' };
const project: ComposeProject = {
  name: 'shop',
  workingDir: '/srv',
  files: [],
  environment: {},
  profiles: [],
  services: {},
  disabledServices: {},
  networks: {},
  volumes: {},
  secrets: {},
  configs: {},
  extensions: {},
  warnings: [],
};
const found = (name: string, labels: Record<string, string> = {}): ActualContainer => ({
  id: name,
  name,
  service: name.split('-')[1] ?? '',
  number: 1,
  state: 'running',
  health: 'none',
  exitCode: null,
  configHash: '',
  imageId: '',
  dependsOn: [],
  networks: null,
  volumes: null,
  labels,
  createdAtMs: 0,
});
const planned = (name: string, more: Partial<PlannedContainer> = {}): PlannedContainer => ({
  action: 'keep',
  number: 1,
  name,
  existing: null,
  reason: null,
  diff: [],
  ...more,
});
const plan = (more: Partial<Plan> = {}): Plan => ({
  project,
  networks: [],
  volumes: [],
  services: [],
  removals: [],
  orphans: [],
  warnings: [],
  writes: false,
  ...more,
});
const of = (name: string, ...containers: PlannedContainer[]) => ({
  name,
  service,
  job: false,
  containers,
  dependsOn: [],
});

describe('a plan to be shown', () => {
  const full = plan({
    writes: true,
    networks: [
      {
        key: 'default',
        name: 'shop_default',
        action: 'recreate',
        id: 'n',
        reason: 'its settings changed',
        twins: [],
        diff: ['internal: false -> true'],
        moves: [found('shop-web-1')],
      },
    ],
    volumes: [{ key: 'data', name: 'shop_data', action: 'keep', note: 'the file wants another driver' }],
    services: [
      of('web', planned('shop-web-1', { action: 'recreate', reason: 'its settings changed', diff: ['user: "1"'] })),
      of('db', planned('shop-db-1')),
      of('new', planned('shop-new-1', { action: 'create' }), planned('shop-new-2', { action: 'create', number: 2 })),
    ],
    removals: [{ container: found('shop-web-2'), reason: 'fewer are wanted' }],
    orphans: [found('shop-old-1', { [configFilesLabel]: '/srv/old.yaml' })],
  });

  it('says it all, in the form of its schema', () => {
    const view = planView(full, [{ service: 'new', ref: 'new:1', action: 'pull', reason: 'it is not here' }]);
    expect(planViewSchema.parse(view)).toEqual(view);
    expect(view.networks[0]?.disconnects).toEqual(['shop-web-1']);
    expect(view.orphans).toEqual([{ name: 'shop-old-1', service: 'old', files: '/srv/old.yaml' }]);
    expect(planSummary(view)).toBe(
      '2 to create, 1 to replace, 1 to remove, 1 unchanged; 1 image to pull; 1 network to replace',
    );
  });

  it('says that nothing is to be done, unless an image is to be got', () => {
    const idle = plan({ services: [of('db', planned('shop-db-1')), of('init', planned('x', { action: 'done' }))] });
    expect(planSummary(planView(idle, []))).toBe('Nothing to do: 2 unchanged');
    expect(planSummary(planView(plan(), []))).toBe('Nothing to do');
    const image: PlanImage = { service: 'db', ref: 'db:1', action: 'build', reason: 'its files changed' };
    expect(planView(idle, [image]).writes).toBe(true);
    expect(planView(idle, [{ ...image, action: 'none' }]).writes).toBe(false);
  });

  it('stays within its bounds, however long the names', () => {
    const long = 'x'.repeat(5000);
    const big = plan({
      services: [
        ...Array.from({ length: 2100 }, () => of(long, planned(long))),
        of(long, planned(long, { diff: Array(100).fill(long) })),
      ].reverse(),
      warnings: Array(500).fill(long),
      orphans: [found(long, { [configFilesLabel]: long })],
    });
    const { success } = planViewSchema.safeParse(
      planView(big, [{ service: long, ref: long, action: 'none', reason: long }]),
    );
    expect(success).toBe(true);
  });

  it('holds no secret', () => {
    const diff = [
      'command.1: "--requirepass=hunter2" -> "--requirepass=hunter3"',
      'environment.URL: "postgres://me:hunter2@db/x" -> "postgres://me:hunter3@db/x"',
      'command.2: "API_KEY=hunter2 run" -> (not set)',
    ];
    const view = planView(plan({ services: [of('web', planned('w', { action: 'recreate', diff }))] }), []);
    expect(JSON.stringify(view)).not.toMatch(/hunter/);
    expect(view.services[0]?.containers[0]?.diff[1]).toContain('postgres://me:(hidden)@db/x');
  });

  it.each([
    'environment.DB_PASSWORD_FILE: "/run/secrets/a" -> "/run/secrets/b"',
    'image: "registry:5000/me/web@sha256:abc" -> "registry:5000/me/web:2"',
  ])('leaves alone what is none: %s', (line) => {
    expect(hideSecrets(line)).toBe(line);
  });
});
