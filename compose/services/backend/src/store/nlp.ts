/** Client of the embedding service. Vectors are checked before anyone sees them: a wrong one would be stored for good. */
import { z } from 'zod';
import { BackendProblem } from '../http/problem.ts';
import { embeddingBatchSize, embeddingDuration, embeddingErrors } from '../observability/metrics.ts';
import { createJsonHttp } from './json-http.ts';

export const vectorSize = 384;
/** The service's own bound on texts per call. */
const maxInputs = 256;
/** On a machine that is busy with other things ingestion is slow; giving up would only do the same work again. */
const lanePatienceMs = { query: 60_000, ingest: 300_000 } as const;
const embedAnswer = z.object({ dim: z.number(), vectors: z.array(z.array(z.number())) });
const tokenAnswer = z.object({ counts: z.array(z.number().int().nonnegative()) });

export interface Nlp {
  /** Unit vectors of 384 figures, one per text, in order. @throws {BackendProblem} `embedding-unavailable` */
  embed(texts: readonly string[], lane: 'query' | 'ingest', signal?: AbortSignal): Promise<Float32Array[]>;
  /** Word-pieces per text, without the two special ones. @throws {BackendProblem} `embedding-unavailable` */
  countTokens(texts: readonly string[], signal?: AbortSignal): Promise<number[]>;
  /** @throws when the service does not answer or is not ready */
  ping(signal: AbortSignal): Promise<void>;
}

export const NLP = Symbol('nlp');

/** @throws {BackendProblem} when the vectors are not what the model makes */
export function checkedVectors(vectors: readonly (readonly number[])[], expected: number): Float32Array[] {
  const wrong = (why: string): BackendProblem => {
    embeddingErrors.inc({ reason: 'malformed' });
    return new BackendProblem('embedding-unavailable', `The embedding service sent a wrong answer: ${why}.`);
  };
  if (vectors.length !== expected) throw wrong(`${vectors.length} vectors for ${expected} texts`);
  return vectors.map((vector) => {
    if (vector.length !== vectorSize) throw wrong(`a vector of ${vector.length} figures`);
    let norm = 0;
    for (const x of vector) norm += x * x;
    if (!(Math.abs(norm - 1) < 0.02)) throw wrong('a vector that is not of unit length');
    return Float32Array.from(vector);
  });
}

export function createNlp(options: { url: string; token: string }): Nlp {
  const http = createJsonHttp(options.url, { authorization: `Bearer ${options.token}` });
  let queriesInFlight = 0;
  let wakeIngest: (() => void)[] = [];

  async function post<S extends z.ZodType>(
    path: string,
    body: unknown,
    schema: S,
    signal?: AbortSignal,
    patienceMs = 60_000,
  ) {
    const timeout = AbortSignal.timeout(patienceMs);
    let status: number;
    try {
      const answer = await http.call('POST', path, {
        body,
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      if (answer.status === 200) return schema.parse(JSON.parse(answer.text)) as z.output<S>;
      status = answer.status;
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      embeddingErrors.inc({ reason: error instanceof z.ZodError ? 'malformed' : 'unavailable' });
      throw new BackendProblem('embedding-unavailable', 'The embedding service does not answer.', {
        cause: error,
        retryAfter: 5,
      });
    }
    embeddingErrors.inc({ reason: status >= 500 ? 'unavailable' : 'rejected' });
    throw new BackendProblem('embedding-unavailable', `The embedding service answered ${status}.`, { retryAfter: 5 });
  }

  /** Ingestion waits while a question is being embedded: a person is waiting for that one. */
  async function yieldToQueries(signal?: AbortSignal): Promise<void> {
    while (queriesInFlight > 0 && signal?.aborted !== true)
      await new Promise<void>((resolve) => {
        wakeIngest.push(resolve);
      });
  }

  async function embedOnce(
    texts: readonly string[],
    lane: 'query' | 'ingest',
    signal?: AbortSignal,
  ): Promise<Float32Array[]> {
    embeddingBatchSize.observe(texts.length);
    const end = embeddingDuration.startTimer();
    try {
      const answer = await post('/v1/embed', { inputs: texts, lane }, embedAnswer, signal, lanePatienceMs[lane]);
      return checkedVectors(answer.vectors, texts.length);
    } finally {
      end();
    }
  }

  async function inBatches<T>(
    texts: readonly string[],
    size: number,
    call: (batch: readonly string[]) => Promise<T[]>,
  ): Promise<T[]> {
    const all: T[] = [];
    for (let at = 0; at < texts.length; at += size) all.push(...(await call(texts.slice(at, at + size))));
    return all;
  }

  return {
    async embed(texts, lane, signal) {
      if (lane === 'ingest')
        return inBatches(texts, maxInputs, async (batch) => {
          await yieldToQueries(signal);
          return embedOnce(batch, 'ingest', signal);
        });
      queriesInFlight += 1;
      try {
        return await inBatches(texts, maxInputs, (batch) => embedOnce(batch, 'query', signal));
      } finally {
        queriesInFlight -= 1;
        if (queriesInFlight === 0) {
          const waiting = wakeIngest;
          wakeIngest = [];
          for (const wake of waiting) wake();
        }
      }
    },
    countTokens: (texts, signal) =>
      inBatches(texts, maxInputs, async (batch) => {
        const { counts } = await post('/v1/tokenize', { inputs: batch }, tokenAnswer, signal);
        if (counts.length === batch.length) return counts;
        throw new BackendProblem('embedding-unavailable', 'The embedding service sent a wrong number of counts.');
      }),
    async ping(signal) {
      const { status } = await http.call('GET', '/health', { signal });
      if (status !== 200) throw new Error(`/health answered ${status}`);
    },
  };
}
