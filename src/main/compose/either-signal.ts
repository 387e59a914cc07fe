/**
 * A signal that aborts with the first of two, and with its reason. AbortSignal.any, which does the same, is younger than
 * the Node of the oldest Electron this runs on. `end` lets go of both, for signals that outlive what they are used for.
 */
export function eitherSignal(one: AbortSignal, other: AbortSignal): { readonly signal: AbortSignal; end(): void } {
  const either = new AbortController();
  const sources = [one, other];
  const stop = (): void => either.abort(sources.find(({ aborted }) => aborted)?.reason);
  for (const source of sources) source.addEventListener('abort', stop, { once: true });
  if (sources.some(({ aborted }) => aborted)) stop();
  return {
    signal: either.signal,
    end() {
      for (const source of sources) source.removeEventListener('abort', stop);
    },
  };
}
