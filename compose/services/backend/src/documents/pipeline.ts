/**
 * What a document is read with. The same bytes under the same pipeline need no work; under another they do. The
 * embedding model is no part of it: passages are made the same for every model, and another one needs no reading again.
 */
import type { ConfigValues } from '../config/keys.ts';

/** Raised when an extractor reads a format differently than before. */
const extractors = 1;

export interface ChunkLimits {
  readonly target: number;
  readonly max: number;
  /** Share of a passage repeated in the next. */
  readonly overlap: number;
}

/** The model's own end is at 254 word-pieces. */
export function chunkLimitsOf(values: Pick<ConfigValues, 'chunk.targetTokens' | 'chunk.overlapPct'>): ChunkLimits {
  const target = values['chunk.targetTokens'];
  return { target, max: Math.min(240, Math.ceil(target * 1.2)), overlap: values['chunk.overlapPct'] / 100 };
}

export function pipelineOf(values: Pick<ConfigValues, 'chunk.targetTokens' | 'chunk.overlapPct'>): string {
  const { target, max } = chunkLimitsOf(values);
  return `extract${extractors}-chunk${target}/${max}/${values['chunk.overlapPct']}`;
}

/** Milliseconds that the passages not yet done should take at the pace of those that are; null before the first. */
export function remainingAfter(elapsedMs: number, done: number, all: number): number | null {
  return done === 0 ? null : Math.round((elapsedMs / done) * Math.max(0, all - done));
}
