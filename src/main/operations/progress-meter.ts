/** Watches one step's progress: its rate over the last seconds, and whether it stands still. */
import type { Progress } from '../../shared/model/operation.ts';

/** Nothing moved for this long: say so. */
export const stalledAfterMs = 20_000;
const windowMs = 5000;

export interface ProgressMeter {
  /** Answers the progress to show. `nowMs` is any monotonic clock. */
  update(progress: Progress, nowMs: number): Progress;
  /** The same progress looked at later: the rate decays to zero, `stalled` turns true. Null when nothing changed to the eye. */
  tick(nowMs: number): Progress | null;
}

export function createProgressMeter(): ProgressMeter {
  let shown: Progress | null = null;
  let ownRate = true;
  let movedAtMs = 0;
  let samples: { atMs: number; done: number }[] = [];

  function view(progress: Progress, nowMs: number): Progress {
    // A sample just before the window is kept, so that a lone jump still has something to be measured from.
    while (samples.length > 1 && (samples[1]?.atMs ?? nowMs) < nowMs - windowMs) samples.shift();
    const first = samples[0];
    const spanMs = first === undefined ? 0 : nowMs - first.atMs;
    const moved = first === undefined ? 0 : progress.done - first.done;
    // All there is has come: what follows (unpacking, checking) moves no figure and stands not still.
    const complete = progress.total !== null && progress.done >= progress.total;
    const stalled = !complete && nowMs - movedAtMs >= stalledAfterMs;
    const measured = spanMs < 500 ? null : Math.max(0, (moved / spanMs) * 1000);
    const rate = ownRate ? (stalled ? 0 : measured) : (progress.ratePerS ?? null);
    return { ...progress, ratePerS: rate === null ? null : Math.round(rate * 10) / 10, stalled };
  }

  return {
    update(progress, nowMs) {
      if (shown === null || progress.done !== shown.done || progress.unit !== shown.unit) movedAtMs = nowMs;
      // A restarted count (another layer, another file) must not look like a negative rate.
      if (shown !== null && (progress.done < shown.done || progress.unit !== shown.unit)) samples = [];
      ownRate = progress.ratePerS === undefined;
      samples.push({ atMs: nowMs, done: progress.done });
      if (samples.length > 600) samples.splice(1, 300);
      shown = view(progress, nowMs);
      return shown;
    },
    tick(nowMs) {
      if (shown === null) return null;
      const next = view(shown, nowMs);
      if (next.stalled === shown.stalled && next.ratePerS === shown.ratePerS) return null;
      shown = next;
      return shown;
    },
  };
}
