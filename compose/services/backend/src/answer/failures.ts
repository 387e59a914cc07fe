/** What the answers of language model services mean. Their bodies are looked at, never passed on: they may hold the key or the prompt. */
import { BackendProblem } from '../http/problem.ts';
import { llmErrors } from '../observability/metrics.ts';
import type { ServiceName } from './provider-names.ts';

const overflow =
  /context[_ ]length|maximum context|context window|context size|exceed_context|prompt is too long|too many (input )?tokens|input length.{0,40}exceeds/i;
const unknownModel = /model_not_found|(no such|unknown) model|model.{0,120}(not found|does not exist|not exist)/i;
/** What newer models of OpenAI no longer take. */
const unsupported = /unsupported (?:parameter|value)[^a-z]{1,6}(max_tokens|temperature)\b/i;
const noCredit = /insufficient_quota|credit balance|billing/i;

/** A request may be sent again without it. */
export class UnsupportedParameter extends Error {
  readonly parameter: string;
  constructor(parameter: string) {
    super(`${parameter} is not taken`);
    this.parameter = parameter;
  }
}

/** Seconds of a `Retry-After`, which is a number or a date; 20 when it says nothing. */
export function retryAfterSeconds(header: string | undefined, nowMs: number): number {
  const seconds = Number(header);
  const until = header === undefined ? Number.NaN : (Date.parse(header) - nowMs) / 1000;
  const wait = header !== undefined && Number.isFinite(seconds) ? seconds : until;
  return Number.isFinite(wait) && wait > 0 ? Math.min(3600, Math.ceil(wait)) : 20;
}

/** @param text the beginning of the answer's body */
export function problemOfStatus(status: number, retryAfter: string | undefined, text: string): BackendProblem {
  if (status === 413 || (status >= 400 && status < 501 && overflow.test(text)))
    return new BackendProblem('context-overflow', 'Question and sources are longer than what the model can read.');
  if (status === 401 || status === 403)
    return new BackendProblem(
      'provider-auth',
      'The language model service refused the key. Check the key in the settings.',
    );
  if (status === 404 || (status === 400 && unknownModel.test(text)))
    return new BackendProblem(
      'model-not-found',
      'The service does not know this address or model. Check both in the settings.',
    );
  const parameter = unsupported.exec(text)?.[1]?.toLowerCase();
  if (status === 400 && parameter !== undefined)
    return new BackendProblem('provider-error', `The language model does not take the parameter ${parameter}.`, {
      cause: new UnsupportedParameter(parameter),
    });
  if (status === 429 && noCredit.test(text))
    return new BackendProblem('provider-rate-limited', 'The account at the language model service has no credit left.');
  if (status === 429 || status === 529)
    return new BackendProblem(
      'provider-rate-limited',
      'The language model service asks to wait before the next question.',
      { retryAfter: retryAfterSeconds(retryAfter, Date.now()) },
    );
  if (status === 408 || status === 504)
    return new BackendProblem('provider-timeout', 'The language model service took too long.');
  if (status >= 300 && status < 400)
    return new BackendProblem(
      'provider-error',
      'The language model service is at another address: it redirects, which is not followed.',
    );
  return new BackendProblem('provider-error', `The language model service answered ${status}.`);
}

/** For an error that comes inside a stream that began well. */
export function problemOfStreamed(text: string): BackendProblem {
  if (overflow.test(text)) return problemOfStatus(413, undefined, '');
  if (/overloaded|rate_limit/i.test(text)) return problemOfStatus(429, undefined, '');
  return new BackendProblem('provider-error', 'The language model service broke the answer off with an error.');
}

export const notAnAnswer = (): BackendProblem =>
  new BackendProblem('provider-error', 'The language model service sent something that is not an answer.');

/** Counts it. */
export function failed(provider: ServiceName, problem: BackendProblem): BackendProblem {
  llmErrors.inc({ provider, code: problem.code });
  return problem;
}
