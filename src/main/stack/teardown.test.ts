import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectLabel } from '../../shared/model/compose-labels.ts';
import { ProblemError } from '../../shared/model/problem.ts';
import { createDockerEngine } from '../engine/docker-engine.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import { removeNetworks } from './teardown.ts';

const network = { Id: 'n1', Name: 'shop_default', Labels: { [projectLabel]: 'shop' }, Containers: {} };
/** As engine 20.10.24 put it after forty containers had started and stopped at once. */
const refusal = `error while removing network: network shop_default id n1 has active endpoints`;

const engineVersion = {
  Version: '20.10.24',
  ApiVersion: '1.41',
  MinAPIVersion: '1.12',
  Os: 'linux',
  Arch: 'amd64',
  ID: 'x',
};

let folder = '';
let server: Server;
let engine: EngineClient;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-teardown-'));
  server = createServer((request, response) => {
    const refused = request.method === 'DELETE';
    const version = /\/(version|info)/.test(request.url ?? '');
    const one = /\/networks\/n1/.test(request.url ?? '');
    response.writeHead(refused ? 403 : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(version ? engineVersion : refused ? { message: refusal } : one ? network : [network]));
  });
  const path = join(folder, 'engine.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  engine = createDockerEngine({ url: `unix://${path}`, foundBy: 'test' });
});
afterEach(async () => {
  engine.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

describe('a network that nobody is on', () => {
  it('and that the engine keeps all the same is told as the engine’s own fault, with what to do', async () => {
    const error: unknown = await removeNetworks(engine, 'shop').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProblemError);
    const { code, title, cause, remedies } = (error as ProblemError).problem;
    expect(code).toBe('network-in-use');
    expect(title).toContain('shop_default');
    expect(cause).toContain('containers that are gone');
    expect(remedies[0]?.label).toContain('Restart the engine');
  });
});
