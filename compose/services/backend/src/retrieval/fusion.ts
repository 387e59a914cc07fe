/**
 * One list from the two ways of searching. Done here and not in the vector store: the legs are needed anyway, for how
 * near each passage really is, and asking for them and for their fusion would search everything twice.
 */

/** One entry of a leg, best first in its list. */
interface Ranked {
  readonly id: string;
  readonly score: number;
}
export interface Fused {
  readonly id: string;
  /** Orders; never a share of anything. */
  readonly score: number;
}
export interface Legs {
  /** Scores are cosines. */
  readonly dense: readonly Ranked[];
  readonly bm25: readonly Ranked[];
}
export type Fusion =
  /**
   * Cosine plus `bm25Weight` times BM25 as a share of the best BM25. Where meaning sets passages clearly apart it decides;
   * where they are all about equally near, as for a name or a number, the words do. Measured on questions to manuals this
   * was better than either leg, while places alone (`rrf`) lost to the better one: they do not know by how much.
   */
  | { readonly kind: 'scores'; readonly bm25Weight: number }
  /** Reciprocal rank fusion (Cormack et al., 2009): the sum of `1 / (k + place)`, places from 0. */
  | { readonly kind: 'rrf'; readonly k: number };

function byScores({ dense, bm25 }: Legs, weight: number): Map<string, number> {
  // A passage beyond the dense leg's depth is at most as near as its last.
  const farthest = Math.min(...dense.map(({ score }) => score));
  const best = bm25[0]?.score ?? 0;
  const scores = new Map(dense.map(({ id, score }) => [id, score]));
  if (best <= 0) return scores;
  for (const { id, score } of bm25)
    scores.set(id, (scores.get(id) ?? (dense.length === 0 ? 0 : farthest)) + (weight * score) / best);
  return scores;
}

function byPlaces({ dense, bm25 }: Legs, k: number): Map<string, number> {
  const scores = new Map<string, number>();
  for (const leg of [dense, bm25])
    for (const [place, { id }] of leg.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (k + place));
  return scores;
}

/** @param limit how many are answered at most */
export function fuse(legs: Legs, fusion: Fusion, limit: number): Fused[] {
  const scores = fusion.kind === 'rrf' ? byPlaces(legs, fusion.k) : byScores(legs, fusion.bm25Weight);
  // The order of equals must not hang on how they came in: the same question has the same answer.
  return [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, limit);
}
