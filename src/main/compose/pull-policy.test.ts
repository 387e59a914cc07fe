import { describe, expect, it } from 'vitest';
import { chooseImageAction, type ImageFacts, parsePullPolicy } from './pull-policy.ts';

const hour = 3_600_000;

describe('pull_policy', () => {
  it.each([
    [undefined, { kind: 'missing' }],
    ['missing', { kind: 'missing' }],
    ['always', { kind: 'always' }],
    ['never', { kind: 'never' }],
    ['build', { kind: 'build' }],
    ['daily', { kind: 'refresh', everyMs: 24 * hour }],
    ['weekly', { kind: 'refresh', everyMs: 168 * hour }],
    ['every_90m', { kind: 'refresh', everyMs: 1.5 * hour }],
    ['every_1w2d3h4m5s', { kind: 'refresh', everyMs: (168 + 48 + 3) * hour + 4 * 60_000 + 5000 }],
  ])('%s', (text, policy) => {
    expect(parsePullPolicy(text)).toEqual(policy);
  });
});

describe('what is done for an image', () => {
  const nowMs = 1_000 * hour;
  const here = (ageHours: number | null) => ({ taggedAtMs: ageHours === null ? null : nowMs - ageHours * hour });
  const facts = (policy: string | undefined, more: Partial<ImageFacts>): ImageFacts => ({
    policy: parsePullPolicy(policy),
    named: true,
    buildable: false,
    present: null,
    nowMs,
    ...more,
  });

  it.each<[string, ImageFacts, 'none' | 'pull' | 'build']>([
    ['missing and absent', facts(undefined, {}), 'pull'],
    ['missing and here', facts(undefined, { present: here(900) }), 'none'],
    ['missing, absent, buildable', facts(undefined, { buildable: true }), 'pull'],
    ['build only, absent', facts(undefined, { named: false, buildable: true }), 'build'],
    ['build only, here', facts(undefined, { named: false, buildable: true, present: here(1) }), 'none'],
    ['always and here', facts('always', { present: here(0) }), 'pull'],
    ['always of a service without a name', facts('always', { named: false, buildable: true }), 'build'],
    ['never and absent', facts('never', {}), 'none'],
    ['never, absent, buildable', facts('never', { buildable: true }), 'build'],
    ['build and here', facts('build', { buildable: true, present: here(0) }), 'build'],
    ['build without a build section', facts('build', {}), 'none'],
    ['daily, 23 h old', facts('daily', { present: here(23) }), 'none'],
    ['daily, 25 h old', facts('daily', { present: here(25) }), 'pull'],
    ['daily, of unknown age', facts('daily', { present: here(null) }), 'pull'],
    ['daily and absent', facts('daily', {}), 'pull'],
    ['weekly, 25 h old', facts('weekly', { present: here(25) }), 'none'],
    ['every 2 h, 3 h old', facts('every_2h', { present: here(3) }), 'pull'],
  ])('%s', (_name, given, action) => {
    const choice = chooseImageAction(given);
    expect(choice.action).toBe(action);
    if (action !== 'none') expect(choice.reason).toMatch(/^[a-z]/);
  });
});
