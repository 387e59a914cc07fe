import { describe, expect, it } from 'vitest';
import type { PlanContainer, PlanView } from '../../../shared/model/plan.ts';
import { differenceOf, imageRows, serviceRows } from './plan-rows.ts';

const container = (name: string, action: PlanContainer['action'], diff: string[] = []): PlanContainer => ({
  name,
  number: 1,
  action,
  reason: action === 'recreate' ? 'its configuration changed' : null,
  diff,
});
const plan: PlanView = {
  project: 'shop',
  writes: true,
  images: [
    { service: 'web', ref: 'nginx:1', action: 'pull', reason: null },
    { service: 'proxy', ref: 'nginx:1', action: 'pull', reason: null },
    { service: 'db', ref: 'postgres:16', action: 'none', reason: null },
  ],
  networks: [],
  volumes: [],
  services: [
    { name: 'db', job: false, dependsOn: [], containers: [container('shop-db-1', 'keep')] },
    { name: 'migrate', job: true, dependsOn: [], containers: [container('shop-migrate-1', 'done')] },
    {
      name: 'web',
      job: false,
      dependsOn: ['db'],
      containers: [
        container('shop-web-1', 'recreate', ['environment.A: "1" -> "2"']),
        container('shop-web-2', 'recreate', ['environment.A: "1" -> "2"']),
        container('shop-web-3', 'create'),
      ],
    },
  ],
  removals: [],
  orphans: [],
  warnings: [],
};

describe('serviceRows', () => {
  it('puts what changes first and containers of one fate together', () => {
    const { changing, settled } = serviceRows(plan);
    expect(changing.map(({ name }) => name)).toEqual(['web']);
    expect(changing[0]?.groups.map(({ action, names }) => [action, names])).toEqual([
      ['recreate', ['shop-web-1', 'shop-web-2']],
      ['create', ['shop-web-3']],
    ]);
    expect(settled.map(({ name }) => name)).toEqual(['db', 'migrate']);
  });
});

it('names each image that has to be got once', () => {
  expect(imageRows(plan)).toEqual([{ image: plan.images[0], services: ['web', 'proxy'] }]);
});

it.each([
  ['environment.A: "1" -> "2"', { path: 'environment.A', before: '"1"', after: '"2"' }],
  ['command.0: (not set) -> "a -> b"', { path: 'command.0', before: '(not set)', after: '"a -> b"' }],
  ['labels.x: "a -> b" -> "c: d"', { path: 'labels.x', before: '"a -> b"', after: '"c: d"' }],
  [
    `image: sha256:${'a'.repeat(64)} -> sha256:${'b'.repeat(64)}`,
    { path: 'image', before: 'aaaaaaaaaaaa', after: 'bbbbbbbbbbbb' },
  ],
  ['and 4 more', { path: null, before: '', after: 'and 4 more' }],
  ['it moved: from a -> b', { path: null, before: '', after: 'it moved: from a -> b' }],
])('takes %s apart', (line, expected) => {
  expect(differenceOf(line)).toEqual(expected);
});
