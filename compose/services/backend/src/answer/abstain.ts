/**
 * When to say "your documents do not answer this". Two signals: how near the best passage or sentence is in meaning, and
 * how much of the question's weight one passage holds in words. Neither is enough alone: a question about a quay is near
 * to whatever is called Quayside, and a long passage holds many words. Calibrated on the sample documents (33 questions
 * that they answer, 30 that they do not) and on 240 headings of manuals that ask, half of them about other manuals.
 */
export interface Evidence {
  /** Best cosine of the question with a passage or one of its sentences. */
  readonly cosine: number;
  /** Best share of the question's weighted words held by one passage. */
  readonly coverage: number;
  /** The question names something that no passage found mentions ("does it run on Kubernetes?"). */
  readonly unknownName: boolean;
}

const thresholds = {
  /** What cosine + weight x coverage has to reach. */
  combined: 0.68,
  coverageWeight: 0.4,
  /** What an unknown name takes from the cosine. */
  unknownName: 0.15,
} as const;

/** @param floor below this nothing is near, whatever words agree (`retrieval.minDense`) */
export function isAnswerable({ cosine, coverage, unknownName }: Evidence, floor: number): boolean {
  const near = unknownName ? cosine - thresholds.unknownName : cosine;
  return near >= floor && near + thresholds.coverageWeight * coverage >= thresholds.combined;
}

export type Strength = 'strong' | 'medium' | 'weak';

/** How well a passage supports what cites it, as shown beside the citation. */
export function strengthOf(cosine: number): Strength {
  return cosine >= 0.55 ? 'strong' : cosine >= 0.4 ? 'medium' : 'weak';
}
