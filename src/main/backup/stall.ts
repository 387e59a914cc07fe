/** A stream may take as long as it likes, but not stand still. */

/**
 * Passes the pieces on.
 * @throws what `onStall` answers when nothing came for `stallMs`; the reader's own slowness does not count.
 */
export async function* withoutStall<T>(
  pieces: AsyncIterable<T>,
  stallMs: number,
  onStall: () => Error,
): AsyncGenerator<T> {
  const iterator = pieces[Symbol.asyncIterator]();
  let ended = false;
  try {
    while (true) {
      let timer: NodeJS.Timeout | undefined;
      const stalled = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(onStall()), stallMs);
      });
      let next: IteratorResult<T>;
      try {
        next = await Promise.race([iterator.next(), stalled]);
      } finally {
        clearTimeout(timer);
      }
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    // Not awaited: the iterator of a stream that stands still never answers.
    if (!ended) void iterator.return?.().then(undefined, () => undefined);
  }
}
