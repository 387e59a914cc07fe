import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { toProblem } from '../../shared/model/problem.ts';
import type { ContainerSummary, EngineClient } from '../engine/engine-client.ts';
import { inodesOnPort, processOnPort } from './port-process.ts';
import { assertPortsFree, nextFreePort, portIsFree, portOfEngineError } from './ports.ts';

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function holdPort(): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function engineWith(containers: Partial<ContainerSummary>[]): EngineClient {
  return { listContainers: async () => containers } as unknown as EngineClient;
}

describe('ports', () => {
  it('tells a free one from a taken one', async () => {
    const port = await holdPort();
    expect(await portIsFree('127.0.0.1', port, 'tcp')).toBe(false);
    expect(await portIsFree('', port, 'tcp')).toBe(false);
    expect(await portIsFree('127.0.0.1', port, 'udp')).toBe(true);
    expect(await portIsFree('127.0.0.1', await nextFreePort('127.0.0.1', port), 'tcp')).toBe(true);
    // An address of another machine: only the engine can tell.
    expect(await portIsFree('192.0.2.1', port, 'tcp')).toBe(true);
  });

  it('names the process that holds one and offers the next', async () => {
    const port = await holdPort();
    const wanted = {
      service: 'backend',
      key: 'backend',
      command: 'quayside up',
      hostIp: '127.0.0.1',
      port,
      protocol: 'tcp' as const,
    };
    const problem = toProblem(await assertPortsFree(engineWith([]), 'mine', [wanted]).catch((error: unknown) => error));
    expect(problem).toMatchObject({ code: 'port-taken', title: `Port ${port} is taken`, service: 'backend' });
    if (process.platform === 'linux') {
      expect(problem.cause).toContain(`(process ${process.pid})`);
      expect(await processOnPort(port, 'tcp')).toMatchObject({ pid: process.pid });
    }
    const [first] = problem.remedies;
    expect(first).toMatchObject({ action: 'use-port', service: 'backend' });
    expect(first?.port).toBeGreaterThan(port);
    expect(first?.command).toBe(`quayside up --port backend=${first?.port}`);
  });

  it('names the container that holds one, but not our own', async () => {
    const port = await holdPort();
    const wanted = {
      service: 'backend',
      key: 'backend',
      command: 'quayside up',
      hostIp: '127.0.0.1',
      port,
      protocol: 'tcp' as const,
    };
    const held = (project: string) => ({
      name: `${project}-web-1`,
      labels: { 'com.docker.compose.project': project },
      raw: { Ports: [{ IP: '127.0.0.1', PrivatePort: 80, PublicPort: port, Type: 'tcp' }] },
    });
    await expect(assertPortsFree(engineWith([held('mine')]), 'mine', [wanted])).resolves.toBeUndefined();
    const problem = toProblem(
      await assertPortsFree(engineWith([held('other')]), 'mine', [wanted]).catch((e: unknown) => e),
    );
    expect(problem.cause).toContain('the container other-web-1 of the Compose project other');
  });

  it.each([
    [
      'driver failed programming external connectivity on endpoint x: Bind for 127.0.0.1:7420 failed: port is already allocated',
      7420,
    ],
    ['Error starting userland proxy: listen tcp4 127.0.0.1:7420: bind: address already in use', 7420],
    ['failed to bind host port for 0.0.0.0:80:172.17.0.2:80/tcp: address already in use', 80],
    ['no such image', null],
  ])('reads the port from the words of the engine: %s', (message, port) => {
    expect(portOfEngineError(message)).toBe(port);
  });

  it('reads /proc/net/tcp', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1CFC 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0',
      '   1: 0100007F:1CFC 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 99999 1 0',
    ].join('\n');
    expect(inodesOnPort(table, 7420, 'tcp')).toEqual(['12345']);
    expect(inodesOnPort(table, 7421, 'tcp')).toEqual([]);
  });
});
