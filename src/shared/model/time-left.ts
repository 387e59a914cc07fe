/** How long a progress will still take. */
import type { Progress } from './operation.ts';

/** Below this share a rate has too little behind it to foretell from. */
const leastShare = 0.01;

/** Seconds, at the rate of the last seconds; null where nothing can be foretold: no total, no rate, standing still, done. */
export function secondsLeft({ done, total, ratePerS, stalled }: Progress): number | null {
  if (total === null || total <= 0 || ratePerS === undefined || ratePerS === null || ratePerS <= 0) return null;
  if (stalled === true || done >= total || done / total < leastShare) return null;
  const seconds = (total - done) / ratePerS;
  // A day and more is a line that barely moves, not a time to wait for.
  return seconds > 86_400 ? null : seconds;
}
