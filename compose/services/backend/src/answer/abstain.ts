/**
 * When to say "your documents do not answer this". Two signals: how near the best passage is in meaning, and how much
 * of the question's weight it holds in words. Calibrated on the sample documents (calibration.test data and figures in
 * the project's notes): unrelated questions stay below, questions that the documents answer above.
 */
export interface Evidence {
  /** Best cosine of the question with a passage or one of its sentences. */
  readonly cosine: number;
  /** Best share of the question's weighted words held by one passage. */
  readonly coverage: number;
}

export const thresholds = {
  /** Below this nothing is near, whatever words agree. */
  floor: 0.3,
  /** From here on meaning alone is enough. */
  sure: 0.55,
  /** Between the two, cosine + weight x coverage has to reach this. */
  combined: 0.55,
  coverageWeight: 0.3,
} as const;

export function isAnswerable({ cosine, coverage }: Evidence): boolean {
  if (cosine < thresholds.floor) return false;
  return cosine >= thresholds.sure || cosine + thresholds.coverageWeight * coverage >= thresholds.combined;
}

export type Strength = 'strong' | 'medium' | 'weak';

/** How well a passage supports what cites it, as shown beside the citation. */
export function strengthOf(cosine: number): Strength {
  return cosine >= 0.55 ? 'strong' : cosine >= 0.4 ? 'medium' : 'weak';
}
