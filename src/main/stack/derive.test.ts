import { describe, expect, it } from 'vitest';
import type { ContainerState, ServiceState } from '../../shared/model/stack.ts';
import type { JsonObject } from '../engine/engine-client.ts';
import { backendUrl, serviceStatus, stackStatus, toContainer, toServices } from './derive.ts';

const inspect = (state: JsonObject, more: JsonObject = {}): JsonObject => ({
  Id: 'c1',
  Name: '/p-backend-1',
  RestartCount: 2,
  Config: {
    Image: 'quayside/backend:1',
    Labels: {
      'com.docker.compose.service': 'backend',
      'com.docker.compose.container-number': '1',
      'com.docker.compose.oneoff': 'False',
    },
  },
  State: {
    Status: 'running',
    StartedAt: '2026-11-23T10:00:00Z',
    FinishedAt: '0001-01-01T00:00:00Z',
    ExitCode: 0,
    ...state,
  },
  NetworkSettings: {
    Ports: {
      '3000/tcp': [
        { HostIp: '127.0.0.1', HostPort: '7420' },
        { HostIp: '::1', HostPort: '7420' },
      ],
      '9/udp': null,
      bad: [{}],
    },
  },
  ...more,
});

describe('toContainer', () => {
  it('reads what a page shows', () => {
    expect(toContainer(inspect({ Health: { Status: 'healthy' } }))).toEqual({
      service: 'backend',
      id: 'c1',
      name: 'p-backend-1',
      number: 1,
      state: 'running',
      health: 'healthy',
      startedAtMs: Date.parse('2026-11-23T10:00:00Z'),
      finishedAtMs: null,
      exitCode: null,
      oomKilled: false,
      restartCount: 2,
      image: 'quayside/backend:1',
      ports: [{ hostIp: '127.0.0.1', hostPort: 7420, containerPort: 3000, protocol: 'tcp' }],
    });
  });
  it('leaves out one-offs and strangers, and survives garbage', () => {
    expect(
      toContainer(
        inspect({}, { Config: { Labels: { 'com.docker.compose.service': 'x', 'com.docker.compose.oneoff': 'True' } } }),
      ),
    ).toBeNull();
    expect(toContainer({})).toBeNull();
    expect(
      toContainer({
        Config: { Labels: { 'com.docker.compose.service': 'x' } },
        State: [],
        NetworkSettings: 'no',
      } as JsonObject),
    ).toMatchObject({
      service: 'x',
      state: 'dead',
      number: 1,
      ports: [],
    });
  });
});

const container = (over: Partial<ContainerState>): ContainerState => ({
  id: 'x',
  name: 'x',
  number: 1,
  state: 'running',
  health: 'none',
  startedAtMs: null,
  finishedAtMs: null,
  exitCode: null,
  oomKilled: false,
  restartCount: 0,
  image: '',
  ...over,
});

describe('serviceStatus', () => {
  it.each<[ServiceState['role'], Partial<ContainerState>[], ServiceState['status']]>([
    ['service', [], 'absent'],
    ['service', [{ health: 'healthy' }], 'healthy'],
    ['service', [{ health: 'none' }], 'running'],
    ['service', [{ health: 'healthy' }, { health: 'unhealthy' }], 'unhealthy'],
    ['service', [{ state: 'exited', exitCode: 0 }], 'exited'],
    ['service', [{ state: 'exited', exitCode: 143 }], 'exited'],
    ['service', [{ state: 'exited', exitCode: 137, oomKilled: true }], 'failed'],
    ['service', [{ state: 'exited', exitCode: 1 }], 'failed'],
    ['job', [{ state: 'exited', exitCode: 0 }], 'done'],
    ['job', [{ state: 'exited', exitCode: 3 }], 'failed'],
  ])('%s %j is %s', (role, containers, expected) => {
    expect(serviceStatus(role, containers.map(container))).toBe(expected);
  });
});

describe('stackStatus', () => {
  const services = (...status: ServiceState['status'][]) =>
    status.map(
      (one): ServiceState => ({
        name: one,
        role: one === 'done' ? 'job' : 'service',
        purpose: '',
        image: '',
        status: one,
        containers: [],
        ports: [],
        dependsOn: [],
      }),
    );
  it.each<[ServiceState['status'][], string]>([
    [['absent', 'absent'], 'absent'],
    [['healthy', 'running', 'done'], 'healthy'],
    [['healthy', 'starting'], 'starting'],
    [['healthy', 'created', 'absent'], 'starting'],
    [['exited', 'exited', 'done'], 'stopped'],
    [['exited', 'absent'], 'stopped'],
    [['failed', 'exited'], 'degraded'],
    [['healthy', 'exited'], 'degraded'],
    [['healthy', 'unhealthy'], 'degraded'],
  ])('%j is %s', (status, expected) => {
    expect(stackStatus(services(...status))).toBe(expected);
  });
});

describe('toServices', () => {
  const declared = [{ name: 'backend', role: 'service', purpose: 'Answers', image: 'i', dependsOn: ['db'] }] as const;
  it('keeps declared order, adds strangers at the end, knows the address', () => {
    const backend = toContainer(inspect({ Health: { Status: 'healthy' } }));
    if (!backend) throw new Error('no container');
    const services = toServices(declared, [{ ...backend, service: 'old' }, backend]);
    expect(services.map((service) => [service.name, service.status, service.purpose])).toEqual([
      ['backend', 'healthy', 'Answers'],
      ['old', 'healthy', 'Not in the Compose file any more'],
    ]);
    expect(backendUrl(services)).toBe('http://127.0.0.1:7420');
    expect(backendUrl(toServices(declared, []))).toBeNull();
  });
});
