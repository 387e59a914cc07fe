/**
 * The live stat stream of a stack, shared by every page that shows its figures: opened by the first, closed with the
 * last or while hidden.
 */
import { useSyncExternalStore } from 'react';
import { naming } from './actions.ts';
import { keepOpen } from './bridge.ts';
import { createStatsHistory, type StatsHistory } from './stats-history.ts';

/** 15 minutes at one sample a second. */
const capacity = 900;
/** Leaving the figures for a moment leaves no gap in them. */
const lingerMs = 60_000;

interface StatsFeed {
  readonly history: StatsHistory;
  readonly version: () => number;
  readonly subscribe: (listener: () => void) => () => void;
}

/** The bundled stack's feed under null, kept for good; others are forgotten once nobody has looked for a minute. */
const feeds = new Map<string | null, StatsFeed>();

function createFeed(stack: string | null): StatsFeed {
  const history = createStatsHistory(capacity);
  const listeners = new Set<() => void>();
  let version = 0;
  let close: (() => void) | null = null;
  let lingering: ReturnType<typeof setTimeout> | undefined;

  function settle(): void {
    clearTimeout(lingering);
    const wanted = listeners.size > 0 && document.visibilityState !== 'hidden';
    if (wanted && close === null) {
      close = keepOpen('stats.watch', naming(stack), ({ samples }) => {
        if (samples.length === 0) return;
        history.add(samples);
        version += 1;
        for (const listener of listeners) listener();
      });
    } else if (!wanted && close !== null) {
      close();
      close = null;
    }
  }

  function leave(): void {
    settle();
    document.removeEventListener('visibilitychange', settle);
    if (stack !== null && feeds.get(stack) === feed) feeds.delete(stack);
  }

  const feed: StatsFeed = {
    history,
    version: () => version,
    subscribe(listener) {
      if (listeners.size === 0) {
        document.addEventListener('visibilitychange', settle);
        if (stack !== null) feeds.set(stack, feed);
      }
      listeners.add(listener);
      settle();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearTimeout(lingering);
        lingering = setTimeout(leave, lingerMs);
      };
    },
  };
  return feed;
}

function feedOf(stack: string | null): StatsFeed {
  const held = feeds.get(stack);
  if (held !== undefined) return held;
  const feed = createFeed(stack);
  feeds.set(stack, feed);
  return feed;
}

/** What a stack's containers have used; null is the bundled stack. */
export function statsOf(stack: string | null): StatsHistory {
  return feedOf(stack).history;
}

/** Redraws with each batch (about once a second); read the figures from `statsOf`. */
export function useStatsVersion(stack: string | null): number {
  const feed = feedOf(stack);
  return useSyncExternalStore(feed.subscribe, feed.version);
}
