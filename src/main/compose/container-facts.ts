/** What one inspect of a container says that the applier decides on. */

import { asList, asNumber, asObject, asText } from '../../shared/model/json.ts';
import type { JsonObject } from '../engine/engine-client.ts';

export interface ContainerFacts {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  readonly state: string;
  /** `none` where the container has no healthcheck. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly restartCount: number;
  /** The engine's own words on why it did not start. */
  readonly error: string;
  /** The last probes, oldest first. */
  readonly probes: readonly { readonly exitCode: number; readonly output: string }[];
  /** The healthcheck in force, the image's included: what the engine runs. Empty when there is none. */
  readonly test: readonly string[];
  readonly testTimeoutMs: number;
  readonly memLimitBytes: number;
}

/** Narrows an inspect; what is missing or of another shape becomes empty, never a crash. */
export function readFacts(raw: JsonObject): ContainerFacts {
  const state = asObject(raw.State);
  const health = asObject(state.Health);
  const config = asObject(raw.Config);
  const check = asObject(config.Healthcheck);
  const test = asList(check.Test).filter((word) => typeof word === 'string');
  const status = asText(health.Status);
  // The engine says unhealthy as well when it stops probing, and until the next probe: a paused container, say.
  const notProbed = status === 'unhealthy' && health.FailingStreak === 0;
  const timeoutNs = asNumber(check.Timeout);
  return {
    id: asText(raw.Id),
    name: asText(raw.Name).replace(/^\//, ''),
    state: asText(state.Status),
    health: notProbed
      ? 'starting'
      : status === 'starting' || status === 'healthy' || status === 'unhealthy'
        ? status
        : 'none',
    exitCode: asNumber(state.ExitCode),
    oomKilled: state.OOMKilled === true,
    restartCount: asNumber(raw.RestartCount),
    error: asText(state.Error),
    probes: asList(health.Log).map((entry) => {
      const probe = asObject(entry);
      return { exitCode: asNumber(probe.ExitCode), output: asText(probe.Output) };
    }),
    test: test[0] === 'NONE' ? [] : test,
    // Engine default, docs of HEALTHCHECK: 30 s.
    testTimeoutMs: timeoutNs > 0 ? timeoutNs / 1e6 : 30_000,
    memLimitBytes: asNumber(asObject(raw.HostConfig).Memory),
  };
}
