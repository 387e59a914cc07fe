/**
 * When to say "your documents do not answer this". Two signals: how near the best passage is in meaning, and how much
 * of the question's weight it holds in words. Calibrated on the sample documents: 33 questions that they answer, 30 that
 * they do not, and a second set of each that was only looked at afterwards.
 */
export interface Evidence {
  /** Best cosine of the question with a passage or one of its sentences. */
  readonly cosine: number;
  /** Best share of the question's weighted words held by one passage. */
  readonly coverage: number;
  /** The question names something that no passage mentions ("does it run on Kubernetes?"). */
  readonly unknownName: boolean;
}

export const thresholds = {
  /** From here on meaning alone is enough. */
  sure: 0.58,
  /** Below `sure` at least this share of the words has to be there. */
  coverage: 0.25,
  /** And cosine + weight x coverage has to reach this. */
  combined: 0.5,
  coverageWeight: 0.3,
  /** What an unknown name adds to every threshold of meaning. */
  unknownName: 0.15,
} as const;

/** @param floor below this nothing is near, whatever words agree (`retrieval.minDense`) */
export function isAnswerable({ cosine, coverage, unknownName }: Evidence, floor: number): boolean {
  const near = unknownName ? cosine - thresholds.unknownName : cosine;
  if (near < floor) return false;
  if (near >= thresholds.sure) return true;
  return coverage >= thresholds.coverage && near + thresholds.coverageWeight * coverage >= thresholds.combined;
}

export type Strength = 'strong' | 'medium' | 'weak';

/** How well a passage supports what cites it, as shown beside the citation. */
export function strengthOf(cosine: number): Strength {
  return cosine >= 0.55 ? 'strong' : cosine >= 0.4 ? 'medium' : 'weak';
}
