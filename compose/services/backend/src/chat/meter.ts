/** The figures of one answer, whichever door it was asked through. */
import type { CitationJson } from '../answer/provider.ts';
import type { ProviderName } from '../answer/provider-names.ts';
import {
  citations,
  llmTokens,
  type Outcome,
  queryDuration,
  runsActive,
  runsTotal,
  timeToFirstToken,
} from '../observability/metrics.ts';

export interface Meter {
  /** The first word is there. Later calls change nothing. */
  first(provider: ProviderName): void;
  readonly firstMs: number | null;
  /** Once. Answers the ms from the question on. */
  ended(answer: {
    readonly provider: ProviderName;
    readonly outcome: Outcome;
    readonly citations: readonly CitationJson[];
    readonly text: string;
  }): number;
}

/** @param since when it was asked, of `performance.now()` */
export function startMeter(mode: string, since: number): Meter {
  let firstMs: number | null = null;
  runsActive.inc();
  return {
    first(provider) {
      if (firstMs !== null) return;
      firstMs = performance.now() - since;
      timeToFirstToken.observe({ provider }, firstMs / 1000);
    },
    get firstMs() {
      return firstMs;
    },
    ended({ provider, outcome, citations: cited, text }) {
      const totalMs = performance.now() - since;
      runsActive.dec();
      runsTotal.inc({ status: outcome });
      queryDuration.observe({ mode, provider, outcome }, totalMs / 1000);
      for (const { support } of cited) citations.inc({ strength: support });
      if (provider === 'embedded') llmTokens.inc({ provider, direction: 'output' }, Math.ceil(text.length / 4));
      return totalMs;
    },
  };
}
