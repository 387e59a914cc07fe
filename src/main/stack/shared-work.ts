/** Work that several callers may want at once and that must run once: they share it, each with its own cancel. */

export type Work<Progress> = (report: (progress: Progress) => void, signal: AbortSignal) => Promise<void>;
export type ShareWork<Progress> = (
  key: string,
  work: Work<Progress>,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
) => Promise<void>;

interface Running<Progress> {
  readonly controller: AbortController;
  readonly listeners: Set<(progress: Progress) => void>;
  readonly done: Promise<void>;
  last: Progress | undefined;
}

/**
 * Answers a function that runs `work` unless the same key is under way already; then it joins. A late caller hears the
 * last progress at once. A caller who aborts leaves with the signal's reason; the work itself is aborted when the last
 * one left.
 */
export function createSharedWork<Progress>(): ShareWork<Progress> {
  const running = new Map<string, Running<Progress>>();

  function begin(key: string, work: Work<Progress>): Running<Progress> {
    const controller = new AbortController();
    const listeners = new Set<(progress: Progress) => void>();
    const report = (progress: Progress) => {
      entry.last = progress;
      for (const listener of listeners) listener(progress);
    };
    const done = Promise.resolve()
      .then(() => work(report, controller.signal))
      .finally(() => {
        if (running.get(key) === entry) running.delete(key);
      });
    // Whoever waits hears of a failure; when all have left, nobody needs to.
    done.catch(() => undefined);
    const entry: Running<Progress> = { controller, listeners, done, last: undefined };
    running.set(key, entry);
    return entry;
  }

  return async (key, work, onProgress, signal) => {
    signal.throwIfAborted();
    const entry = running.get(key) ?? begin(key, work);
    const listener = (progress: Progress) => onProgress(progress);
    entry.listeners.add(listener);
    if (entry.last !== undefined) onProgress(entry.last);
    let leave = () => {};
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
    });
    try {
      await Promise.race([entry.done, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      entry.listeners.delete(listener);
      if (entry.listeners.size === 0 && running.get(key) === entry) {
        running.delete(key);
        entry.controller.abort(signal.reason);
      }
    }
  };
}
