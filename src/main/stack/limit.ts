/** At most so many at once; who waits is let in in the order of asking. */

export interface Limit {
  /** Runs `work` once fewer than `most` others run. @throws the signal's reason when it aborts while waiting */
  run<T>(most: number, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createLimit(): Limit {
  let running = 0;
  const waiting: { readonly most: number; enter(): void }[] = [];

  function next(): void {
    const first = waiting[0];
    if (first === undefined || running >= first.most) return;
    waiting.shift();
    first.enter();
    next();
  }

  function enter(most: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const entry = {
        most,
        enter() {
          signal.removeEventListener('abort', leave);
          running += 1;
          resolve();
        },
      };
      function leave(): void {
        waiting.splice(waiting.indexOf(entry), 1);
        reject(signal.reason);
        next();
      }
      signal.addEventListener('abort', leave, { once: true });
      waiting.push(entry);
      next();
    });
  }

  return {
    async run(most, signal, work) {
      signal.throwIfAborted();
      await enter(most, signal);
      try {
        return await work();
      } finally {
        running -= 1;
        next();
      }
    },
  };
}
