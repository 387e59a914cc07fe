import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { guardedLookup, isNear, isRefusedHost } from './addresses.ts';
import { createOpenAiCompatible } from './openai-compatible.ts';

const hostOf = (url: string): string => new URL(url).hostname;

describe('addresses of providers', () => {
  it.each([
    'http://169.254.169.254/latest',
    'http://0xa9fea9fe/',
    'http://2852039166/',
    'http://169.254.170.2/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://100.100.100.200/',
    'http://metadata.google.internal/',
    'http://METADATA.google.internal./',
  ])('%s is never asked', (url) => {
    expect(isRefusedHost(hostOf(url))).toBe(true);
  });
  it.each([
    'http://127.0.0.1:11434',
    'http://192.168.1.5',
    'http://ollama:11434',
    'https://api.example.com',
    'http://[::1]/',
  ])('%s may be', (url) => {
    expect(isRefusedHost(hostOf(url))).toBe(false);
  });

  it('are looked at again when a name is resolved and when a request is made', async () => {
    const error = await new Promise<Error | null>((resolve) =>
      guardedLookup('169.254.169.254', { all: true }, (failure) => resolve(failure)),
    );
    expect(error?.message).toMatch(/metadata/);
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end('{"data":[]}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { signal } = new AbortController();
    const service = (host: string) =>
      createOpenAiCompatible({ baseUrl: `http://${host}:${port}/v1`, model: 'm', key: null });
    expect(await service('localhost').models(signal)).toEqual([]);
    await expect(service('[::ffff:169.254.169.254]').models(signal)).rejects.toMatchObject({
      code: 'provider-unreachable',
      message: expect.stringContaining('metadata'),
    });
    expect(asked).toBe(1);
    server.closeAllConnections();
    server.close();
  });

  it.each([
    ['http://127.0.0.1:11434', true],
    ['http://ollama:11434', true],
    ['http://host.docker.internal:11434', true],
    ['http://10.1.2.3', true],
    ['http://[fd12::1]:80', true],
    ['https://api.anthropic.com', false],
    ['http://8.8.8.8', false],
    ['', false],
  ])('%s is near: %s', (url, near) => {
    expect(isNear(url)).toBe(near);
  });
});
