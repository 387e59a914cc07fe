import { describe, expect, it } from 'vitest';
import type { ContainerState, ServiceState } from '../../../shared/model/stack.ts';
import { railStops } from './phase-rail.ts';
import { addressesOf, exitWords, restartsOf, runningSinceMs } from './service-facts.ts';
import { sparkPath } from './spark-path.ts';
import { stackSentence } from './stack-sentence.ts';

const container = (change: Partial<ContainerState> = {}): ContainerState => ({
  id: 'c',
  name: 'c-1',
  number: 1,
  state: 'running',
  health: 'healthy',
  startedAtMs: 1000,
  finishedAtMs: null,
  exitCode: null,
  oomKilled: false,
  restartCount: 0,
  image: 'i',
  ...change,
});
const service = (name: string, status: ServiceState['status'], containers: ContainerState[] = []): ServiceState => ({
  name,
  role: 'service',
  purpose: '',
  image: 'i',
  status,
  containers,
  ports: [],
  dependsOn: [],
});

describe('railStops', () => {
  const states = (...args: Parameters<typeof railStops>): string =>
    railStops(...args)
      .map((stop) => stop.state[0])
      .join('');
  it.each([
    ['start', 'running', 'waiting', 'naaaaa'],
    ['start', 'running', 'building', 'pnaaaa'],
    ['start', 'running', 'pulling', 'pnaaaa'],
    ['start', 'running', 'checking', 'ppppna'],
    ['start', 'running', 'ready', 'pppppp'],
    ['start', 'done', 'ready', 'pppppp'],
    ['start', 'done', null, 'pppppp'],
    ['start', 'failed', 'checking', 'ppppfa'],
    ['stop', 'running', 'stopping', 'pna'],
    ['stop', 'running', 'stopped', 'ppp'],
    ['restart', 'running', 'stopping', 'naaa'],
    ['restart', 'running', 'checking', 'ppna'],
  ] as const)('%s, %s at %s', (kind, state, phase, expected) => {
    expect(states(kind, { state, phase })).toBe(expected);
  });
});

describe('service facts', () => {
  it('gives one address a port', () => {
    const port = { containerPort: 3000, protocol: 'tcp' } as const;
    expect(
      addressesOf([
        { ...port, hostIp: '127.0.0.1', hostPort: 7420 },
        { ...port, hostIp: '0.0.0.0', hostPort: 80 },
        { ...port, hostIp: '::', hostPort: 80 },
        { ...port, hostIp: '::1', hostPort: 81 },
        { ...port, hostIp: '', hostPort: 0 },
      ]),
    ).toEqual(['127.0.0.1:7420', 'localhost:80', '[::1]:81']);
  });

  it.each([
    [{ exitCode: 137, finishedAtMs: 1, oomKilled: true }, 'Ran out of memory (exit code 137)'],
    [{ exitCode: 0, finishedAtMs: 1 }, 'Ended normally (exit code 0)'],
    [{ exitCode: 143, finishedAtMs: 1 }, 'Was asked to stop (exit code 143)'],
    [{ exitCode: 3, finishedAtMs: 1 }, 'Ended with exit code 3'],
    [{}, null],
  ])('says how it ended: %o', (change, words) => {
    expect(exitWords(container(change))).toBe(words);
  });

  it('counts from the youngest container', () => {
    const two = service('a', 'healthy', [
      container({ restartCount: 1 }),
      container({ startedAtMs: 5000, restartCount: 2 }),
      container({ state: 'exited', startedAtMs: 9000 }),
    ]);
    expect(runningSinceMs(two)).toBe(5000);
    expect(restartsOf(two)).toBe(3);
    expect(runningSinceMs(service('b', 'absent'))).toBeNull();
  });
});

it('names what is wrong in a degraded stack', () => {
  const { text } = stackSentence({
    revision: 1,
    project: 'p',
    environment: 'dev',
    status: 'degraded',
    services: [service('a', 'healthy'), service('b', 'failed'), service('c', 'exited')],
    staleSinceMs: null,
    backendUrl: null,
  });
  expect(text).toBe('b has failed, c is stopped');
});

it('lifts the pen over gaps', () => {
  expect(sparkPath([1, null, 1], 10, 10)).toBe('M0.0 1.5M10.0 1.5');
});
