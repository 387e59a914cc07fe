/** Another provider takes over when the chosen one cannot be asked: never one that is further away, unless the owner allows it. */
import { BackendProblem, type ProblemCode } from '../http/problem.ts';
import type { Answerer } from './provider.ts';

/** A wrong key or model is for the owner to see, not to hide. */
const passing: readonly ProblemCode[] = [
  'provider-unreachable',
  'provider-timeout',
  'provider-rate-limited',
  'provider-error',
];

/** Whether questions and passages may go there instead. @param near stays on this machine or its network */
export const mayFallBack = (to: { near: boolean }, allowCloud: boolean): boolean => to.near || allowCloud;

/** Takes over only before the first word; says so. */
export function withFallback(first: Answerer, second: () => Promise<Answerer | null>): Answerer {
  return {
    name: first.name,
    model: first.model,
    async *answer(request, signal) {
      let began = false;
      try {
        for await (const event of first.answer(request, signal)) {
          if (event.kind === 'delta' || event.kind === 'abstain') began = true;
          yield event;
        }
        return;
      } catch (error) {
        if (began || signal.aborted || !(error instanceof BackendProblem) || !passing.includes(error.code)) throw error;
        const other = await second();
        if (other === null) throw error;
        yield {
          kind: 'notice',
          notice: { code: 'fallback_provider', from: first.name, to: other.name, why: error.code },
        };
        yield { kind: 'provider', name: other.name, model: other.model };
        yield* other.answer(request, signal);
      }
    },
  };
}
