import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createN8n, type N8n } from './n8n.ts';

let server: Server;
let n8n: N8n;
let answer: { status: number; body: string };
let seen: { url: string; headers: IncomingHttpHeaders }[];

beforeEach(async () => {
  seen = [];
  answer = { status: 202, body: '{"executionId":"41"}' };
  server = createServer((request, response) => {
    request.resume();
    seen.push({ url: request.url ?? '', headers: request.headers });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  n8n = createN8n({ url, webhookToken: 'the-token', signingKey: 'the-key' });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('n8n', () => {
  it('is asked with the secret and a signature over time and workflow, and says which execution began', async () => {
    expect(await n8n.run('sync')).toBe('41');
    const [{ url, headers } = { url: '', headers: {} as IncomingHttpHeaders }] = seen;
    expect([url, headers.authorization]).toEqual(['/webhook/quayside/run/sync', 'Bearer the-token']);
    const at = String(headers['x-quayside-timestamp']);
    expect(Math.abs(Number(at) - Date.now())).toBeLessThan(10_000);
    expect(headers['x-quayside-signature']).toBe(createHmac('sha256', 'the-key').update(`${at}.sync`).digest('hex'));
  });

  it.each([
    [404, '{}', /published/],
    [403, 'Authorization data is wrong!', /secret/],
    [500, '{}', /500/],
    [202, 'not json', /202/],
  ])('that answers %s does not pass as having begun', async (status, body, words) => {
    answer = { status, body };
    await expect(n8n.run('sync')).rejects.toMatchObject({
      code: 'workflow-unavailable',
      status: 503,
      message: expect.stringMatching(words),
    });
  });

  it('that is gone is not asked over and over', async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    for (let at = 0; at < 3; at += 1) await expect(n8n.run('sync')).rejects.toThrow(/Is it running/);
    await expect(n8n.run('sync')).rejects.toMatchObject({ code: 'workflow-unavailable', retryAfter: 30 });
  });

  it('is not asked where there is none, nor for what waits for something to come', async () => {
    const none = createN8n({ url: '', webhookToken: '', signingKey: '' });
    await expect(none.run('sync')).rejects.toMatchObject({ code: 'workflow-unavailable' });
    await expect(n8n.run('ingest')).rejects.toMatchObject({ code: 'workflow-not-runnable' });
    await expect(n8n.run('errors')).rejects.toMatchObject({ code: 'workflow-not-runnable' });
    expect(seen).toEqual([]);
  });

  it('has a workflow published when its address is there and asks for the secret', async () => {
    answer = { status: 403, body: '' };
    expect(await n8n.isPublished('sync')).toBe(true);
    answer = { status: 404, body: '' };
    expect(await n8n.isPublished('sync')).toBe(false);
    expect(seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });
});
