/** What the test button does: each step that an answer takes, and the one that failed. */
import { z } from 'zod';
import { BackendProblem, toBackendProblem } from '../http/problem.ts';
import { sameModel } from './ollama.ts';
import type { ModelService } from './port.ts';

export const tryOutJson = z
  .object({
    ok: z.boolean(),
    /** The step that failed: reaching the service, being let in, the model, an answer. */
    failedAt: z.enum(['connect', 'key', 'model', 'answer']).nullable(),
    problem: z
      .object({ code: z.string(), title: z.string(), detail: z.string(), retryAfter: z.number().nullable() })
      .nullable(),
    latencyMs: z.number(),
    /** To the first word; null when there was none. */
    ttftMs: z.number().nullable(),
    model: z.string(),
    contextTokens: z.number().nullable(),
    models: z.number().nullable(),
  })
  .meta({ id: 'ProviderTest' });
export type TryOut = z.output<typeof tryOutJson>;

const timeoutMs = 30_000;

function stepOf(problem: BackendProblem, answering: boolean): TryOut['failedAt'] {
  if (problem.code === 'provider-auth') return 'key';
  if (problem.code === 'model-not-found') return 'model';
  if (problem.code === 'provider-unreachable') return 'connect';
  return answering ? 'answer' : 'connect';
}

/** Asks for the models and for one word. Never throws: what failed is the result. */
export async function tryOut(service: ModelService): Promise<TryOut> {
  const startedAt = performance.now();
  const signal = AbortSignal.timeout(timeoutMs);
  let models: number | null = null;
  let contextTokens: number | null = null;
  let ttftMs: number | null = null;
  let answering = false;
  const result = (problem: BackendProblem | null): TryOut => {
    const told = problem?.details();
    return {
      ok: problem === null,
      failedAt: problem === null ? null : stepOf(problem, answering),
      problem:
        told === undefined
          ? null
          : { code: told.code, title: told.title, detail: told.detail, retryAfter: told.retryAfter ?? null },
      latencyMs: Math.round(performance.now() - startedAt),
      ttftMs,
      model: service.model,
      contextTokens,
      models,
    };
  };
  try {
    const list = await service.models(signal).catch((error: unknown) => {
      // Some services have no list of models and answer all the same.
      if (error instanceof BackendProblem && (error.code === 'model-not-found' || error.code === 'provider-error'))
        return null;
      throw error;
    });
    models = list?.length ?? null;
    if (service.name === 'ollama' && list !== null && !list.some((model) => sameModel(model.id, service.model)))
      throw new BackendProblem('model-not-found', 'This model is not on the Ollama server yet. Pull it first.');
    contextTokens = await service.contextTokens(signal).catch(() => null);
    answering = true;
    const askedAt = performance.now();
    const request = {
      system: 'Answer with one word.',
      messages: [{ role: 'user' as const, text: 'Say: ready' }],
      maxTokens: 16,
      temperature: 0,
      windowTokens: 2048,
    };
    for await (const part of service.stream(request, { firstTokenMs: timeoutMs, idleMs: timeoutMs }, signal)) {
      if (part.kind !== 'text' && part.kind !== 'progress') continue;
      ttftMs = Math.round(performance.now() - askedAt);
      break;
    }
    if (ttftMs === null)
      return result(new BackendProblem('provider-error', 'The language model service sent an empty answer.'));
    return result(null);
  } catch (error) {
    return result(
      signal.aborted
        ? new BackendProblem('provider-timeout', 'The language model service took too long.')
        : toBackendProblem(error),
    );
  }
}
