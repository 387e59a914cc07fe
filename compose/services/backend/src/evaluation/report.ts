/** From results of single questions to the figures of a run. Pure. */
import type { SearchMode } from '../store/vectors.ts';
import { bootstrapInterval, type FoundAt, mean, ndcgAt, percentile, recallAt, reciprocalRankAt } from './measures.ts';
import type { EvalReportJson, EvalResultJson, MetricName } from './schemas.ts';

/** What is kept of a question: what is shown of it, and what the figures are made from. */
export interface EvalResult extends EvalResultJson {
  readonly modes: readonly { readonly mode: SearchMode; readonly foundAt: FoundAt; readonly ms: number }[];
}

const metrics: Readonly<Record<MetricName, (foundAt: FoundAt) => number>> = {
  'recall@1': (foundAt) => recallAt(foundAt, 1),
  'recall@5': (foundAt) => recallAt(foundAt, 5),
  'recall@10': (foundAt) => recallAt(foundAt, 10),
  'ndcg@10': (foundAt) => ndcgAt(foundAt, 10),
  'mrr@10': (foundAt) => reciprocalRankAt(foundAt, 10),
};

export function reportOf(results: readonly EvalResult[], modes: readonly SearchMode[]): EvalReportJson {
  const answerable = results.filter((result) => result.answerable);
  const unanswerable = results.filter((result) => !result.answerable);
  const abstained = (of: readonly EvalResult[]): number => of.filter((result) => result.abstained).length;
  const of = (from: readonly EvalResult[], mode: SearchMode) =>
    from.flatMap((result) => result.modes.filter((entry) => entry.mode === mode));
  return {
    modes: modes.map((mode) => {
      const foundAts = of(answerable, mode).map((entry) => entry.foundAt);
      const times = of(results, mode).map((entry) => entry.ms);
      return {
        mode,
        metrics: (Object.keys(metrics) as MetricName[]).map((name) => {
          const values = foundAts.map(metrics[name]);
          return { name, value: mean(values), ...bootstrapInterval(values) };
        }),
        p50Ms: percentile(times, 0.5),
        p95Ms: percentile(times, 0.95),
      };
    }),
    abstention: {
      unanswerable: unanswerable.length,
      abstained: abstained(unanswerable),
      answerable: answerable.length,
      wronglyAbstained: abstained(answerable),
    },
  };
}
