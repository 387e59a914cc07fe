/** Measures of retrieval as TREC defines them, for one right answer per question, and how sure they are. */

/** Of values, the one below which a share of them lies (nearest rank). NaN of none. @param share 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

/** nDCG of one question with one right answer. @param rank from 1; null: not found within the cut */
export const ndcg = (rank: number | null, cut: number): number =>
  rank === null || rank > cut ? 0 : 1 / Math.log2(rank + 1);
export const recall = (rank: number | null, cut: number): number => (rank === null || rank > cut ? 0 : 1);

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Numbers that look random and are the same in every run (Marsaglia's xorshift). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

/** Mean and its 95 % interval: percentiles of the means of 1,000 samples drawn with replacement. */
export function bootstrap(values: readonly number[]): { mean: number; low: number; high: number } {
  const random = seeded(42);
  const means = Array.from({ length: 1000 }, () => {
    let sum = 0;
    for (let at = 0; at < values.length; at += 1) sum += values[Math.floor(random() * values.length)] ?? 0;
    return sum / values.length;
  });
  return { mean: mean(values), low: quantile(means, 0.025), high: quantile(means, 0.975) };
}
