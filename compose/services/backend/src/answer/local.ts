/**
 * The model that the stack runs itself. It is small and says things that no source holds, so nothing of it is shown
 * before its citations were checked: where they do not bear the answer out, quotes of the passages take its place.
 */
import { BackendProblem } from '../http/problem.ts';
import { createOpenAiCompatible } from './openai-compatible.ts';
import type { ModelService, ServiceSettings } from './port.ts';
import type { AnswerEvent, Answerer } from './provider.ts';

/** What a model of a few hundred million weights makes sense of, in tokens, and says before it repeats itself. */
const maxContextTokens = 1500;
const maxOutputTokens = 300;

/** Speaks the chat completions protocol and has one model, whatever it is called. */
export function createLocalService(settings: ServiceSettings): ModelService {
  const service = createOpenAiCompatible(settings, 'local');
  return {
    ...service,
    contextTokens: async (signal) => (await service.models(signal))[0]?.contextTokens ?? null,
  };
}

/** Whether every citation is borne out, and at least one well. */
function holds(events: readonly AnswerEvent[]): boolean {
  const citations = events.flatMap((event) => (event.kind === 'citations' ? event.citations : []));
  return (
    citations.some(({ support }) => support === 'strong' || support === 'medium') &&
    citations.every(({ support }) => support !== 'unsupported')
  );
}

/** @param quotes answers by quoting, when the model's own answer does not hold */
export function createLocal(model: Answerer, quotes: Answerer): Answerer {
  return {
    name: 'local',
    model: model.model,
    async *answer(request, signal) {
      const { settings } = request;
      const small = {
        ...request,
        // Earlier turns confuse it more than they help.
        history: [],
        settings: {
          ...settings,
          'retrieval.maxContextTokens': Math.min(settings['retrieval.maxContextTokens'], maxContextTokens),
          'llm.maxOutputTokens': Math.min(settings['llm.maxOutputTokens'], maxOutputTokens),
          'llm.temperature': 0,
        },
      };
      const held: AnswerEvent[] = [];
      try {
        for await (const event of model.answer(small, signal)) held.push(event);
      } catch (error) {
        signal.throwIfAborted();
        // It said nothing, or broke off: quotes need no model. That it is away is for the owner to see.
        if (!(error instanceof BackendProblem) || error.code !== 'provider-error') throw error;
        held.length = 0;
      }
      if (holds(held)) {
        yield* held;
        return;
      }
      yield {
        kind: 'notice',
        notice: { code: 'fallback_provider', from: 'local', to: quotes.name, why: 'unsupported' },
      };
      yield { kind: 'provider', name: quotes.name, model: quotes.model };
      yield* quotes.answer(request, signal);
    },
  };
}
