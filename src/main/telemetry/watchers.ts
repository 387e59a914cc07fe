/** A set of listeners that starts its work with the first and stops it with the last. */

export interface Watchers<T> {
  /** The answer ends the watch; calling it twice is harmless. */
  add(listener: (item: T) => void): () => void;
  emit(item: T): void;
  readonly count: number;
}

/** @param start runs when the first listener comes; what it answers runs when the last has gone. */
export function createWatchers<T>(start: () => () => void): Watchers<T> {
  const listeners = new Set<(item: T) => void>();
  let stop: (() => void) | null = null;
  return {
    add(listener) {
      // Wrapped, so that one function added twice is two listeners.
      const entry = (item: T) => listener(item);
      listeners.add(entry);
      stop ??= start();
      return () => {
        if (!listeners.delete(entry) || listeners.size > 0) return;
        stop?.();
        stop = null;
      };
    },
    emit(item) {
      for (const listener of [...listeners]) listener(item);
    },
    get count() {
      return listeners.size;
    },
  };
}
