/** From a question and its passages to an answer by a language model: fits the prompt, streams, checks what is cited. */
import { BackendProblem } from '../http/problem.ts';
import { log } from '../observability/log.ts';
import { llmTokens } from '../observability/metrics.ts';
import type { Passage, SearchParts } from '../retrieval/search.ts';
import { strengthOf } from './abstain.ts';
import { type Budget, budgetFor, estimateTokens } from './budget.ts';
import { createCitationFilter } from './citations.ts';
import { failed } from './failures.ts';
import type { ChatRequest, ModelService, Turn } from './port.ts';
import { abstainMark, buildPrompt, seemsToOrder } from './prompt.ts';
import { type AnswerEvent, type Answerer, type CitationJson, type Notice, sourceOf } from './provider.ts';
import { verify } from './verify.ts';

/** Marks of earlier answers point at sources that are not there any more. */
const withoutMarks = (turn: Turn): Turn => ({ ...turn, text: turn.text.replace(/\s?\[\d{1,9}\]/g, '') });

const notice = (made: Notice): AnswerEvent => ({ kind: 'notice', notice: made });

/** Holds the beginning back until it is clear whether it is the agreed word for "not in the sources". */
function createOpening(): { push(text: string): string | null; readonly abstains: boolean; flush(): string } {
  let held: string | null = '';
  let abstains = false;
  return {
    get abstains() {
      return abstains;
    },
    push(text) {
      if (held === null) return text;
      held += text;
      // Some put it in quotes or stars.
      const start = held.replace(/^[\s"'`*]+/, '');
      if (start.length < abstainMark.length && abstainMark.startsWith(start)) return null;
      if (start.startsWith(abstainMark)) abstains = true;
      const all = held;
      held = null;
      return all;
    },
    flush() {
      const rest = held ?? '';
      held = null;
      return rest;
    },
  };
}

/** What a service told of its answer beside the text. */
interface Said {
  input: number | null;
  output: number | null;
  finish: 'stop' | 'length' | 'refusal';
}

/** No tokenizer makes fewer tokens of a text than this share of the estimate. */
const leastCounted = (estimated: number): number => estimated * 0.4;

/** No answer has more characters than this for each token it was allowed. */
const longestToken = 20;

/** What a citation's marks say of an answer as a whole. */
function confidenceNotice(citations: readonly CitationJson[]): Notice | null {
  if (citations.length === 0) return { code: 'low_confidence', reason: 'no-citations' };
  const borne = citations.some(({ support }) => support === 'strong' || support === 'medium');
  return borne ? null : { code: 'low_confidence', reason: 'weak-support' };
}

export function createModelAnswerer(
  parts: SearchParts,
  service: ModelService,
  /** Resolves to the tokens that the model reads and writes at most. */
  windowTokens: (signal: AbortSignal) => Promise<number>,
): Answerer {
  return {
    name: service.name,
    model: service.model,
    async *answer({ question, history, found, settings }, signal): AsyncGenerator<AnswerEvent> {
      const window = await windowTokens(signal);
      const turns = history.map(withoutMarks);
      const limits = { firstTokenMs: settings['llm.firstTokenTimeoutMs'], idleMs: settings['llm.idleTimeoutMs'] };
      const within = (maxContextTokens: number, said: readonly Turn[]): Budget =>
        budgetFor(question, said, found.hits, {
          windowTokens: window,
          maxOutputTokens: settings['llm.maxOutputTokens'],
          maxContextTokens,
        });
      const sourcesOf = (passages: readonly Passage[]): AnswerEvent => ({
        kind: 'sources',
        sources: passages.map((passage, at) => sourceOf(at + 1, passage, strengthOf(passage.scores.dense ?? 0))),
      });
      let told = false;
      const truncated = (budget: Budget): AnswerEvent[] => {
        if (!budget.truncated || told) return [];
        told = true;
        return [
          notice({
            code: 'context_truncated',
            passages: { given: budget.passages.length, of: found.hits.length },
            turns: { given: budget.turns.length, of: turns.length },
            windowTokens: window,
          }),
        ];
      };

      let budget = within(settings['retrieval.maxContextTokens'], turns);
      yield sourcesOf(budget.passages);
      yield* truncated(budget);
      if (budget.passages.some((passage) => seemsToOrder(passage.text))) yield notice({ code: 'injection_suspected' });

      let written = '';
      const said: Said = { input: null, output: null, finish: 'stop' };
      let filter = createCitationFilter(budget.passages.length);
      let opening = createOpening();

      const deltas = async function* (request: ChatRequest): AsyncGenerator<string> {
        for await (const part of service.stream(request, limits, signal)) {
          if (part.kind === 'usage') {
            said.input = part.input ?? said.input;
            said.output = part.output ?? said.output;
          } else if (part.kind === 'finish') said.finish = part.reason;
          else if (part.kind === 'text') {
            const text = opening.push(part.text);
            if (opening.abstains) return;
            const shown = text === null ? '' : filter.push(text);
            if (shown !== '') yield shown;
          }
        }
        const rest = filter.push(opening.flush()) + filter.flush();
        if (rest !== '') yield rest;
      };
      const requestOf = (of: Budget): ChatRequest & { estimated: number } => {
        const { system, user } = buildPrompt(question, of.passages);
        const messages: Turn[] = [...of.turns, { role: 'user', text: user }];
        const estimated = estimateTokens([system, ...messages.map((turn) => turn.text)].join('\n'));
        return {
          system,
          messages,
          maxTokens: of.maxTokens,
          temperature: settings['llm.temperature'],
          windowTokens: window,
          estimated,
        };
      };

      let request = requestOf(budget);
      try {
        for (let attempt = 0; ; attempt += 1) {
          try {
            for await (const text of deltas(request)) {
              written += text;
              yield { kind: 'delta', text };
              if (written.length <= request.maxTokens * longestToken) continue;
              // A service that does not keep to what it was allowed would go on for ever.
              said.finish = 'length';
              break;
            }
            break;
          } catch (error) {
            const tooLong = error instanceof BackendProblem && error.code === 'context-overflow';
            if (!tooLong || attempt > 0 || written !== '') throw error;
            // Half of what was sent, and nothing of what was said before.
            budget = within(Math.floor(budget.passageTokens / 2), []);
            request = requestOf(budget);
            filter = createCitationFilter(budget.passages.length);
            opening = createOpening();
            yield sourcesOf(budget.passages);
            yield* truncated({ ...budget, truncated: true });
          }
        }
      } catch (error) {
        // What came before the failure is kept whole.
        const rest = signal.aborted ? '' : filter.push(opening.flush()) + filter.flush();
        if (written !== '' && rest !== '') yield { kind: 'delta', text: rest };
        throw error;
      }

      const { input, output, finish } = said;
      const estimated = input === null || output === null;
      const usage = { input: input ?? request.estimated, output: output ?? estimateTokens(written) };
      llmTokens.inc({ provider: service.name, direction: 'input' }, usage.input);
      llmTokens.inc({ provider: service.name, direction: 'output' }, usage.output);
      yield { kind: 'tokens', ...usage, estimated };
      if (opening.abstains) {
        yield { kind: 'abstain' };
        return;
      }
      if (written.trim() === '')
        throw failed(
          service.name,
          new BackendProblem(
            'provider-error',
            finish === 'refusal'
              ? 'The language model refused to answer this.'
              : 'The language model service sent an empty answer.',
          ),
        );
      // A service that cuts a prompt says so only by how little of it it counts, or by counting the whole window.
      if (input !== null && (input >= window || input < leastCounted(request.estimated)))
        yield* truncated({ ...budget, truncated: true });
      if (finish === 'length') yield notice({ code: 'answer_truncated', maxTokens: budget.maxTokens });
      if (finish === 'refusal') yield notice({ code: 'refused' });
      const citations = await verify(parts, written, budget.passages, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        // The answer is whole: that nothing can be said of its marks does not undo it.
        log.warn('answer.verify', 'Citations could not be checked', { provider: service.name }, error);
        return null;
      });
      if (citations === null) return;
      if (citations.length > 0) yield { kind: 'citations', citations };
      const doubt = confidenceNotice(citations);
      if (doubt !== null) yield notice(doubt);
    },
  };
}
