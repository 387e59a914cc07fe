/** Client of the embedding service. Vectors are checked before anyone sees them: a wrong one would be stored for good. */
import { z } from 'zod';
import { BackendProblem } from '../http/problem.ts';
import { embeddingBatchSize, embeddingDuration, embeddingErrors } from '../observability/metrics.ts';
import { createJsonHttp } from './json-http.ts';

/** The service's own bound on texts per call. */
const maxInputs = 256;
/** On a machine that is busy with other things ingestion is slow; giving up would only do the same work again. */
const lanePatienceMs = { query: 60_000, ingest: 300_000 } as const;
const embedAnswer = z.object({ model: z.string(), dim: z.number(), vectors: z.array(z.array(z.number())) });
const tokenAnswer = z.object({ counts: z.array(z.number().int().nonnegative()) });

const modelsAnswer = z.object({
  items: z.array(z.object({ model: z.string(), dim: z.number().int().positive(), maxTokens: z.number().int() })),
});
const refusal = z.object({ code: z.string() });

/** What texts are turned into vectors with, and what these have to be. */
export interface EmbeddingModel {
  readonly model: string;
  readonly dim: number;
}
/** All throw {BackendProblem} `embedding-unavailable`; the first two `embedding-profile-mismatch` where another model answers. */
export interface Nlp {
  /** Unit vectors of the model's size, one per text, in order. */
  embed(
    by: EmbeddingModel,
    texts: readonly string[],
    lane: 'query' | 'ingest',
    signal?: AbortSignal,
  ): Promise<Float32Array[]>;
  /** Word-pieces per text, without the two special ones. */
  countTokens(by: EmbeddingModel, texts: readonly string[], signal?: AbortSignal): Promise<number[]>;
  /** What the service offers; `maxTokens` counts the two special ones. */
  models(signal?: AbortSignal): Promise<(EmbeddingModel & { readonly maxTokens: number })[]>;
  /** @throws when the service does not answer or is not ready */
  ping(signal: AbortSignal): Promise<void>;
}

export const NLP = Symbol('nlp');

const wrong = (why: string): BackendProblem => {
  embeddingErrors.inc({ reason: 'malformed' });
  return new BackendProblem('embedding-unavailable', `The embedding service sent a wrong answer: ${why}.`, {
    retryAfter: 5,
  });
};

/** @throws {BackendProblem} when the vectors are not what the model makes */
export function checkedVectors(vectors: readonly (readonly number[])[], expected: number, dim: number): Float32Array[] {
  if (vectors.length !== expected) throw wrong(`${vectors.length} vectors for ${expected} texts`);
  return vectors.map((vector) => {
    if (vector.length !== dim) throw wrong(`a vector of ${vector.length} figures`);
    let norm = 0;
    for (const x of vector) norm += x * x;
    if (!(Math.abs(norm - 1) < 0.02)) throw wrong('a vector that is not of unit length');
    return Float32Array.from(vector);
  });
}

const mismatch = (wanted: EmbeddingModel, why: string): BackendProblem => {
  embeddingErrors.inc({ reason: 'mismatch' });
  return new BackendProblem(
    'embedding-profile-mismatch',
    `The documents were indexed with ${wanted.model} (${wanted.dim} figures). ${why} Nothing is indexed or searched until it answers with that model.`,
    { retryAfter: 5 },
  );
};

export function createNlp(options: { url: string; token: string }): Nlp {
  const http = createJsonHttp(options.url, { authorization: `Bearer ${options.token}` });
  let queriesInFlight = 0;
  let wakeIngest: (() => void)[] = [];

  async function call<S extends z.ZodType>(
    method: 'GET' | 'POST',
    path: string,
    schema: S,
    signal?: AbortSignal,
    body?: { model: EmbeddingModel; [more: string]: unknown },
    patienceMs = 60_000,
  ) {
    const timeout = AbortSignal.timeout(patienceMs);
    let status: number;
    let code: string | undefined;
    try {
      const answer = await http.call(method, path, {
        ...(body === undefined ? {} : { body: { ...body, model: body.model.model } }),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      if (answer.status === 200) return schema.parse(JSON.parse(answer.text)) as z.output<S>;
      status = answer.status;
      if (status === 422) code = refusal.safeParse(JSON.parse(answer.text)).data?.code;
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      embeddingErrors.inc({ reason: error instanceof z.ZodError ? 'malformed' : 'unavailable' });
      throw new BackendProblem('embedding-unavailable', 'The embedding service does not answer.', {
        cause: error,
        retryAfter: 5,
        away: !(error instanceof z.ZodError || error instanceof SyntaxError),
      });
    }
    if (code === 'unknown-model' && body !== undefined)
      throw mismatch(body.model, 'The embedding service does not offer it.');
    embeddingErrors.inc({ reason: status >= 500 ? 'unavailable' : 'rejected' });
    throw new BackendProblem('embedding-unavailable', `The embedding service answered ${status}.`, {
      retryAfter: 5,
      // Overloaded, not ready, or a gateway without anybody behind it.
      away: status >= 502 && status <= 504,
    });
  }

  /** Ingestion waits while a question is being embedded: a person is waiting for that one. */
  async function yieldToQueries(signal?: AbortSignal): Promise<void> {
    while (queriesInFlight > 0 && signal?.aborted !== true)
      await new Promise<void>((resolve) => {
        wakeIngest.push(resolve);
      });
  }

  async function embedOnce(
    by: EmbeddingModel,
    texts: readonly string[],
    lane: 'query' | 'ingest',
    signal?: AbortSignal,
  ): Promise<Float32Array[]> {
    embeddingBatchSize.observe(texts.length);
    const end = embeddingDuration.startTimer();
    try {
      const body = { inputs: texts, lane, model: by };
      const answer = await call('POST', '/v1/embed', embedAnswer, signal, body, lanePatienceMs[lane]);
      if (answer.model !== by.model)
        throw mismatch(by, `The embedding service answered with ${answer.model.slice(0, 100)}.`);
      // The right model has one size only: figures of another are no other model but a wrong answer.
      if (answer.dim !== by.dim) throw wrong(`vectors of ${answer.dim} figures from ${by.model}`);
      return checkedVectors(answer.vectors, texts.length, by.dim);
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
    async embed(by, texts, lane, signal) {
      if (lane === 'ingest')
        return inBatches(texts, maxInputs, async (batch) => {
          await yieldToQueries(signal);
          return embedOnce(by, batch, 'ingest', signal);
        });
      queriesInFlight += 1;
      try {
        return await inBatches(texts, maxInputs, (batch) => embedOnce(by, batch, 'query', signal));
      } finally {
        queriesInFlight -= 1;
        if (queriesInFlight === 0) {
          const waiting = wakeIngest;
          wakeIngest = [];
          for (const wake of waiting) wake();
        }
      }
    },
    countTokens: (by, texts, signal) =>
      inBatches(texts, maxInputs, async (batch) => {
        const { counts } = await call('POST', '/v1/tokenize', tokenAnswer, signal, { inputs: batch, model: by });
        if (counts.length === batch.length) return counts;
        throw wrong(`${counts.length} counts for ${batch.length} texts`);
      }),
    models: async (signal) => (await call('GET', '/v1/models', modelsAnswer, signal)).items,
    async ping(signal) {
      const { status } = await http.call('GET', '/health', { signal });
      if (status !== 200) throw new Error(`/health answered ${status}`);
    },
  };
}
