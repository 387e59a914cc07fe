/** The embedded provider: scores sentences of the passages found, quotes the best, abstains when nothing is near. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SearchParts } from '../retrieval/search.ts';
import { strengthOf } from './abstain.ts';
import { estimateTokens } from './budget.ts';
import { pieces, renderQuotes } from './extractive.ts';
import { judge } from './gate.ts';
import { type Answerer, sourceOf } from './provider.ts';

export function createEmbedded(parts: SearchParts): Answerer {
  return {
    name: 'embedded',
    model: 'extractive-minilm',
    async *answer({ query: question, found, settings }, signal) {
      const minDense = settings['retrieval.minDense'];
      const { passages, nearest, quotes } = await judge(parts, question, found, minDense, signal);
      const texts = passages.map((passage) => passage.text);
      if (quotes.length === 0) {
        yield { kind: 'abstain' };
        return;
      }
      const { text, order, marks } = renderQuotes(quotes, texts);
      const sources = order.flatMap((index, at) => {
        const passage = passages[index];
        return passage === undefined ? [] : [sourceOf(at + 1, passage, strengthOf(nearest[index] ?? 0))];
      });
      yield { kind: 'sources', sources };
      for (const piece of pieces(text)) {
        signal.throwIfAborted();
        yield { kind: 'delta', text: piece };
        // Lets each piece leave on its own, and a stop come in between.
        await nextTurn();
      }
      yield { kind: 'tokens', input: 0, output: estimateTokens(text), estimated: true };
      // A quote is borne out by where it stands.
      yield { kind: 'citations', citations: marks.map((mark) => ({ ...mark, support: 'strong' as const })) };
    },
  };
}
