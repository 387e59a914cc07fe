/** The live stat stream, shared by every page that shows figures: opened by the first, closed with the last or while hidden. */
import { useSyncExternalStore } from 'react';
import { keepOpen } from './bridge.ts';
import { createStatsHistory } from './stats-history.ts';

/** 15 minutes at one sample a second. */
export const statsHistory = createStatsHistory(900);

let version = 0;
let close: (() => void) | null = null;
const listeners = new Set<() => void>();

/** Leaving the figures for a moment leaves no gap in them. */
const lingerMs = 60_000;
let lingering: ReturnType<typeof setTimeout> | undefined;

function settle(): void {
  clearTimeout(lingering);
  const wanted = listeners.size > 0 && document.visibilityState !== 'hidden';
  if (wanted && close === null) {
    close = keepOpen('stats.watch', {}, ({ samples }) => {
      if (samples.length === 0) return;
      statsHistory.add(samples);
      version += 1;
      for (const listener of listeners) listener();
    });
  } else if (!wanted && close !== null) {
    close();
    close = null;
  }
}

let listening = false;
function subscribe(listener: () => void): () => void {
  if (!listening) {
    listening = true;
    document.addEventListener('visibilitychange', settle);
  }
  listeners.add(listener);
  settle();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) lingering = setTimeout(settle, lingerMs);
  };
}

/** Redraws with each batch (about once a second); read the figures from `statsHistory`. */
export function useStatsVersion(): number {
  return useSyncExternalStore(subscribe, () => version);
}
