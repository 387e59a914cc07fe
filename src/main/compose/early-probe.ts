/**
 * Learns sooner that a service is ready: runs its healthcheck's own command through exec, instead of waiting for the
 * engine's next probe (engines before 25 make the first one only after a whole interval). Only lets dependents start;
 * whether the service is healthy is still the engine's to say.
 */
import type { EngineClient, Owner } from '../engine/engine-client.ts';
import type { ContainerFacts } from './container-facts.ts';

/** Close together while a service usually comes up; a probe costs the machine some 60 ms, so later ones are rarer. */
const firstPauseMs = 100;
const eagerForMs = 5000;
const longestPauseMs = 1000;

/** The command of a healthcheck as an exec takes it; null for a form that cannot be run. */
export function probeCommand(test: readonly string[]): string[] | null {
  const [form, ...rest] = test;
  if (form === 'CMD' && rest.length > 0) return rest;
  if (form === 'CMD-SHELL' && rest[0] !== undefined) return ['/bin/sh', '-c', rest[0]];
  return null;
}

/** Resolves true at the first success, false when it cannot be told this way (no command, the container ended). Never rejects. */
export async function probeEarly(
  engine: EngineClient,
  owner: Owner,
  facts: Pick<ContainerFacts, 'id' | 'test' | 'testTimeoutMs'>,
  signal: AbortSignal,
): Promise<boolean> {
  const cmd = probeCommand(facts.test);
  if (cmd === null) return false;
  const beganAt = performance.now();
  let pauseMs = firstPauseMs;
  while (!signal.aborted) {
    const limit = new AbortController();
    const stop = (): void => limit.abort();
    const timer = setTimeout(stop, facts.testTimeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    try {
      const result = await engine.exec(facts.id, owner, { cmd }, { maxBytes: 1024, signal: limit.signal });
      if (result.exitCode === 0) return true;
      // 126 and 127: not executable, not found. Asking again would not help.
      if (result.exitCode === 126 || result.exitCode === 127) return false;
    } catch {
      // Not running (yet, or any more): the engine's own verdict ends the wait where this does not.
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
    if (performance.now() - beganAt > eagerForMs) pauseMs = Math.min(pauseMs * 1.25, longestPauseMs);
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(wait);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const wait = setTimeout(done, pauseMs);
      signal.addEventListener('abort', done, { once: true });
    });
  }
  return false;
}
