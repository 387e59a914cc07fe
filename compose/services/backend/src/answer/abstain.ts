/**
 * When to say "your documents do not answer this". Three signals: how near the best passage or sentence is in meaning,
 * how much of the question's weight one passage holds in words, and how many words that is: one word found is chance,
 * six are not. None is enough alone: a question about a quay is near to whatever is called Quayside, and a long passage
 * holds many words. The weights are a logistic regression's on 486 headings of manuals that ask, 87 of them about other
 * manuals, rounded. The figures in bench/README.md are of 469 others, which no weight was fitted to but which were looked
 * at while signal and threshold were chosen (docs/adr/0010).
 */
export interface Evidence {
  /** Best cosine of the question with a passage or one of its sentences. */
  readonly cosine: number;
  /** Best share of the question's weighted words held by one passage. */
  readonly coverage: number;
  /** Words of the question, without stop words. */
  readonly words: number;
  /** The question names something that no passage found mentions ("does it run on Kubernetes?"). */
  readonly unknownName: boolean;
}

const thresholds = {
  /** What cosine and held words have to reach together. */
  combined: 0.61,
  /** For a question all of whose words are held, whatever their number... */
  coverageWeight: 0.08,
  /** ...and for each of these words, up to so many: a page pasted in is not to answer itself. */
  wordWeight: 0.024,
  maxWords: 8,
  /** What an unknown name takes from the cosine. */
  unknownName: 0.1,
} as const;

/** @param floor below this nothing is near, whatever words agree (`retrieval.minDense`) */
export function isAnswerable({ cosine, coverage, words, unknownName }: Evidence, floor: number): boolean {
  const { combined, coverageWeight, wordWeight, maxWords } = thresholds;
  const near = unknownName ? cosine - thresholds.unknownName : cosine;
  return near >= floor && near + coverage * (coverageWeight + wordWeight * Math.min(words, maxWords)) >= combined;
}

export type Strength = 'strong' | 'medium' | 'weak';

/** How well a passage supports what cites it, as shown beside the citation. */
export function strengthOf(cosine: number): Strength {
  return cosine >= 0.55 ? 'strong' : cosine >= 0.4 ? 'medium' : 'weak';
}
