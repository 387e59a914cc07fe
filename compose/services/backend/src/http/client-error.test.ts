import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerClientError } from './client-error.ts';

let server: Server;
beforeEach(async () => {
  server = createServer((_request, response) => void response.end('reached')).on('clientError', answerClientError);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function answered(request: string): Promise<{ head: string; body: Record<string, unknown> }> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(request);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  return { head, body: JSON.parse(body) as Record<string, unknown> };
}

describe('requests that Node refuses itself are answered as problems', () => {
  it.each([
    [
      'a head without measure',
      `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'head-too-long',
    ],
    ['no HTTP', 'nonsense\r\n\r\n', 400, 'bad-request'],
  ])('%s', async (_what, request, status, code) => {
    const { head, body } = await answered(request);
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toContain('application/problem+json');
    expect(body).toMatchObject({ status, code, type: `urn:rag:problem:${code}` });
  });
});
