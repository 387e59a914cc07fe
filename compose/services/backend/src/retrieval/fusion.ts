/**
 * Reciprocal rank fusion (Cormack et al., 2009) of the two ways of searching. Done here and not in the vector store: the
 * legs are needed anyway, for how near each passage really is, and asking for them and for their fusion would search
 * everything twice.
 */

/** One entry of a leg, best first in its list. */
interface Ranked {
  readonly id: string;
  readonly score: number;
}
export interface Fused {
  readonly id: string;
  /** Sum of `1 / (k + place)` over the legs that hold it, places from 0. Orders; never a share of anything. */
  readonly score: number;
}

/** @param k the constant: small values trust the first places more @param limit how many are answered at most */
export function fuse(legs: readonly (readonly Ranked[])[], k: number, limit: number): Fused[] {
  const scores = new Map<string, number>();
  for (const leg of legs)
    for (const [place, { id }] of leg.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (k + place));
  // The order of equals must not hang on which leg answered first: the same question has the same answer.
  return [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, limit);
}
