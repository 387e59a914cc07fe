/**
 * How good a ranking is, and how sure that can be said. Pure. What is looked for are places in documents, not passages:
 * passages overlap, so a place counts as found at the rank of the first passage that holds it, and further passages of
 * the same place add nothing.
 */

/** Per expected place of one question: the rank, from 1, at which it was first found; null when it was not. */
export type FoundAt = readonly (number | null)[];

const within = (foundAt: FoundAt, k: number): number[] =>
  foundAt.filter((rank): rank is number => rank !== null && rank <= k);

/** Recall@k: the share of the places that are among the first k. */
export function recallAt(foundAt: FoundAt, k: number): number {
  return foundAt.length === 0 ? 0 : within(foundAt, k).length / foundAt.length;
}

/**
 * nDCG@k with gains of 0 and 1: DCG = sum over places of 1 / log2(1 + rank), over the DCG of the best ranking, which
 * has the places at ranks 1, 2, ... (Järvelin and Kekäläinen 2002, Cumulated gain-based evaluation of IR techniques;
 * that a place counts once: Clarke et al. 2008, Novelty and diversity in information retrieval evaluation). Of places
 * that one passage holds together, the second counts at the next rank, so that nothing is above the best ranking.
 */
export function ndcgAt(foundAt: FoundAt, k: number): number {
  const discount = (rank: number): number => 1 / Math.log2(1 + rank);
  const gained = within(foundAt, k)
    .sort((a, b) => a - b)
    .map((rank, at) => Math.max(rank, at + 1))
    .filter((rank) => rank <= k);
  const best = Math.min(k, foundAt.length);
  let ideal = 0;
  for (let rank = 1; rank <= best; rank += 1) ideal += discount(rank);
  return ideal === 0 ? 0 : gained.reduce((sum, rank) => sum + discount(rank), 0) / ideal;
}

/** 1 / rank of the first place found among the first k, else 0; its mean is MRR@k (Voorhees 1999, TREC-8 QA track). */
export function reciprocalRankAt(foundAt: FoundAt, k: number): number {
  const ranks = within(foundAt, k);
  return ranks.length === 0 ? 0 : 1 / Math.min(...ranks);
}

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** The value below which the given share of the values lies, by nearest rank; 0 without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** Whole numbers from 0 to 2^32 - 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Interval of the mean that holds 95 % of the means of resamples drawn with replacement (percentile bootstrap: Efron and
 * Tibshirani 1993, An introduction to the bootstrap, chapter 13). The same values and seed answer the same interval.
 */
export function bootstrapInterval(values: readonly number[], seed = 1, resamples = 1000): Interval {
  if (values.length === 0) return { low: 0, high: 0 };
  const random = randomFrom(seed);
  const means: number[] = [];
  for (let sample = 0; sample < resamples; sample += 1) {
    let sum = 0;
    for (let drawn = 0; drawn < values.length; drawn += 1)
      sum += values[Math.floor((random() / 2 ** 32) * values.length)] ?? 0;
    means.push(sum / values.length);
  }
  return { low: percentile(means, 0.025), high: percentile(means, 0.975) };
}
