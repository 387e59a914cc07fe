/** Keeps callers from waiting, again and again, for a service that does not answer. */
export interface Breaker {
  /** Whether it is to be asked now. After a while of not asking, one caller is let through. */
  allows(): boolean;
  succeeded(): void;
  failed(): void;
}

/** @param options after how many failures in a row it opens, and for how long */
export function createBreaker(
  options: { readonly failures: number; readonly openMs: number },
  now: () => number = Date.now,
): Breaker {
  let failures = 0;
  let openUntil = 0;
  return {
    allows() {
      if (failures < options.failures) return true;
      if (now() < openUntil) return false;
      // The next ones wait for what comes of this one.
      openUntil = now() + options.openMs;
      return true;
    },
    succeeded() {
      failures = 0;
    },
    failed() {
      failures += 1;
      openUntil = now() + options.openMs;
    },
  };
}
