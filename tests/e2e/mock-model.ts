/** A language model service that a test runs on this machine, where the stack's containers reach it: it speaks as OpenAI's does. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MockModel {
  /** As the backend reaches it, by the name that the stack gives this machine. */
  readonly baseUrl: string;
  /** Bodies of questions, oldest first; tests of the connection are left out. */
  readonly asked: { model?: string; temperature?: number }[];
  /** Requests for anything that is not its API: what an answer tried to have loaded. */
  readonly strays: string[];
  /** What it says from now on. */
  say(answer: string): void;
  close(): Promise<void>;
}

export async function startMockModel(key: string): Promise<MockModel> {
  const asked: MockModel['asked'] = [];
  const strays: string[] = [];
  let answer = 'Nothing to say.';
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (!request.url?.startsWith('/v1/')) {
        strays.push(request.url ?? '');
        response.end();
        return;
      }
      if (request.headers.authorization !== `Bearer ${key}`) {
        response.writeHead(401, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: { message: 'Incorrect API key provided' } }));
        return;
      }
      if (request.method === 'GET') {
        response.writeHead(200, { 'content-type': 'application/json' });
        const data = ['mock-small', 'mock-large'].map((id) => ({ id, object: 'model', owned_by: 'mock' }));
        response.end(JSON.stringify({ object: 'list', data }));
        return;
      }
      const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as {
        model?: string;
        temperature?: number;
        messages?: { content?: unknown }[];
      };
      const trial = JSON.stringify(body.messages ?? []).includes('Say: ready');
      if (!trial) asked.push(body);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const content of trial ? ['ready'] : (answer.match(/[\s\S]{1,40}/g) ?? [])) {
        response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
      }
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`);
      response.end('data: [DONE]\n\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://host.docker.internal:${port}/v1`,
    asked,
    strays,
    say: (text) => {
      answer = text;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
