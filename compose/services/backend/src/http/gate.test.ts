import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gate, hostName } from './gate.ts';
import { BackendProblem } from './problem.ts';

let server: Server;
beforeAll(async () => {
  const app = express();
  app.use(
    gate({
      authenticate: async (token) => {
        if (token !== 'a-token-of-some-length') throw new BackendProblem('unauthorized', 'no');
        return { userId: 'u', role: 'owner', via: 'panel', scopes: null };
      },
      hosts: ['backend'],
    }),
  );
  app.use((_request, response) => void response.end('in'));
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());

function get(
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: string; headers: object }> {
  return new Promise((resolve, reject) => {
    request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', path, headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });
}
const bearer = { authorization: 'Bearer a-token-of-some-length' };

describe('the gate', () => {
  it.each([
    [200, '/v1/documents', bearer],
    [200, '/v1/documents', { ...bearer, host: 'backend:3000' }],
    [200, '/v1/documents', { ...bearer, host: 'LOCALHOST:7420', origin: 'http://localhost:9' }],
    [200, '/health', {}],
    [200, '/health/ready', {}],
    [401, '/healthy', {}],
    [401, '/metrics', {}],
    [401, '/nothing', {}],
    [401, '/v1/documents', { authorization: 'Bearer wrong' }],
    [401, '/v1/documents', { authorization: 'Basic a-token-of-some-length' }],
    [403, '/health', { host: 'evil.example' }],
    [403, '/v1/documents', { ...bearer, host: 'evil.example:7420' }],
    [403, '/v1/documents', { ...bearer, origin: 'https://evil.example' }],
    [403, '/v1/documents', { ...bearer, origin: 'null' }],
  ])('%i %s %j', async (status, path, headers) => {
    const answer = await get(path, headers as Record<string, string>);
    expect(answer.status).toBe(status);
    if (status !== 200)
      expect(JSON.parse(answer.body)).toMatchObject({ status, type: expect.stringMatching(/^urn:rag:problem:/) });
  });
  it('echoes a well-formed request id and replaces any other', async () => {
    expect((await get('/health', { 'x-request-id': 'abcdefgh-1' })).headers).toMatchObject({
      'x-request-id': 'abcdefgh-1',
    });
    expect((await get('/health', { 'x-request-id': 'a b' })).headers).not.toMatchObject({ 'x-request-id': 'a b' });
  });
  it.each([
    ['localhost:80', 'localhost'],
    ['[::1]:80', '[::1]'],
    ['a b', null],
    ['user@host', null],
    [undefined, null],
  ])('%j -> %j', (header, name) => {
    expect(hostName(header)).toBe(name);
  });
});
