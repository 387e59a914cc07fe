import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createNlp } from './nlp.ts';

let server: Server | undefined;
afterEach(
  () =>
    new Promise<void>((closed) => {
      if (server === undefined) return closed();
      server.closeAllConnections();
      server.close(() => closed());
    }),
);

const model = { model: 'owner/small', dim: 384 };
const unit = [1, ...Array<number>(model.dim - 1).fill(0)];

/** The service: answers a request when the test lets it. */
async function service(answers: { model: string; dim: number } = model): Promise<{
  url: string;
  lanes: string[];
  answer: (() => void)[];
  arrived: () => Promise<void>;
}> {
  const lanes: string[] = [];
  const answer: (() => void)[] = [];
  let told: () => void = () => undefined;
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { inputs, lane } = JSON.parse(Buffer.concat(parts).toString()) as { inputs: string[]; lane: string };
      lanes.push(lane);
      answer.push(() => response.end(JSON.stringify({ ...answers, vectors: inputs.map(() => unit) })));
      told();
    });
  });
  await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    lanes,
    answer,
    arrived: () =>
      new Promise<void>((resolve) => {
        told = resolve;
      }),
  };
}

describe('the lanes of embedding', () => {
  it('are told to the service, and what is read in waits while a question is being embedded', async () => {
    const { url, lanes, answer, arrived } = await service();
    const nlp = createNlp({ url, token: 'x' });
    let next = arrived();
    const question = nlp.embed(model, ['a question'], 'query');
    await next;
    const order: string[] = [];
    const document = nlp.embed(model, ['a document'], 'ingest').then(() => order.push('document'));
    const second = nlp.embed(model, ['another question'], 'query').then(() => order.push('question'));
    next = arrived();
    if (lanes.length < 2) await next;
    // Both questions are at the service; the document was not sent.
    expect(lanes).toEqual(['query', 'query']);
    next = arrived();
    for (const one of answer.splice(0)) one();
    await Promise.all([question, second, next]);
    expect(lanes).toEqual(['query', 'query', 'ingest']);
    expect(order).toEqual(['question']);
    for (const one of answer.splice(0)) one();
    await document;
  });
});

describe('a service with another model', () => {
  it.each([
    ['another name', { ...model, model: 'owner/other' }, 'embedding-profile-mismatch'],
    // The right name with figures of another size is no other model: it is an answer that is wrong.
    ['another size', { ...model, dim: 768 }, 'embedding-unavailable'],
  ])('of %s is refused, whatever it answers', async (_what, answers, code) => {
    const { url, answer, arrived } = await service(answers);
    const next = arrived();
    const asked = createNlp({ url, token: 'x' }).embed(model, ['a question'], 'query');
    const refused = expect(asked).rejects.toMatchObject({ code, retryable: true, retryAfter: 5 });
    await next;
    for (const one of answer.splice(0)) one();
    await refused;
  });
  it('that does not offer the model is told apart from one that is away', async () => {
    server = createServer((request, response) => {
      request.resume().on('end', () => {
        response.statusCode = 422;
        response.end(JSON.stringify({ code: 'unknown-model' }));
      });
    });
    await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const nlp = createNlp({ url: `http://127.0.0.1:${port}`, token: 'x' });
    await expect(nlp.countTokens(model, ['a'])).rejects.toMatchObject({ code: 'embedding-profile-mismatch' });
    await expect(nlp.embed(model, ['a'], 'ingest')).rejects.toMatchObject({ code: 'embedding-profile-mismatch' });
  });
});
